import { quoteIdent, quoteQualified } from "../../../src/sql/index.ts";
import type { Relation, WorldType } from "../../../src/effects/world/index.ts";
import { anyBound, createIndex, detach } from "./alter-table.ts";
import {
  anyColumn,
  anyPartitioned,
  anySchema,
  anyTable,
  anyType,
  anyCondition,
  newName,
  realColumn,
  relationsOf,
  someColumns,
  valueFor,
  written,
  type Field,
} from "./names.ts";
import { drawActions } from "./schema.ts";

type Form = (field: Field) => string;

const cascade = ({ draw }: Field): string => draw.one(["", "", " CASCADE"]);
const ifExists = ({ draw }: Field): string => (draw.chance(15) ? "IF EXISTS " : "");

/** A relation of one of these kinds; any table when there is none. */
function relation(field: Field, ...kinds: readonly Relation["kind"][]): Relation {
  const found = relationsOf(field, ...kinds);
  return found.length === 0 || field.draw.chance(2) ? anyTable(field) : field.draw.one(found);
}

const name = (field: Field, ...kinds: readonly Relation["kind"][]): string =>
  written(field, relation(field, ...kinds));

function type({ draw, world }: Field, kind: WorldType["kind"]): WorldType | undefined {
  const found = [...world.types.values()].filter((each) => each.kind === kind);
  return found.length === 0 ? undefined : draw.one(found);
}

const typeName = (field: Field, kind: WorldType["kind"]): string => {
  const found = type(field, kind);
  return found === undefined ? "nothing" : written(field, found);
};

const anyIndex = (field: Field) => name(field, "index", "index", "partitioned index");
const anyView = (field: Field) => name(field, "view");
const anyMatview = (field: Field) => name(field, "materialized view");
const anyReadable = (field: Field) =>
  name(field, "table", "table", "partitioned table", "view", "materialized view");

const createTable: Form = (field) => {
  const { draw } = field;
  const persistence = draw.one(["", "", "", "UNLOGGED ", "TEMP "]);
  const table = draw.chance(15) ? quoteQualified("other", "made") : newName(field);
  const base = `CREATE ${persistence}TABLE ${draw.chance(10) ? "IF NOT EXISTS " : ""}${table}`;
  return draw.one([
    () =>
      `${base} (id ${draw.one(["bigint PRIMARY KEY", "bigserial PRIMARY KEY", "integer GENERATED ALWAYS AS IDENTITY", "bigint UNIQUE"])}, made ${anyType(field)}, parent bigint${draw.chance(50) ? ` REFERENCES ${name(field, "table", "partitioned table")}${drawActions(draw)}` : ""}${draw.chance(20) ? ", CHECK (id > 0)" : ""})`,
    () =>
      `${base} (LIKE ${anyReadable(field)}${draw.one(["", " INCLUDING ALL", " INCLUDING DEFAULTS", " INCLUDING INDEXES"])})`,
    () => `${base} (extra ${anyType(field)}) INHERITS (${name(field, "table")})`,
    () => {
      const parent = anyPartitioned(field);
      const below = draw.chance(15) ? " PARTITION BY HASH (id)" : "";
      return `${base} PARTITION OF ${written(field, parent)} ${anyBound(field, parent)}${below}`;
    },
    () => {
      const parent = anyPartitioned(field);
      return `${base} PARTITION OF ${written(field, parent)} ${anyBound(field, parent)}`;
    },
    () => `${base} AS SELECT * FROM ${anyReadable(field)}${draw.chance(40) ? " WITH NO DATA" : ""}`,
    () =>
      `${base} (at date NOT NULL, n integer) PARTITION BY ${draw.one(["RANGE (at)", "LIST (n)"])}`,
  ])();
};

