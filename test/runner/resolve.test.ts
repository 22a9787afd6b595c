import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readStatus, resolve } from "../../src/runner/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import type { MigrationFolder } from "../../src/tools/index.ts";
import { failureOf } from "../support/failure.ts";
import { ask, folderOf, run, toolLedger } from "./support.ts";

let scratch: Scratch;
let url: string;
beforeAll(async () => {
  scratch = await startScratch();
});
beforeEach(async () => {
  ({ url } = await scratch.createDatabase());
});
afterAll(() => scratch.close());

const files = {
  "0001": "CREATE TABLE a (id int PRIMARY KEY)",
  "0002": "ALTER TABLE a ADD COLUMN n int NOT NULL DEFAULT 0; CREATE INDEX a_n ON a (n)",
  "0003": "CREATE TABLE c (id int)",
};
const folder = folderOf(files, { ledger: toolLedger });
const upTo = (count: number): MigrationFolder => ({
  ...folder,
  migrations: folder.migrations.slice(0, count),
});
const settle = async (
  as: "applied" | "rolled-back",
  migration = "0002",
  more: { readonly force?: { readonly reason: string }; readonly folder?: MigrationFolder } = {},
) => resolve({ url, folder, migration, as, emit: () => {}, scratchUrl: scratch.url, ...more });
const state = async () =>
  (await readStatus({ url, folder })).migrations.map(({ id, state, how }) => [id, state, how]);
const listed = async () => ask(url, "SELECT name FROM tool.applied ORDER BY name");

describe("as applied", () => {
  it("without running on a given server what reaches beyond the scratch database", async () => {
    const marker = join(tmpdir(), `lockstep-resolve-${process.pid}`);
    const reaching = folderOf(
      {
        "0001": files["0001"],
        "0002": `ALTER TABLE a ADD COLUMN n int; CREATE ROLE resolved LOGIN;
          COPY a TO PROGRAM 'cat > ${marker}'; ALTER SYSTEM SET work_mem = '9MB';`,
      },
      { ledger: toolLedger },
    );
    await run(url, upTo(1));
    await ask(url, "ALTER TABLE a ADD COLUMN n int");
    expect(await settle("applied", "0002", { folder: reaching })).toMatchObject({ changed: true });
    expect(existsSync(marker)).toBe(false);
    expect(
      await ask(
        url,
        `SELECT (SELECT count(*)::int FROM pg_roles WHERE rolname = 'resolved') AS roles,
                (SELECT count(*)::int FROM pg_file_settings WHERE name = 'work_mem') AS settings`,
      ),
    ).toEqual([{ roles: 0, settings: 0 }]);
  });

  it("when the catalog shows it, made by hand, in another order, beside unrelated changes", async () => {
    await run(url, upTo(1));
    await ask(url, "ALTER TABLE a ADD COLUMN own text, ADD COLUMN n int NOT NULL DEFAULT 0");
    await ask(url, "CREATE INDEX a_n ON a (n)");
    await ask(url, "CREATE TABLE unrelated ()");
    expect(await settle("applied")).toMatchObject({ changed: true, differences: [], unseen: [] });
    expect(await state()).toEqual([
      ["0001", "applied", "applied"],
      ["0002", "applied", "resolved"],
      ["0003", "pending", undefined],
    ]);
    expect(await listed()).toEqual([{ name: "0001" }, { name: "0002" }]);
    expect(await settle("applied")).toMatchObject({ changed: false });
    expect((await run(url, folder)).result.applied).toMatchObject([{ id: "0003" }]);
  });

  it("not when part of it is missing or other: each difference is named, and nothing is written", async () => {
    await run(url, upTo(1));
    await ask(url, "ALTER TABLE a ADD COLUMN n bigint DEFAULT 0");
    const failure = await failureOf(() => settle("applied"));
    expect(failure).toMatchObject({ code: "resolve-refused", exitCode: 1 });
    expect(failure.found!.split("\n").sort()).toEqual([
      "public.a.n: column nullability changed",
      "public.a.n: column type changed",
      "public.a_n: missing index",
    ]);
    expect(await state()).toEqual([
      ["0001", "applied", "applied"],
      ["0002", "pending", undefined],
      ["0003", "pending", undefined],
    ]);
    expect(await listed()).toEqual([{ name: "0001" }]);
    expect(
      await ask(url, "SELECT count(*)::int AS n FROM lockstep.run WHERE command = 'resolve'"),
    ).toEqual([{ n: 0 }]);
  });

  it("by force, with the reason kept", async () => {
    await run(url, upTo(1));
    const result = await settle("applied", "0002", { force: { reason: "n comes with 0004" } });
    expect(result.differences).toEqual(["public.a.n: missing column", "public.a_n: missing index"]);
    expect(await ask(url, "SELECT how, reason FROM lockstep.migration WHERE id = '0002'")).toEqual([
      { how: "resolved", reason: "n comes with 0004" },
    ]);
    expect(
      await ask(url, "SELECT outcome, detail FROM lockstep.run WHERE command = 'resolve'"),
    ).toEqual([
      {
        outcome: "succeeded",
        detail: {
          migration: "0002",
          as: "applied",
          reason: "n comes with 0004",
          differences: ["public.a.n: missing column", "public.a_n: missing index"],
        },
      },
    ]);
  });

  it("not when it touches data only, which no catalog shows", async () => {
    const data = folderOf({ ...files, "0004": "INSERT INTO c VALUES (1)" }, { ledger: toolLedger });
    await run(url, folder);
    const failure = await failureOf(() => settle("applied", "0004", { folder: data }));
    expect(failure).toMatchObject({
      code: "resolve-refused",
      found: expect.stringContaining("I do not know"),
    });
    const forced = await settle("applied", "0004", {
      folder: data,
      force: { reason: "done by hand" },
    });
    expect(forced.unseen).toEqual(["migrations/0004.sql:1 INSERT INTO c VALUES ($1)"]);
  });
});

