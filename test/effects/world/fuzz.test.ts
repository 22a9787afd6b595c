import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWorld, fold, readWorld } from "../../../src/effects/world/index.ts";
import { Session } from "../../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { parseSql } from "../../../src/sql/index.ts";
import { differences } from "./comparable.ts";

/** Sequences that are run; the same ones each time, unless a size is asked for. */
const size = Number(process.env["LOCKSTEP_FUZZ"] ?? 5);
const seed = process.env["LOCKSTEP_FUZZ"] === undefined ? { seed: 7 } : {};

const start = `
  CREATE TABLE a (id integer PRIMARY KEY, n integer, t text, UNIQUE (n));
  CREATE TABLE b (id serial PRIMARY KEY, n integer, t text, x integer);
  CREATE TABLE p (id integer, n integer, t text, x integer) PARTITION BY RANGE (id);
  CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
  CREATE TABLE p2 (id integer, n integer, t text, x integer);
  CREATE TYPE pair AS (id integer, n integer);
  CREATE TABLE typed OF pair;
  CREATE VIEW v AS SELECT id, n FROM a;
  CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
  CREATE PUBLICATION one FOR TABLE a;`;

const table = fc.constantFrom("a", "b", "p", "p1", "p2", "typed");
const column = fc.constantFrom("id", "n", "t", "x");
const name = fc.constantFrom("m", "o");
const role = fc.constantFrom("fuzz_app", "fuzz_other", "PUBLIC");
const action = fc.constantFrom("CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT", "NO ACTION");
const privilege = fc.constantFrom(
  "SELECT",
  "INSERT, UPDATE",
  "ALL",
  "SELECT (n)",
  "UPDATE (n, id)",
);

/** Statements about what hangs on tables: many are refused, which leaves the database and the world as they are. */
const statement = fc.oneof(
  fc
    .tuple(
      name,
      fc.constantFrom("BEFORE UPDATE OF n", "AFTER INSERT OR DELETE", "AFTER UPDATE"),
      table,
    )
    .map(
      ([own, when, on]) =>
        `CREATE TRIGGER ${own} ${when} ON ${on} FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION f()`,
    ),
  fc
    .tuple(name, table, column)
    .map(
      ([own, on, by]) =>
        `CREATE TRIGGER ${own} AFTER UPDATE ON ${on} FOR EACH ROW WHEN (new.${by} IS NOT NULL) EXECUTE FUNCTION f()`,
    ),
  fc
    .tuple(name, table, table)
    .map(
      ([own, on, from]) =>
        `CREATE CONSTRAINT TRIGGER ${own} AFTER INSERT ON ${on} FROM ${from} FOR EACH ROW EXECUTE FUNCTION f()`,
    ),
  fc
    .tuple(name, table, column)
    .map(([own, on, by]) => `CREATE POLICY ${own} ON ${on} USING (${by} IS NOT NULL)`),
  fc
    .tuple(name, table, table, column)
    .map(
      ([own, on, other, by]) =>
        `CREATE POLICY ${own} ON ${on} USING (true) WITH CHECK (EXISTS (SELECT 1 FROM ${other} o WHERE o.${by} IS NULL AND o.id = ${on}.id))`,
    ),
  fc
    .tuple(name, table, column)
    .map(([own, on, by]) => `ALTER POLICY ${own} ON ${on} USING (${by} IS NULL)`),
  fc
    .tuple(name, table, fc.constantFrom("a", "b"), column)
    .map(
      ([own, on, to, by]) =>
        `CREATE OR REPLACE RULE ${own} AS ON UPDATE TO ${on} DO ALSO INSERT INTO ${to} (id, ${by === "id" ? "n" : by}) VALUES (old.id, NULL)`,
    ),
  fc
    .tuple(name, table, column)
    .map(
      ([own, on, by]) =>
        `CREATE RULE ${own} AS ON DELETE TO ${on} WHERE old.${by} IS NULL DO INSTEAD NOTHING`,
    ),
  fc
    .tuple(fc.constantFrom("TRIGGER", "POLICY", "RULE"), name, table)
    .map(([kind, own, on]) => `DROP ${kind} ${own} ON ${on}`),
  fc
    .tuple(fc.constantFrom("b", "p", "p2"), action, action)
    .map(
      ([on, update, remove]) =>
        `ALTER TABLE ${on} ADD FOREIGN KEY (n) REFERENCES a (n) ON UPDATE ${update} ON DELETE ${remove}`,
    ),
  fc.tuple(table, column).map(([on, old]) => `ALTER TABLE ${on} RENAME COLUMN ${old} TO x`),
  fc.tuple(table, column).map(([on, old]) => `ALTER TABLE ${on} DROP COLUMN ${old} CASCADE`),
  fc.tuple(table, column).map(([on, old]) => `ALTER TABLE ${on} ALTER COLUMN ${old} TYPE bigint`),
  fc.constantFrom(
    "ALTER TYPE pair ADD ATTRIBUTE x integer CASCADE",
    "ALTER TYPE pair RENAME ATTRIBUTE n TO x CASCADE",
    "ALTER TYPE pair DROP ATTRIBUTE n CASCADE",
    "ALTER TABLE typed NOT OF",
    "ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (10) TO (20)",
    "ALTER TABLE p DETACH PARTITION p1",
    "ALTER PUBLICATION one SET TABLE b",
    "CREATE PUBLICATION two FOR ALL TABLES",
    "DROP PUBLICATION two",
    "ALTER TABLE a CLUSTER ON a_pkey",
    "ALTER TABLE a CLUSTER ON a_n_key",
    "ALTER TABLE a SET WITHOUT CLUSTER",
    "CREATE TABLE made (id serial, n integer)",
    "CREATE VIEW seen AS SELECT id FROM p",
  ),
  fc
    .tuple(fc.constantFrom("ADD", "DROP"), table)
    .map(([word, on]) => `ALTER PUBLICATION one ${word} TABLE ${on}`),
  fc.tuple(privilege, table, role).map(([what, on, to]) => `GRANT ${what} ON ${on} TO ${to}`),
  fc.tuple(privilege, table, role).map(([what, on, to]) => `REVOKE ${what} ON ${on} FROM ${to}`),
  fc
    .tuple(role, fc.constantFrom("GRANT", "REVOKE"))
    .map(([who, word]) =>
      word === "GRANT"
        ? `ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO ${who}`
        : `ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE SELECT ON TABLES FROM ${who}`,
    ),
  fc
    .tuple(table, fc.constantFrom("fuzz_app", "fuzz_other"))
    .map(([on, to]) => `ALTER TABLE ${on} OWNER TO ${to}`),
  fc
    .constantFrom("p1", "p2", "v", "typed", "b")
    .map((gone) => `DROP TABLE IF EXISTS ${gone} CASCADE`),
);