const createView: Form = (field) => {
  const { draw } = field;
  const source = relation(field, "table", "partitioned table", "view", "materialized view");
  const columns = draw.chance(20)
    ? "*"
    : source.kind === "sequence" || source.index !== undefined
      ? "*"
      : someColumns(field, source, 3).join(", ");
  const target = draw.chance(40) ? anyView(field) : newName(field);
  const where = draw.chance(30) ? ` WHERE ${anyCondition(field, source)}` : "";
  const body = `SELECT ${columns} FROM ${written(field, source)}${where}`;
  return draw.one([
    `CREATE OR REPLACE VIEW ${target} AS ${body}`,
    `CREATE VIEW ${newName(field)} AS ${body}`,
    `CREATE MATERIALIZED VIEW ${newName(field)} AS ${body}${draw.chance(30) ? " WITH NO DATA" : ""}`,
  ]);
};

const createOnTable: Form = (field) => {
  const { draw } = field;
  const table = anyTable(field);
  const on = written(field, table);
  const column = quoteIdent(anyColumn(field, table).name);
  const real = quoteIdent(realColumn(field, table)?.name ?? "ctid");
  return draw.one([
    () =>
      `CREATE ${draw.chance(15) ? "OR REPLACE " : ""}TRIGGER ${draw.one(["seen", "fresh"])} ${draw.one(["BEFORE", "AFTER"])} ${draw.one(["UPDATE", "INSERT", "DELETE", "INSERT OR UPDATE", `UPDATE OF ${column}`])} ON ${on} FOR EACH ${draw.one(["ROW", "STATEMENT"])} EXECUTE FUNCTION touch()`,
    () => `CREATE POLICY ${draw.one(["own", "fresh"])} ON ${on} USING (${real} IS NOT NULL)`,
    () =>
      `CREATE ${draw.chance(30) ? "OR REPLACE " : ""}RULE ${draw.one(["quiet", "fresh"])} AS ON ${draw.one(["UPDATE", "DELETE"])} TO ${on} DO ${draw.one(["ALSO", "INSTEAD"])} NOTHING`,
    () => `CREATE STATISTICS fresh_stats ON ${someColumns(field, table, 3).join(", ")} FROM ${on}`,
    () =>
      `DROP TRIGGER ${ifExists(field)}${table.triggers[0] === undefined ? "seen" : quoteIdent(table.triggers[0].name)} ON ${on}${cascade(field)}`,
    () => `DROP POLICY ${ifExists(field)}own ON ${on}`,
    () => `DROP RULE ${ifExists(field)}quiet ON ${on}`,
    () => `CREATE PUBLICATION fresh FOR TABLE ${on}`,
  ])();
};

const drop: Form = (field) => {
  const { draw } = field;
  return draw.one([
    () =>
      `DROP TABLE ${ifExists(field)}${name(field, "table", "partitioned table")}${cascade(field)}`,
    () =>
      `DROP TABLE ${ifExists(field)}${name(field, "table", "partitioned table")}${cascade(field)}`,
    () =>
      `DROP TABLE ${name(field, "table")}, ${name(field, "table", "partitioned table")}${cascade(field)}`,
    () => `DROP INDEX ${ifExists(field)}${anyIndex(field)}${cascade(field)}`,
    () => `DROP INDEX ${anyIndex(field)}`,
    () => `DROP VIEW ${ifExists(field)}${anyView(field)}${cascade(field)}`,
    () => `DROP MATERIALIZED VIEW ${ifExists(field)}${anyMatview(field)}${cascade(field)}`,
    () => `DROP SEQUENCE ${ifExists(field)}${name(field, "sequence")}${cascade(field)}`,
    () =>
      `DROP TYPE ${ifExists(field)}${typeName(field, draw.one(["enum", "composite", "domain"]))}${cascade(field)}`,
    () => `DROP DOMAIN ${ifExists(field)}${typeName(field, "domain")}${cascade(field)}`,
    () =>
      `DROP FUNCTION ${draw.one(["five()", "touch()", "positive(integer)", "five"])}${cascade(field)}`,
    () => `DROP SCHEMA ${ifExists(field)}${anySchema(field)}${cascade(field)}`,
  ])();
};