describe("as rolled back", () => {
  it("when the catalog is as before it; then it is pending again", async () => {
    await run(url, upTo(2));
    await ask(url, "ALTER TABLE a DROP COLUMN n");
    expect(await settle("rolled-back")).toMatchObject({ changed: true, differences: [] });
    expect(await state()).toEqual([
      ["0001", "applied", "applied"],
      ["0002", "pending", undefined],
      ["0003", "pending", undefined],
    ]);
    expect(await listed()).toEqual([{ name: "0001" }]);
    expect((await run(url, folder)).result.applied).toHaveLength(2);
  });

  it("not while something of it is there", async () => {
    await run(url, upTo(2));
    await ask(url, "DROP INDEX a_n");
    const failure = await failureOf(() => settle("rolled-back"));
    expect(failure).toMatchObject({ code: "resolve-refused", found: "public.a.n: extra column" });
    expect(await listed()).toHaveLength(2);
  });

  it("forgets the units of a run that failed half-way", async () => {
    const half = folderOf(
      { ...files, "0003": "CREATE TABLE c (id int); VACUUM c; SELECT wrong" },
      { ledger: toolLedger },
    );
    await failureOf(() => run(url, half));
    expect(await failureOf(() => settle("rolled-back", "0003"))).toMatchObject({
      found: "public.c: extra table",
    });
    await ask(url, "DROP TABLE c");
    expect(await settle("rolled-back", "0003")).toMatchObject({ changed: true });
    expect(await ask(url, "SELECT FROM lockstep.unit WHERE migration = '0003'")).toEqual([]);
    expect((await run(url, folder)).result.applied).toMatchObject([{ id: "0003", resumed: false }]);
  });

  it("of one that cannot run at all compares the whole catalog", async () => {
    const broken = folderOf(
      { ...files, "0003": "CREATE INDEX CONCURRENTLY x ON a (n); SELECT wrong" },
      { ledger: toolLedger },
    );
    await failureOf(() => run(url, broken));
    expect(await failureOf(() => settle("rolled-back", "0003", { folder: broken }))).toMatchObject({
      found: "public.x: extra index",
    });
    await ask(url, "DROP INDEX x");
    expect(await settle("rolled-back", "0003", { folder: broken })).toMatchObject({
      changed: true,
    });
  });
});

it("settles two ledgers that disagree", async () => {
  await run(url, folder);
  await ask(url, "DELETE FROM tool.applied WHERE name = '0002'");
  await ask(url, "UPDATE lockstep.migration SET how = 'applied'");
  expect(await settle("applied")).toMatchObject({ changed: true });
  expect(await listed()).toHaveLength(3);
});

it("knows only migrations of the folder", async () => {
  expect(await failureOf(() => settle("applied", "0009"))).toMatchObject({ code: "usage" });
});

it("brings its own server of the target's major", async () => {
  await using old = await startScratch({ major: 14 });
  const target = await old.createDatabase();
  await run(target.url, upTo(1));
  await ask(target.url, "ALTER TABLE a ADD COLUMN n int NOT NULL DEFAULT 0");
  await ask(target.url, "CREATE INDEX a_n ON a (n)");
  const request = {
    url: target.url,
    folder,
    migration: "0002",
    as: "applied",
    emit: () => {},
  } as const;
  expect(await resolve(request)).toMatchObject({ changed: true, differences: [] });
});
