import { describe, expect, it } from "vitest";
import { cutUnits, type Unit } from "../../src/runner/units.ts";
import { failureOf } from "../support/failure.ts";
import { folderOf } from "./support.ts";

const cut = async (sql: string, transaction: "file" | "statement" = "file") =>
  cutUnits(folderOf({ one: sql }, { transaction }).migrations[0]!);

/** `t:2 s` for a transaction of two statements and a statement outside one. */
const shape = (units: readonly Unit[]) =>
  units
    .map(({ kind, statements }) => (kind === "statement" ? "s" : `t:${statements.length}`))
    .join(" ");

describe("a file is one transaction, but for statements that cannot be in one", () => {
  it.each([
    ["CREATE TABLE a (); CREATE TABLE b ()", "t:2"],
    ["CREATE TABLE a (); CREATE INDEX CONCURRENTLY ON a (id); DROP TABLE a", "t:1 s t:1"],
    ["DROP INDEX CONCURRENTLY a", "s"],
    ["REINDEX INDEX CONCURRENTLY a", "s"],
    ["REINDEX SCHEMA a", "s"],
    ["VACUUM a", "s"],
    ["ANALYZE a; SELECT 1", "t:2"],
    ["ALTER TYPE a ADD VALUE 'b'; SELECT 1; SELECT 2", "t:1 t:2"],
    ["ALTER TYPE a RENAME VALUE 'b' TO 'c'; SELECT 1", "t:2"],
    ["ALTER TABLE a DETACH PARTITION b CONCURRENTLY; SELECT 1", "s t:1"],
    ["ALTER TABLE a DETACH PARTITION b; SELECT 1", "t:2"],
    ["CREATE DATABASE a", "s"],
    ["DROP DATABASE a", "s"],
    ["ALTER DATABASE a SET TABLESPACE b", "s"],
    ["ALTER DATABASE a SET work_mem = '1MB'; SELECT 1", "t:2"],
    ["CREATE TABLESPACE a LOCATION '/b'", "s"],
    ["ALTER SYSTEM SET work_mem = '1MB'", "s"],
    ["CLUSTER", "s"],
    ["CREATE SUBSCRIPTION a CONNECTION 'b' PUBLICATION c", "s"],
    ["CREATE SUBSCRIPTION a CONNECTION 'b' PUBLICATION c WITH (create_slot = false)", "t:1"],
    ["ALTER SUBSCRIPTION a REFRESH PUBLICATION", "s"],
    ["ALTER SUBSCRIPTION a SET PUBLICATION b WITH (refresh = off)", "t:1"],
    ["REFRESH MATERIALIZED VIEW CONCURRENTLY a; SELECT 1", "t:2"],
    ["DO $$ BEGIN END $$; CALL a(); SELECT 1", "t:3"],
    ["-- nothing", ""],
  ])("%s", async (sql, wanted) => {
    expect(shape(await cut(sql))).toBe(wanted);
  });
});

describe("each statement is a unit", () => {
  it.each([
    ["of a tool that sends them alone", "SELECT 1; DO $$ BEGIN END $$; CALL a()", "statement"],
    [
      "with a directive",
      "-- lockstep: no-transaction\nSELECT 1; DO $$ BEGIN END $$; CALL a()",
      "file",
    ],
  ] as const)("%s", async (_name, sql, transaction) => {
    expect(shape(await cut(sql, transaction))).toBe("t:1 s s");
  });

  it("but not with the directive in a string", async () => {
    expect(shape(await cut("SELECT '\n-- lockstep: no-transaction\n'; SELECT 1"))).toBe("t:2");
  });
});

describe("the file's own BEGIN and COMMIT", () => {
  it.each([
    ["BEGIN; SELECT 1; SELECT 2; COMMIT", "t:2", ["BEGIN"]],
    [
      "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; END",
      "t:1",
      ["BEGIN ISOLATION LEVEL SERIALIZABLE"],
    ],
    [
      "BEGIN; SELECT 1; COMMIT; SELECT 2; START TRANSACTION; SELECT 3; SELECT 4; COMMIT",
      "t:1 t:1 t:2",
      ["BEGIN", "BEGIN", "START TRANSACTION"],
    ],
    [
      "SELECT 1; COMMIT; CREATE INDEX CONCURRENTLY ON a (b); BEGIN; SELECT 2",
      "t:1 s t:1",
      ["BEGIN", "BEGIN", "BEGIN"],
    ],
    ["BEGIN; ALTER TYPE a ADD VALUE 'b'; SELECT 1; COMMIT", "t:2", ["BEGIN"]],
    ["SAVEPOINT a; SELECT 1; ROLLBACK TO a; RELEASE a", "t:4", ["BEGIN"]],
  ])("%s", async (sql, wanted, begins) => {
    const units = await cut(sql);
    expect(shape(units)).toBe(wanted);
    expect(units.map(({ begin }) => begin)).toEqual(begins);
  });

  it.each([
    ["BEGIN; SELECT 1", 1, /never commits/],
    ["BEGIN;\nBEGIN; COMMIT", 2, /inside another/],
    ["SELECT 1;\nROLLBACK", 2, /cannot be part/],
    ["BEGIN; SELECT 1;\nPREPARE TRANSACTION 'a'", 2, /cannot be part/],
    ["BEGIN;\nCREATE INDEX CONCURRENTLY ON a (b); COMMIT", 2, /cannot run inside/],
    ["SELECT 1;\n\nCOPY a FROM STDIN", 3, /exchanges rows/],
  ])("%s is refused", async (sql, line, what) => {
    const failure = await failureOf(() => cut(sql));
    expect(failure.code).toBe("migration-unsupported");
    expect(failure.what).toMatch(what);
    expect(failure.from).toBe(`migrations/one.sql:${line}`);
  });
});

it("hashes what the statements are, not what stands between them", async () => {
  const [a] = await cut("SELECT 1; SELECT 2");
  const [b] = await cut("-- new\n\nSELECT 1 ;\n\n SELECT 2;");
  const [c] = await cut("SELECT 1; SELECT 3");
  expect(b!.hash).toBe(a!.hash);
  expect(c!.hash).not.toBe(a!.hash);
});

it("remembers for each unit what earlier ones set for the session", async () => {
  const units =
    await cut(`SET search_path = a; SET LOCAL work_mem = '1MB'; SELECT set_config('role', 'b', false);
    CREATE INDEX CONCURRENTLY ON a (b); RESET ALL; SET lock_timeout = 1; VACUUM; SELECT 1`);
  expect(units.map(({ settings }) => settings.map(({ sql }) => sql))).toEqual([
    [],
    ["SET search_path = a", "SELECT set_config('role', 'b', false)"],
    ["SET search_path = a", "SELECT set_config('role', 'b', false)"],
    ["SET lock_timeout = 1"],
    ["SET lock_timeout = 1"],
  ]);
});