describe.each([14, 18])("Postgres %i", (major) => {
  let scratch: Scratch;

  beforeAll(async () => {
    scratch = await startScratch({ major });
    const { url } = await scratch.createDatabase();
    await using session = await Session.open({ url, applicationName: "world-fuzz" });
    await session.batch("CREATE ROLE fuzz_app; CREATE ROLE fuzz_other");
  }, 60_000);

  afterAll(async () => {
    await scratch?.close();
  });

  test("whatever hangs on tables, the folded world is that of the server", async () => {
    const sequences = fc.array(statement, { minLength: 15, maxLength: 30 });
    let done = 0;
    await fc.assert(
      fc.asyncProperty(sequences, async (texts) => {
        done += await compareAfterEach(scratch, major, texts);
      }),
      { numRuns: size, ...seed },
    );
    expect(done).toBeGreaterThan(size * 5);
  }, 600_000);
});

/** Runs those of the statements that the server takes, and compares after each; returns how many these were. */
async function compareAfterEach(
  scratch: Scratch,
  major: number,
  texts: readonly string[],
): Promise<number> {
  const database = await scratch.createDatabase();
  await using session = await Session.open({ url: database.url, applicationName: "world-fuzz" });
  const { server } = await readWorld(session);
  const world = createWorld({ major, complete: true, ...(server && { server }) });
  for (const each of await parseSql(start, "start")) {
    await session.query(each.sql);
    fold(each, world);
  }
  const done: string[] = [];
  for (const text of texts) {
    try {
      await session.query(text);
    } catch {
      continue;
    }
    done.push(text);
    fold((await parseSql(text, "fuzz"))[0]!, world);
    expect(differences(await readWorld(session), world), done.join(";\n")).toEqual([]);
  }
  return done.length;
}