const rename: Form = (field) => {
  const { draw } = field;
  const view = relation(field, "view");
  const fresh = newName(field);
  return draw.one([
    () => `ALTER INDEX ${anyIndex(field)} RENAME TO ${fresh}`,
    () => `ALTER VIEW ${written(field, view)} RENAME TO ${fresh}`,
    () => `ALTER VIEW ${written(field, view)} SET SCHEMA ${anySchema(field)}`,
    () =>
      `ALTER VIEW ${written(field, view)} RENAME COLUMN ${quoteIdent(anyColumn(field, view).name)} TO ${fresh}`,
    () =>
      `ALTER MATERIALIZED VIEW ${anyMatview(field)} ${draw.one([`RENAME TO ${fresh}`, `SET SCHEMA ${anySchema(field)}`])}`,
    () =>
      `ALTER SEQUENCE ${name(field, "sequence")} ${draw.one([`RENAME TO ${fresh}`, `SET SCHEMA ${anySchema(field)}`, "RESTART", "INCREMENT BY 5", "OWNED BY NONE", "AS bigint", "AS integer"])}`,
    () =>
      `ALTER INDEX ${anyIndex(field)} ${draw.one(["SET (fillfactor = 80)", "RESET (fillfactor)", "ALTER COLUMN 1 SET STATISTICS 100"])}`,
    () => `ALTER SCHEMA ${anySchema(field)} RENAME TO ${fresh}`,
    () =>
      `ALTER FUNCTION ${draw.one(["five()", "touch()"])} ${draw.one([`RENAME TO ${fresh}`, "STABLE", `SET SCHEMA ${anySchema(field)}`])}`,
    () => `ALTER TRIGGER seen ON ${name(field, "table")} RENAME TO ${fresh}`,
    () =>
      `ALTER POLICY own ON ${name(field, "table")} ${draw.one([`RENAME TO ${fresh}`, "USING (true)"])}`,
  ])();
};

const alterType: Form = (field) => {
  const { draw } = field;
  const found = type(field, "enum");
  const labels = found?.labels ?? [];
  const label = labels.length === 0 ? "none" : draw.one(labels);
  const own = type(field, "domain");
  const domain = own === undefined ? "nothing" : written(field, own);
  const check = own?.domain?.checks[0]?.name ?? "nothing";
  const composite = typeName(field, "composite");
  const enumName = found === undefined ? "nothing" : written(field, found);
  return draw.one([
    () =>
      `ALTER TYPE ${enumName} ADD VALUE ${draw.chance(20) ? "IF NOT EXISTS " : ""}'${draw.one(["great", label])}'${draw.chance(30) ? ` BEFORE '${label}'` : ""}`,
    () => `ALTER TYPE ${enumName} RENAME VALUE '${label}' TO '${draw.one(["new", "ok"])}'`,
    () =>
      `ALTER TYPE ${enumName} ${draw.one([`RENAME TO ${newName(field)}`, `SET SCHEMA ${anySchema(field)}`])}`,
    () => `ALTER TYPE ${composite} ADD ATTRIBUTE c ${anyType(field)}${cascade(field)}`,
    () =>
      `ALTER TYPE ${composite} ${draw.one(["DROP ATTRIBUTE a", "DROP ATTRIBUTE IF EXISTS z", "ALTER ATTRIBUTE a TYPE bigint", "RENAME ATTRIBUTE b TO c"])}${cascade(field)}`,
    () =>
      `ALTER DOMAIN ${domain} ${draw.one(["SET NOT NULL", "DROP NOT NULL", "SET DEFAULT NULL", "DROP DEFAULT"])}`,
    () =>
      `ALTER DOMAIN ${domain} ADD CONSTRAINT ${draw.one(["fresh", check])} CHECK (VALUE IS NOT NULL)${draw.chance(50) ? " NOT VALID" : ""}`,
    () =>
      `ALTER DOMAIN ${domain} ${draw.one(["DROP CONSTRAINT", "VALIDATE CONSTRAINT", "DROP CONSTRAINT IF EXISTS"])} ${quoteIdent(check)}`,
    () =>
      `ALTER DOMAIN ${domain} ${draw.one([`RENAME TO ${newName(field)}`, `SET SCHEMA ${anySchema(field)}`])}`,
    () =>
      `CREATE TYPE ${newName(field)} AS ${draw.one(["ENUM ('a', 'b')", "(a integer, b text)"])}`,
    () =>
      `CREATE DOMAIN ${newName(field)} AS ${anyType(field)}${draw.chance(30) ? " NOT NULL" : ""}${draw.chance(40) ? " CHECK (VALUE IS NOT NULL)" : ""}`,
    () => `CREATE SEQUENCE ${draw.chance(20) ? "IF NOT EXISTS " : ""}${newName(field)}`,
  ])();
};

