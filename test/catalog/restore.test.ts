import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  catalogParts,
  diff,
  fingerprint,
  introspect,
  type Catalog,
} from "../../src/catalog/index.ts";
import type { Session } from "../../src/pg/index.ts";
import type { Scratch } from "../../src/scratch/index.ts";
import { quoteIdent, quoteQualified } from "../../src/sql/index.ts";
import { fixtureTemplate, majors, open, openFixture, startWithFixture } from "./database.ts";

const run = promisify(execFile);

/** Major of the pg_dump and psql on this machine; undefined without them. It dumps its own and older majors. */
const clientMajor = (() => {
  const { stdout } = spawnSync("pg_dump", ["--version"], { encoding: "utf8" });
  const { status } = spawnSync("psql", ["--version"]);
  const version = / (\d+)\./.exec(stdout ?? "")?.[1];
  return version === undefined || status !== 0 ? undefined : Number(version);
})();

describe.each(majors)("Postgres %i", (major) => {
  let scratch: Scratch;
  let session: Session;
  let original: Catalog;

  beforeAll(async () => {
    scratch = await startWithFixture(major);
    session = await openFixture(scratch);
    original = await introspect(session);
  });
  afterAll(async () => {
    await session.close();
    await scratch.close();
  });

  it("has the same fingerprint when everything printed is parsed again", async () => {
    const parts = catalogParts.filter((part) => part !== "comments");
    await session.batch(`BEGIN; ${reparseSql(original)}`);
    const again = await introspect(session, { transaction: "caller" });
    await session.batch("ROLLBACK");
    const [before, after] = [withParts(original, parts), withParts(again, parts)];
    expect(await diff(before, after)).toEqual([]);
    expect(await fingerprint(after)).toBe(await fingerprint(before));
    expect(
      definitionOf(again, "expressions_v_check"),
      "Postgres prints it differently now",
    ).not.toBe(definitionOf(original, "expressions_v_check"));
  });

  if (clientMajor !== undefined && clientMajor >= major)
    it("has the same fingerprint after a dump and restore", async () => {
      const source = await scratch.createDatabase({ template: await fixtureTemplate(scratch) });
      const target = await scratch.createDatabase();
      const { stdout } = await run("pg_dump", ["--schema-only", source.url], {
        maxBuffer: 2 ** 26,
      });
      const restored = await open(target.url);
      const restore = spawnSync(
        "psql",
        ["--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", target.url],
        { input: stdout, encoding: "utf8" },
      );
      expect(restore.stderr).toBe("");
      const catalog = await introspect(restored);
      await restored.close();
      expect(await diff(original, catalog)).toEqual([]);
      expect(await fingerprint(catalog)).toBe(await fingerprint(original));
      expect(catalog.tables["shop.customers"]?.columns).toEqual(
        original.tables["shop.customers"]?.columns,
      );
    });

  it("does not depend on the order of creation, on oids or on owners", async () => {
    const forth = await open((await scratch.createDatabase()).url);
    const back = await open((await scratch.createDatabase()).url);
    await forth.batch(pieces.join(";"));
    await back.batch(
      `CREATE TABLE first_oids (a int, b int); CREATE ROLE other_owner_${major} SUPERUSER; SET ROLE other_owner_${major};` +
        pieces.toReversed().join(";"),
    );
    await back.batch("RESET ROLE; DROP TABLE first_oids");
    const [one, two] = [await introspect(forth), await introspect(back)];
    await forth.close();
    await back.close();
    expect(await diff(one, two)).toEqual([]);
    expect(await fingerprint(one)).toBe(await fingerprint(two));
    expect(JSON.stringify(one)).toBe(JSON.stringify(two));
  });
});

