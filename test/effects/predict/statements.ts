import fc from "fast-check";

/** Objects that the statements of the fuzz run over, beside those of the matrix' base schema. */
export const oddSql = `
CREATE TABLE "Odd Table" ("Odd Column" integer PRIMARY KEY, "select" text, "naïve" varchar(10), "a.b" numeric(10, 2));
CREATE INDEX "Odd Index" ON "Odd Table" ("select");
CREATE VIEW "Odd View" AS SELECT "Odd Column", "select" FROM "Odd Table";
CREATE SCHEMA "Other";
CREATE TABLE "Other".users (id bigint PRIMARY KEY, org_id bigint REFERENCES public.orgs (id));`;

/** Columns by table; names as they are written in SQL. */
const columns: Readonly<Record<string, readonly string[]>> = {
  orgs: ["id", "name"],
  users: ["id", "org_id", "email", "name", "age", "score", "status", "created_at", "updated_at"],
  orders: ["id", "user_id", "total", "note", "placed_at"],
  small: ["id", "code", "label"],
  metrics: ["id", "taken_at", "value"],
  metrics_2024: ["id", "taken_at", "value"],
  metrics_loose: ["id", "taken_at", "value"],
  events: ["id", "kind"],
  events_rest: ["id", "kind"],
  animals: ["id", "name"],
  dogs: ["id", "name", "breed"],
  people: ["id", "feels", "age", "nick", "data"],
  sessions: ["token", "user_id"],
  '"Odd Table"': ['"Odd Column"', '"select"', '"naïve"', '"a.b"'],
  '"Other".users': ["id", "org_id"],
};

const pick = (...items: readonly string[]) => fc.constantFrom(...items);
const maybe = (text: string) => pick("", text);

/** A statement from parts: `sql\`DROP TABLE ${name}\``, where parts are arbitraries. */
function sql(strings: TemplateStringsArray, ...parts: readonly fc.Arbitrary<string>[]) {
  return fc
    .tuple(...parts)
    .map((values) => strings.reduce((text, piece, at) => text + piece + (values[at] ?? ""), ""));
}

const tables = Object.keys(columns);
const table = pick(...tables, "shops");
const newName = pick("fresh", '"Fresh Name"', "users", "tickets", '"naïve"');
const type = pick(
  "integer",
  "bigint",
  "text",
  "varchar(5)",
  "varchar(300)",
  "numeric(12, 2)",
  "timestamptz",
  "mood",
  "posint",
  "plain",
  "jsonb",
  "text[]",
  "date",
);
const value = pick("NULL", "0", "'x'", "now()", "random()", "five()", "nextval('tickets')", "'ok'");
const condition = pick("true", "false", "1 = 1");
const index = pick(
  "users_name_idx",
  "users_email_key",
  "users_pkey",
  "orders_user_id_idx",
  "metrics_taken_at_idx",
  "metrics_2024_taken_at_idx",
  "user_totals_user_id_key",
  '"Odd Index"',
  "shops_idx",
);
const view = pick("active_users", "user_totals", '"Odd View"');

/** A table and one of its columns, now and then one of another table. */
const tableColumn = pick(...tables).chain((name) =>
  fc.record({
    name: fc.constant(name),
    column: fc.oneof(
      { weight: 9, arbitrary: pick(...columns[name]!) },
      { weight: 1, arbitrary: pick("shoe_size", "id") },
    ),
  }),
);

/** A statement about a table and a column of it. */
function on(build: (name: string, column: string) => fc.Arbitrary<string>): fc.Arbitrary<string> {
  return tableColumn.chain(({ name, column }) => build(name, column));
}

const alterColumn = on((name, column) =>
  fc.oneof(
    sql`ALTER TABLE ${maybe("ONLY ")}${pick(name)} DROP COLUMN ${maybe("IF EXISTS ")}${pick(column)}${maybe(" CASCADE")}`,
    sql`ALTER TABLE ${pick(name)} ALTER COLUMN ${pick(column)} TYPE ${type}`,
    sql`ALTER TABLE ${pick(name)} ALTER COLUMN ${pick(column)} ${pick("SET NOT NULL", "DROP NOT NULL", "DROP DEFAULT", "SET STATISTICS 50")}`,
    sql`ALTER TABLE ${pick(name)} ALTER COLUMN ${pick(column)} SET DEFAULT ${value}`,
    sql`ALTER TABLE ${pick(name)} RENAME COLUMN ${pick(column)} TO ${newName}`,
    sql`ALTER TABLE ${pick(name)} ADD CONSTRAINT added CHECK (${pick(column)} IS NOT NULL)${maybe(" NOT VALID")}`,
    sql`ALTER TABLE ${pick(name)} ADD ${pick("UNIQUE", "PRIMARY KEY")} (${pick(column)})`,
    sql`ALTER TABLE ${pick(name)} ADD CONSTRAINT fk FOREIGN KEY (${pick(column)}) REFERENCES ${pick("orgs", "users", '"Other".users')}${maybe(" (id)")}${maybe(" NOT VALID")}`,
  ),
);

