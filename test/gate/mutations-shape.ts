import {
  anyColumn,
  columnWhere,
  plain,
  q,
  sql,
  t,
  type Made,
  type Maker,
  type Subject,
} from "./mutation.ts";

/** Makes an enum type anew with other labels, as people do who want to drop one. */
function recreateEnum(
  { schema, random }: Subject,
  change: (labels: readonly string[]) => readonly string[],
): Made {
  const type = random.pick(schema.enums);
  const name = q(type.name);
  const labels = change(type.labels).map((label) => `'${label}'`);
  const written = type.name === "Mood" ? '"Mood"' : type.name;
  const users = schema.tables.flatMap((table) =>
    table.columns
      .filter((column) => column.type === written || column.type === `${written}[]`)
      .map((column) => ({ table, column })),
  );
  return {
    sql: [
      `ALTER TYPE ${name} RENAME TO old_type`,
      `CREATE TYPE ${name} AS ENUM (${labels.join(", ")})`,
      ...users.flatMap(({ table, column }) => {
        const at = `ALTER TABLE ${q(table.name)} ALTER COLUMN ${q(column.name)}`;
        const list = column.type.endsWith("[]") ? "[]" : "";
        return [
          `${at} DROP DEFAULT`,
          `${at} TYPE ${name}${list} USING ${q(column.name)}::text${list}::${name}${list}`,
          ...(column.default === undefined ? [] : [`${at} SET DEFAULT ${column.default}`]),
        ];
      }),
      "DROP TYPE old_type",
    ],
    tables: new Set(users.slice(0, 6).map(({ table }) => table.name)),
  };
}

