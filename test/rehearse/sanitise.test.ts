import { expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import type { Rehearsal } from "../../src/rehearse/index.ts";
import { renderRehearsal, styleFor } from "../../src/report/index.ts";
import { startScratch } from "../../src/scratch/index.ts";
import { runCli } from "../cli/run-cli.ts";
import { temporaryFolder } from "../support/folder.ts";

it("rehearses on the database's own rows, masked, and says which columns were masked how", async () => {
  await using server = await startScratch();
  const { url } = await server.createDatabase();
  using folder = temporaryFolder({
    "lockstep.config.json": JSON.stringify({
      migrations: { folder: "migrations" },
      environments: { production: { urlEnv: "DATABASE_URL" } },
      sanitise: { columns: { "person.note": "keep" }, keyEnv: "MASK_KEY" },
    }),
    "migrations/0001_shop.sql":
      "CREATE TABLE person (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text UNIQUE, note text);\nINSERT INTO person (email) VALUES ('first@example.org');\nCREATE TABLE later (id integer);\n",
  });
  const env = { DATABASE_URL: url, MASK_KEY: "a key" };
  const rehearsed = async (more: readonly string[], signal?: AbortSignal) => {
    const argv = ["rehearse", "--sanitise", "--scratch-url", server.url, "--no-load", ...more];
    return runCli(argv, {
      cwd: folder.path,
      env,
      isTTY: signal !== undefined,
      ...(signal === undefined ? {} : { signal }),
    });
  };
  expect(await runCli(["migrate"], { cwd: folder.path, env })).toMatchObject({ exitCode: 0 });
  await using session = await Session.open({ url, applicationName: "test" });
  await session.batch(
    "INSERT INTO person (email, note) SELECT 'secret' || n || '@example.org', 'kept ' || n FROM generate_series(1, 2000) n; UPDATE person SET note = 'kept 1' WHERE id = 7; DROP TABLE later; CREATE TABLE by_hand (word text); ANALYZE",
  );
  folder.write(
    "migrations/0002_unique.sql",
    "ALTER TABLE person ADD CONSTRAINT noted UNIQUE (note);\n",
  );
  const databases = async () =>
    session.queryArrays(
      "SELECT count(*)::int FROM pg_database WHERE datname LIKE 'lockstep_scratch%'",
    );
  const before = await databases();
  const unset = await runCli(["rehearse", "--sanitise"], {
    cwd: folder.path,
    env: { DATABASE_URL: url },
  });
  expect(unset).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("MASK_KEY is not set"),
  });
  const stop = new AbortController();
  stop.abort();
  expect(await rehearsed([], stop.signal)).toMatchObject({ exitCode: 3 });
  expect(await databases()).toEqual(before);
  const { exitCode, stdout } = await rehearsed(["--json"]);
  expect(exitCode).toBe(1);
  expect(await databases()).toEqual(before);
  const told = JSON.parse(stdout) as Rehearsal;
  expect(told.source.sanitised).toEqual({
    columns: [
      { relation: "public.person", column: "id", mask: "keep", by: "numbered" },
      { relation: "public.person", column: "email", mask: "mask", by: "default" },
      { relation: "public.person", column: "note", mask: "keep", by: "rule" },
    ],
    leftOut: ["public.later is not in the source: it has what the migrations inserted"],
  });
  expect(told.scales.map(({ scale, rows }) => [scale, rows])).toEqual([[1, 2_001]]);
  expect(told.remarks).toContain(
    "public.by_hand is in the source and no applied migration makes it: it is not in the clone",
  );
  expect(stdout).not.toContain("secret");
  // What is the matter with production's own rows, made rows cannot tell.
  expect(told.failure).toMatchObject({ underLoad: false, found: expect.stringContaining("noted") });
  const style = styleFor({ isTTY: false, env: {} });
  for (const format of ["text", "markdown", "html"] as const) {
    const words = renderRehearsal(told, format, style).replaceAll(/\\|\s+/g, (found) =>
      found === "\\" ? "" : " ",
    );
    expect(words).toContain("On a copy of the database's own rows, masked");
    expect(words).toContain("kept by rule: public.person (note)");
    expect(words).toMatch(/[- >]masked: public.person \(email\)/);
    expect(words).toContain("The rows are the database's own, masked: a condition on");
    expect(words).toContain("copied in");
  }
}, 180_000);