const alterTable = fc.oneof(
  sql`ALTER TABLE ${table} ADD COLUMN ${maybe("IF NOT EXISTS ")}${newName} ${type}${pick("", " NOT NULL", " UNIQUE", " DEFAULT now()::text", " DEFAULT NULL", " CHECK (true)")}`,
  sql`ALTER TABLE ${table} RENAME TO ${newName}`,
  sql`ALTER TABLE ${table} SET SCHEMA ${pick('"Other"', "public", "billing")}`,
  sql`ALTER TABLE users DROP CONSTRAINT ${maybe("IF EXISTS ")}${pick("users_pkey", "users_org_id_fkey", "users_age_check", "nothing")}${maybe(" CASCADE")}`,
  sql`ALTER TABLE metrics ATTACH PARTITION ${pick("metrics_loose", "metrics_2024", "small")} FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')`,
  sql`ALTER TABLE ${pick("metrics", "events", "users")} DETACH PARTITION ${pick("metrics_2024", "events_rest", "small")}`,
  sql`ALTER TABLE ${table} ${pick("ENABLE", "DISABLE")} ${pick("ROW LEVEL SECURITY", "TRIGGER ALL")}`,
  sql`ALTER TYPE mood ${pick("ADD VALUE 'great'", "ADD VALUE 'ok'", "ADD VALUE IF NOT EXISTS 'ok'", "RENAME VALUE 'sad' TO 'low'")}`,
  sql`ALTER DOMAIN posint ${pick("DROP CONSTRAINT posint_check", "ADD CHECK (VALUE < 1000)", "SET NOT NULL")}`,
  sql`ALTER INDEX ${index} RENAME TO ${newName}`,
);

const create = fc.oneof(
  sql`CREATE ${maybe("UNLOGGED ")}TABLE ${maybe("IF NOT EXISTS ")}${newName} (id bigint PRIMARY KEY, other_id bigint${maybe(" REFERENCES users (id)")}, kind ${type})`,
  sql`CREATE TABLE ${newName} (LIKE ${table}${maybe(" INCLUDING ALL")})`,
  sql`CREATE TABLE ${newName} (extra ${type}) INHERITS (${table})`,
  sql`CREATE TABLE ${newName} PARTITION OF ${pick("metrics", "events", "users")} ${pick("DEFAULT", "FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')", "FOR VALUES IN ('view')")}`,
  sql`CREATE TABLE ${newName} AS SELECT * FROM ${fc.oneof(table, view)}${maybe(" WITH NO DATA")}`,
  sql`CREATE ${maybe("OR REPLACE ")}VIEW ${pick("active_users", "fresh", "orgs")} AS SELECT ${pick("id", "id, email", "*")} FROM users`,
  sql`CREATE TRIGGER ${pick("users_touch", "fresh")} BEFORE UPDATE ON ${table} FOR EACH ${pick("ROW", "STATEMENT")} EXECUTE FUNCTION ${pick("touch", "five", "nothing")}()`,
  on(
    (name, column) =>
      sql`CREATE ${maybe("UNIQUE ")}INDEX ${maybe("IF NOT EXISTS users_name_idx ")}ON ${maybe("ONLY ")}${pick(name)} (${pick(column, `(${column} IS NULL)`)})`,
  ),
  sql`CREATE STATISTICS fresh_stats ON id, name FROM ${pick("users", "orgs", "shops")}`,
);

const remove = fc.oneof(
  sql`DROP TABLE ${maybe("IF EXISTS ")}${table}${maybe(" CASCADE")}`,
  sql`DROP TABLE ${pick("orders", "users", "metrics_2024")}, ${pick("dogs", "orders", "people")}${maybe(" CASCADE")}`,
  sql`DROP INDEX ${maybe("IF EXISTS ")}${index}${maybe(" CASCADE")}`,
  sql`DROP ${pick("VIEW", "MATERIALIZED VIEW")} ${maybe("IF EXISTS ")}${view}${maybe(" CASCADE")}`,
  sql`DROP ${pick("TYPE mood", "DOMAIN posint", "DOMAIN plain", "FUNCTION touch()", "FUNCTION five()", "SEQUENCE tickets", "SEQUENCE orders_id_seq", 'SCHEMA "Other"')}${maybe(" CASCADE")}`,
  sql`DROP TRIGGER ${maybe("IF EXISTS ")}users_touch ON ${table}`,
);

const rows = fc.oneof(
  on((name, column) =>
    fc.oneof(
      sql`UPDATE ${pick(name)} SET ${pick(column)} = ${pick(column)} WHERE ${condition}`,
      sql`DELETE FROM ${maybe("ONLY ")}${pick(name)} WHERE ${pick(column)} IS NULL`,
      sql`SELECT ${pick(column)} FROM ${pick(name)}${maybe(" FOR UPDATE")}`,
      sql`WITH gone AS (SELECT ${pick(column)} FROM ${pick(name)} LIMIT 5) SELECT count(*) FROM gone, ${table}`,
    ),
  ),
  sql`INSERT INTO small (${pick("code", "label")}) SELECT 'x' FROM ${table} LIMIT 1`,
  sql`TRUNCATE ${maybe("ONLY ")}${table}${maybe(" CASCADE")}`,
  sql`DO $do$ BEGIN DELETE FROM ${table}; EXCEPTION WHEN ${pick("undefined_table", "others")} THEN ${pick("NULL", "DELETE FROM small")}; END $do$`,
);

const other = fc.oneof(
  sql`COMMENT ON TABLE ${table} IS 'x'`,
  sql`LOCK TABLE ${maybe("ONLY ")}${table} IN ${pick("SHARE", "ROW EXCLUSIVE", "ACCESS EXCLUSIVE")} MODE`,
  sql`REINDEX ${pick("TABLE", "INDEX")} ${fc.oneof(table, index)}`,
  sql`REFRESH MATERIALIZED VIEW ${maybe("CONCURRENTLY ")}${view}`,
  sql`ANALYZE ${table}`,
  sql`GRANT SELECT ON ${table} TO PUBLIC`,
);

/** Any statement over the base schema and `oddSql`, valid or refused for a reason that the catalog shows. */
export const anyStatement: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: alterColumn },
  { weight: 3, arbitrary: alterTable },
  { weight: 3, arbitrary: create },
  { weight: 2, arbitrary: remove },
  { weight: 3, arbitrary: rows },
  { weight: 1, arbitrary: other },
);