/** Changes of tables, columns and enum types, and of what no statement sees. */
export const shapeMakers: Readonly<Record<string, Maker>> = {
  "drop column": (subject) =>
    sql(`ALTER TABLE ${t(subject)} DROP COLUMN ${q(anyColumn(subject).name)} CASCADE`),
  "rename column": (subject) =>
    sql(`ALTER TABLE ${t(subject)} RENAME COLUMN ${q(anyColumn(subject).name)} TO renamed`),
  "rename column in case only": (subject) => {
    const { name } = anyColumn(subject);
    return sql(`ALTER TABLE ${t(subject)} RENAME COLUMN ${q(name)} TO ${q(name.toUpperCase())}`);
  },
  "drop table": (subject) => sql(`DROP TABLE ${t(subject)} CASCADE`),
  "rename table": (subject) => sql(`ALTER TABLE ${t(subject)} RENAME TO renamed`),
  "move table to another schema": (subject) =>
    sql("CREATE SCHEMA elsewhere", `ALTER TABLE ${t(subject)} SET SCHEMA elsewhere`),
  "rename table behind a view": (subject) =>
    sql(
      `ALTER TABLE ${t(subject)} RENAME TO renamed`,
      `CREATE VIEW ${t(subject)} AS SELECT * FROM renamed`,
    ),
  "replace table by a view that cannot be written": (subject) =>
    sql(
      `ALTER TABLE ${t(subject)} RENAME TO renamed`,
      `CREATE VIEW ${t(subject)} AS SELECT DISTINCT ${subject.table.columns.map(({ name, type }) => (type === "json" ? `NULL::json AS ${q(name)}` : q(name))).join(", ")} FROM renamed`,
    ),
  "drop enum value": (subject) => recreateEnum(subject, (labels) => labels.slice(0, -1)),
  "rename enum value": ({ schema, random }) => {
    const type = random.pick(schema.enums);
    const label = type.labels.at(-1)!;
    const users = schema.tables.filter(({ columns }) =>
      columns.some((one) => one.type.replaceAll('"', "") === type.name),
    );
    return {
      sql: [`ALTER TYPE ${q(type.name)} RENAME VALUE '${label}' TO 'other'`],
      tables: new Set(users.slice(0, 6).map(({ name }) => name)),
    };
  },
  "add enum value": ({ schema, random }) =>
    sql(`ALTER TYPE ${q(random.pick(schema.enums).name)} ADD VALUE 'extra'`),
  "reorder enum": (subject) => recreateEnum(subject, (labels) => labels.toReversed()),
  "rename enum type": ({ schema, random }) =>
    sql(`ALTER TYPE ${q(random.pick(schema.enums).name)} RENAME TO renamed`),
  "drop default": (subject) => {
    const column = columnWhere(subject, (one) => one.default !== undefined);
    return column && sql(`ALTER TABLE ${t(subject)} ALTER COLUMN ${q(column.name)} DROP DEFAULT`);
  },
  "set default": (subject) => {
    const column = columnWhere(
      subject,
      (one) => plain(one) && one.default === undefined && one.type === "text",
    );
    return (
      column && sql(`ALTER TABLE ${t(subject)} ALTER COLUMN ${q(column.name)} SET DEFAULT 'given'`)
    );
  },
  "change default of a plain column": (subject) => {
    const column = columnWhere(
      subject,
      (one) => ["smallint", "numeric(12,2)"].includes(one.type) && one.default !== undefined,
    );
    return column && sql(`ALTER TABLE ${t(subject)} ALTER COLUMN ${q(column.name)} SET DEFAULT 7`);
  },
  "set not null": (subject) => {
    const column = columnWhere(subject, (one) => plain(one) && one.nullable);
    return column && sql(`ALTER TABLE ${t(subject)} ALTER COLUMN ${q(column.name)} SET NOT NULL`);
  },
  "drop not null": (subject) => {
    const column = columnWhere(
      subject,
      (one) =>
        plain(one) &&
        one.type !== "cents" &&
        !one.nullable &&
        !subject.table.primaryKey.includes(one.name),
    );
    return column && sql(`ALTER TABLE ${t(subject)} ALTER COLUMN ${q(column.name)} DROP NOT NULL`);
  },
  "add nullable column": (subject) => sql(`ALTER TABLE ${t(subject)} ADD COLUMN added text`),
  "add column with default": (subject) =>
    sql(`ALTER TABLE ${t(subject)} ADD COLUMN added integer NOT NULL DEFAULT 0`),
  "add generated column": (subject) =>
    sql(
      `ALTER TABLE ${t(subject)} ADD COLUMN added integer NOT NULL GENERATED ALWAYS AS (1) STORED`,
    ),
  "add identity column": (subject) =>
    subject.table.columns.some(({ identity }) => identity !== undefined)
      ? undefined
      : sql(`ALTER TABLE ${t(subject)} ADD COLUMN added integer GENERATED ALWAYS AS IDENTITY`),
  "add required column": (subject) =>
    sql(
      `ALTER TABLE ${t(subject)} ADD COLUMN added integer`,
      `UPDATE ${t(subject)} SET added = 1`,
      `ALTER TABLE ${t(subject)} ALTER COLUMN added SET NOT NULL`,
    ),
  "add table": () => sql("CREATE TABLE added (id integer PRIMARY KEY, note text NOT NULL)"),
  "add child table": (subject) =>
    subject.table.primaryKey.length > 1
      ? undefined
      : sql(
          `CREATE TABLE added (id integer PRIMARY KEY, parent ${subject.table.columns[0]!.type} REFERENCES ${t(subject)})`,
        ),
  "identity becomes always": (subject) => {
    const column = columnWhere(subject, ({ identity }) => identity === "BY DEFAULT");
    return (
      column && sql(`ALTER TABLE ${t(subject)} ALTER COLUMN ${q(column.name)} SET GENERATED ALWAYS`)
    );
  },
  "identity becomes by default": (subject) => {
    const column = columnWhere(subject, ({ identity }) => identity === "ALWAYS");
    return (
      column &&
      sql(`ALTER TABLE ${t(subject)} ALTER COLUMN ${q(column.name)} SET GENERATED BY DEFAULT`)
    );
  },
  "drop identity": (subject) => {
    const column = columnWhere(subject, ({ identity }) => identity !== undefined);
    return column && sql(`ALTER TABLE ${t(subject)} ALTER COLUMN ${q(column.name)} DROP IDENTITY`);
  },
  "serial becomes identity": (subject) => {
    const column = columnWhere(subject, (one) => one.default?.startsWith("nextval") ?? false);
    return (
      column &&
      sql(
        `ALTER TABLE ${t(subject)} ALTER COLUMN id DROP DEFAULT`,
        `ALTER TABLE ${t(subject)} ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY`,
      )
    );
  },
  "generated becomes plain": (subject) => {
    const column = columnWhere(subject, ({ generated }) => generated !== undefined);
    return (
      column && sql(`ALTER TABLE ${t(subject)} ALTER COLUMN ${q(column.name)} DROP EXPRESSION`)
    );
  },
  "plain becomes generated": (subject) => {
    const column = columnWhere(
      subject,
      (one) =>
        plain(one) &&
        one.type === "integer" &&
        one.name !== "id" &&
        !one.name.startsWith("parent") &&
        one.name !== "number",
    );
    if (
      column === undefined ||
      subject.table.unique.some(({ columns }) => columns.includes(column.name))
    )
      return undefined;
    return sql(
      `ALTER TABLE ${t(subject)} DROP COLUMN ${q(column.name)} CASCADE`,
      `ALTER TABLE ${t(subject)} ADD COLUMN ${q(column.name)} integer GENERATED ALWAYS AS (1) STORED`,
    );
  },
  "comment on column": (subject) =>
    sql(`COMMENT ON COLUMN ${t(subject)}.${q(anyColumn(subject).name)} IS 'seen'`),
  "comment on table": (subject) => sql(`COMMENT ON TABLE ${t(subject)} IS 'seen'`),
  analyze: (subject) => sql(`ANALYZE ${t(subject)}`),
  "statistics target": (subject) =>
    sql(`ALTER TABLE ${t(subject)} ALTER COLUMN ${q(anyColumn(subject).name)} SET STATISTICS 500`),
  "extended statistics": (subject) => {
    const columns = subject.table.columns.filter(({ type }) =>
      ["text", "integer", "bigint", "uuid"].includes(type),
    );
    return columns.length < 2
      ? undefined
      : sql(
          `CREATE STATISTICS added_statistics ON ${q(columns[0]!.name)}, ${q(columns[1]!.name)} FROM ${t(subject)}`,
        );
  },
  "storage parameter": (subject) => sql(`ALTER TABLE ${t(subject)} SET (fillfactor = 70)`),
  "add trigger that does nothing": (subject) =>
    sql(
      "CREATE FUNCTION idle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
      `CREATE TRIGGER idle BEFORE INSERT ON ${t(subject)} FOR EACH ROW EXECUTE FUNCTION idle()`,
    ),
  "add view over it": (subject) => sql(`CREATE VIEW added_view AS SELECT * FROM ${t(subject)}`),
  "column moves to the end": (subject) => {
    const column = columnWhere(subject, (one) => plain(one) && one.nullable && one.type === "date");
    if (column === undefined) return undefined;
    const name = q(column.name);
    const given = column.default === undefined ? "" : ` DEFAULT ${column.default}`;
    return sql(
      `ALTER TABLE ${t(subject)} ADD COLUMN copy date${given}`,
      `UPDATE ${t(subject)} SET copy = ${name}`,
      `ALTER TABLE ${t(subject)} DROP COLUMN ${name}`,
      `ALTER TABLE ${t(subject)} RENAME COLUMN copy TO ${name}`,
    );
  },
  "stored becomes virtual": (subject) => {
    const column = columnWhere(subject, ({ generated }) => generated !== undefined);
    if (column === undefined || subject.major < 18) return undefined;
    return sql(
      `ALTER TABLE ${t(subject)} DROP COLUMN ${q(column.name)}`,
      `ALTER TABLE ${t(subject)} ADD COLUMN ${q(column.name)} ${column.type} GENERATED ALWAYS AS ${column.generated} VIRTUAL`,
    );
  },
};