const maintain: Form = (field) => {
  const { draw } = field;
  const table = anyTable(field);
  return draw.one([
    () =>
      `TRUNCATE ${draw.chance(10) ? "ONLY " : ""}${written(field, table)}${draw.one(["", "", " CASCADE", " RESTART IDENTITY", " RESTART IDENTITY CASCADE"])}`,
    () => `TRUNCATE ${written(field, table)}, ${written(field, anyTable(field))}`,
    () => `REINDEX INDEX ${anyIndex(field)}`,
    () => `REINDEX TABLE ${written(field, table)}`,
    () =>
      `CLUSTER ${name(field, "table")}${draw.chance(70) ? ` USING ${quoteIdent(relation(field, "index").name)}` : ""}`,
    () =>
      `REFRESH MATERIALIZED VIEW ${draw.one(["", "CONCURRENTLY "])}${anyMatview(field)}${draw.one(["", "", " WITH NO DATA"])}`,
    () =>
      `ANALYZE ${written(field, table)}${draw.chance(30) ? ` (${quoteIdent(anyColumn(field, table).name)})` : ""}`,
    () =>
      `LOCK TABLE ${draw.chance(15) ? "ONLY " : ""}${anyReadable(field)} IN ${draw.one(["ACCESS SHARE", "SHARE", "ROW EXCLUSIVE", "ACCESS EXCLUSIVE", "SHARE UPDATE EXCLUSIVE"])} MODE`,
    () =>
      `COMMENT ON ${draw.one([`TABLE ${name(field, "table", "partitioned table")}`, `COLUMN ${written(field, table)}.${quoteIdent(anyColumn(field, table).name)}`, `INDEX ${anyIndex(field)}`, `VIEW ${anyView(field)}`])} IS 'x'`,
    () => `GRANT ${draw.one(["SELECT", "ALL"])} ON ${anyReadable(field)} TO PUBLIC`,
    () => `REVOKE ALL ON ${anyReadable(field)} FROM PUBLIC`,
    () =>
      `COMMENT ON CONSTRAINT ${table.constraints[0] === undefined ? "nothing" : quoteIdent(table.constraints[0].name)} ON ${written(field, table)} IS 'x'`,
  ])();
};

/** A column that may be given a value, when there is one. */
function settable(field: Field, { columns }: Relation) {
  const able = columns.filter(
    ({ generated, identity }) => generated === undefined && identity === undefined,
  );
  return able.length === 0 ? undefined : field.draw.one(able);
}

function where(field: Field, table: Relation): string {
  return field.draw.chance(75) ? ` WHERE ${anyCondition(field, table)}` : "";
}