/** Objects that can be made in any order. */
const pieces: readonly string[] = [
  "CREATE TYPE kind AS ENUM ('a', 'b')",
  "CREATE TABLE one (id integer PRIMARY KEY, name text DEFAULT 'x' CHECK (name <> ''))",
  "CREATE TABLE two (id serial, during tstzrange, UNIQUE (id))",
  "CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql AS 'SELECT n * 2'",
  "CREATE VIEW numbers AS SELECT 1 AS n",
  "CREATE SEQUENCE steps",
  "COMMENT ON SCHEMA public IS 'ours'",
];

function definitionOf(catalog: Catalog, constraint: string): string | undefined {
  return catalog.tables["shop.expressions"]?.constraints.find(({ name }) => name === constraint)
    ?.definition;
}

function withParts(catalog: Catalog, parts: readonly (keyof Catalog)[]): Catalog {
  return Object.fromEntries(
    Object.entries(catalog).filter(([part]) => parts.some((one) => one === part)),
  ) as unknown as Catalog;
}

/** SQL that makes the server parse what it printed, as a restore does. */
function reparseSql(catalog: Catalog): string {
  const sql: string[] = [];
  for (const { schema, name, kind, columns, constraints, indexes } of Object.values(
    catalog.tables,
  )) {
    const table = quoteQualified(schema, name);
    for (const column of columns)
      if (column.default !== null && kind !== "foreign")
        sql.push(
          `ALTER TABLE ONLY ${table} ALTER ${quoteIdent(column.name)} SET DEFAULT ${column.default}`,
        );
    if (kind !== "table") continue;
    for (const constraint of constraints) {
      if (constraint.inherited || constraint.kind === "primary-key" || constraint.kind === "unique")
        continue;
      const own = quoteIdent(constraint.name);
      const only = constraint.noInherit ? "ONLY " : "";
      sql.push(
        `ALTER TABLE ${only}${table} DROP CONSTRAINT ${own}, ADD CONSTRAINT ${own} ${constraint.definition}`,
      );
    }
    for (const index of indexes)
      if (index.constraint === null)
        sql.push(`DROP INDEX ${quoteQualified(schema, index.name)}`, index.definition);
  }
  for (const { schema, name, definition, options } of Object.values(catalog.views)) {
    const settings = Object.entries(options).map(([key, value]) => `${key} = '${value}'`);
    const clause = settings.length === 0 ? "" : ` WITH (${settings.join(", ")})`;
    sql.push(`CREATE OR REPLACE VIEW ${quoteQualified(schema, name)}${clause} AS ${definition}`);
  }
  for (const { schema, name, checks } of Object.values(catalog.domains))
    // Postgres cannot check a domain again that stands in arrays of rows.
    for (const check of name === "email" ? [] : checks) {
      const domain = quoteQualified(schema, name);
      const own = quoteIdent(check.name);
      sql.push(
        `ALTER DOMAIN ${domain} DROP CONSTRAINT ${own}`,
        `ALTER DOMAIN ${domain} ADD CONSTRAINT ${own} CHECK (${check.expression})${check.valid ? "" : " NOT VALID"}`,
      );
    }
  for (const { table, name, definition, enabled, inherited } of Object.values(catalog.triggers))
    if (enabled === "origin" && !inherited)
      sql.push(`DROP TRIGGER ${quoteIdent(name)} ON ${table}`, definition);
  for (const { table, name, using, withCheck } of Object.values(catalog.policies)) {
    const clauses = [
      using === null ? "" : `USING (${using})`,
      withCheck === null ? "" : `WITH CHECK (${withCheck})`,
    ];
    sql.push(`ALTER POLICY ${quoteIdent(name)} ON ${table} ${clauses.join(" ")}`);
  }
  for (const { table, name, definition } of Object.values(catalog.rules))
    sql.push(`DROP RULE ${quoteIdent(name)} ON ${table}`, definition.replace(/;$/, ""));
  for (const { schema, name, definition } of Object.values(catalog.statistics))
    sql.push(`DROP STATISTICS ${quoteQualified(schema, name)}`, definition);
  return sql.map((statement) => statement.replace(/;\s*$/, "")).join(";\n");
}
