import { resolve } from "node:path";
import { expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import type { Rehearsal } from "../../src/rehearse/index.ts";
import { startScratch } from "../../src/scratch/index.ts";
import { runCli } from "../cli/run-cli.ts";
import { temporaryFolder } from "../support/folder.ts";

it("rehearses on copies of a restored copy, which stays as it is; on nothing that does not say it is one", async () => {
  await using server = await startScratch();
  const { name, url } = await server.createDatabase();
  using folder = temporaryFolder({
    "lockstep.config.json": JSON.stringify({
      migrations: { folder: "migrations" },
      environments: { production: { urlEnv: "DATABASE_URL" } },
    }),
    "migrations/0001_shop.sql": "CREATE TABLE item (id integer PRIMARY KEY, price integer);",
  });
  const env = { DATABASE_URL: url };
  const step = ["--", "node", resolve("test/rehearse/step.cjs"), "plain"];
  const on = async (variables: Readonly<Record<string, string>>) =>
    runCli(["rehearse", "--on", url, "--no-load", "--json", ...step], {
      cwd: folder.path,
      env: variables,
    });
  expect(await runCli(["migrate"], { cwd: folder.path, env })).toMatchObject({ exitCode: 0 });
  {
    await using session = await Session.open({ url, applicationName: "test" });
    await session.batch("INSERT INTO item SELECT n, n FROM generate_series(1, 3000) n; ANALYZE");
  }
  folder.write("migrations/0002_retype.sql", "ALTER TABLE item ALTER price TYPE bigint;\n");
  const unmarked = await on({});
  expect(unmarked).toMatchObject({ exitCode: 2, stdout: expect.stringContaining("copy-refused") });
  const { error } = JSON.parse(unmarked.stdout) as { error: { next: readonly string[] } };
  expect(error.next[0]).toContain(`ALTER DATABASE "${name}" SET lockstep.copy = 'yes'`);
  {
    await using session = await Session.open({ url: server.url, applicationName: "test" });
    // What a role has for all databases says nothing of this one.
    await session.query("ALTER ROLE CURRENT_USER SET lockstep.copy = 'yes'");
    expect(await on({})).toMatchObject({ exitCode: 2 });
    await session.query(`ALTER DATABASE ${name} SET lockstep.copy = 'yes'`);
  }
  const own = await on(env);
  expect(own).toMatchObject({
    exitCode: 2,
    stdout: expect.stringContaining("environment production"),
  });
  {
    await using session = await Session.open({ url, applicationName: "test" });
    expect(await on({})).toMatchObject({
      exitCode: 2,
      stdout: expect.stringContaining("somebody is connected"),
    });
    await session.query("SELECT 1");
  }
  const { exitCode, stdout, stderr } = await on({});
  // What the command prints is for whoever sees it run; it may be of rows, which no report shows.
  expect([exitCode, stderr]).toEqual([0, "  │ a row: 4711\n  │ a row: 4711\n"]);
  const told = JSON.parse(stdout) as Rehearsal;
  // Without a ledger the catalog tells.
  expect(told.step).toMatchObject({
    ledger: null,
    ended: "exit code 0",
    applied: ["0002_retype"],
    missing: [],
    sameCatalog: true,
    besides: [],
    again: { ok: true, changed: [] },
    said: [],
    faults: [],
  });
  expect(told.source).toMatchObject({ copy: name, rows: 3_000 });
  expect(told.scales.map(({ scale, rows }) => [scale, rows])).toEqual([[1, 3_000]]);
  expect(told.statements[0]!.estimate!.mostMs).toBeGreaterThan(0);
  expect(told.remarks).toContain(
    "WAL and temporary files are those of the whole server: what else goes on there is among them",
  );
  await using session = await Session.open({ url, applicationName: "test" });
  const { rows } = await session.query(
    "SELECT format_type(atttypid, NULL) AS type, (SELECT count(*)::int FROM pg_database WHERE datname LIKE 'lockstep_scratch%') AS databases FROM pg_attribute WHERE attrelid = 'item'::regclass AND attname = 'price'",
  );
  expect(rows).toEqual([{ type: "integer", databases: 1 }]);
});