const rows: Form = (field) => {
  const { draw, major } = field;
  const table = anyTable(field);
  const on = written(field, table);
  const column = settable(field, table);
  const set =
    column === undefined
      ? "nothing = 1"
      : `${quoteIdent(column.name)} = ${valueFor(field, column)}`;
  const other = relation(field, "table", "view");
  const read = written(field, other);
  const key = quoteIdent(realColumn(field, table)?.name ?? "ctid");
  const values = draw.some(
    table.columns.filter(
      ({ generated, identity }) => generated === undefined && identity === undefined,
    ),
    1,
    4,
  );
  const insert = `INSERT INTO ${on} (${values.map((each) => quoteIdent(each.name)).join(", ") || "nothing"}) VALUES (${values.map((each) => valueFor(field, each)).join(", ") || "1"})`;
  return draw.one([
    () => `UPDATE ${draw.chance(8) ? "ONLY " : ""}${on} SET ${set}${where(field, table)}`,
    () =>
      `UPDATE ${on} AS t SET ${set} FROM ${read} AS o${draw.chance(50) ? " WHERE t IS NOT NULL" : ""}`,
    () => `DELETE FROM ${draw.chance(8) ? "ONLY " : ""}${on}${where(field, table)}`,
    () => `DELETE FROM ${on} AS t USING ${read} AS o WHERE t.${key} IS NULL`,
    () => insert,
    () => `${insert} ON CONFLICT DO NOTHING`,
    () => `INSERT INTO ${on} SELECT * FROM ${on}${where(field, table)}`,
    () =>
      `SELECT ${key} FROM ${on}${where(field, table)}${draw.one(["", "", " FOR UPDATE", " LIMIT 5", " FOR SHARE"])}`,
    () => `SELECT count(*) FROM ${anyReadable(field)} AS a, ${anyReadable(field)} AS b`,
    () =>
      `WITH gone AS (DELETE FROM ${on}${where(field, table)} RETURNING 1) SELECT count(*) FROM gone`,
    () => `WITH few AS (SELECT ${key} FROM ${on} LIMIT 5) SELECT count(*) FROM few, ${read}`,
    () => `DO $do$ BEGIN UPDATE ${on} SET ${set}${where(field, table)}; END $do$`,
    () =>
      `DO $do$ BEGIN DELETE FROM ${on}${where(field, table)}; EXCEPTION WHEN ${draw.one(["undefined_table", "others"])} THEN NULL; END $do$`,
    () =>
      `DO $do$ BEGIN IF NOT EXISTS (SELECT FROM pg_class WHERE relname = 'fresh') THEN CREATE TABLE fresh (id bigint REFERENCES ${on}); END IF; END $do$`,
    () =>
      major >= 15
        ? `MERGE INTO ${on} AS t USING ${read} AS o ON t.${key} IS NULL WHEN MATCHED THEN ${draw.one(["DELETE", "DO NOTHING", `UPDATE SET ${set}`])}`
        : `SELECT 1 FROM ${on}`,
    () => `EXPLAIN SELECT * FROM ${anyReadable(field)}`,
  ])();
};

/** Statements that Postgres refuses in a transaction block, or that commit by themselves. */
export const alone: Form = (field) => {
  const { draw } = field;
  const table = name(field, "table", "partitioned table");
  return draw.one([
    () => createIndex(field, " CONCURRENTLY"),
    () => createIndex(field, " CONCURRENTLY"),
    () => `DROP INDEX CONCURRENTLY ${ifExists(field)}${anyIndex(field)}`,
    () => `REINDEX INDEX CONCURRENTLY ${anyIndex(field)}`,
    () => `REINDEX TABLE CONCURRENTLY ${table}`,
    () => detach(field, " CONCURRENTLY"),
    () => `VACUUM ${draw.one(["", "", "(FULL) ", "(ANALYZE) "])}${table}`,
    () => `REINDEX TABLE ${name(field, "partitioned table")}`,
    () => `CLUSTER ${name(field, "partitioned table")}`,
  ])();
};

/** Everything beside ALTER TABLE, in a transaction. */
export const others: Readonly<Record<string, Form>> = {
  createTable,
  createView,
  createOnTable,
  drop,
  rename,
  alterType,
  maintain,
  rows,
};
