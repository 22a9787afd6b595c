import type { Catalog, Column, Table } from "../../src/catalog/index.ts";
import { quoteIdent, quoteQualified } from "../../src/sql/index.ts";
import type { DrawnChange } from "./judge.ts";
import type { Random } from "./random.ts";

/** A change of a table, or of what hangs on it. */
export interface Change extends DrawnChange {
  /** Table, `schema.name`, whose code may be touched. */
  readonly table: string;
}

interface Subject {
  readonly catalog: Catalog;
  readonly table: Table;
  readonly random: Random;
}

type Made = Omit<Change, "kind" | "table"> | undefined;
type Maker = (subject: Subject) => Made;

const q = quoteIdent;
const sql = (...statements: readonly string[]): Made => ({ sql: statements });
const name = ({ table }: Subject) => quoteQualified(table.schema, table.name);
const alter = (subject: Subject, what: string) => `ALTER TABLE ${name(subject)} ${what}`;

function columnWhere({ table, random }: Subject, wanted: (column: Column) => boolean) {
  const columns = table.columns.filter(wanted);
  return columns.length === 0 ? undefined : random.pick(columns);
}

const plain = (column: Column) => column.generated === null;

function inKey({ table }: Subject, column: Column): boolean {
  return table.constraints.some(
    (one) =>
      (one.kind === "primary-key" || one.kind === "foreign-key") &&
      one.columns.includes(column.name),
  );
}

/** `ALTER COLUMN … ` for a column that the rule picks. */
const onColumn =
  (
    wanted: (column: Column, subject: Subject) => boolean,
    change: (column: Column) => string,
  ): Maker =>
  (subject) => {
    const column = columnWhere(subject, (one) => wanted(one, subject));
    return column && sql(alter(subject, `ALTER COLUMN ${q(column.name)} ${change(column)}`));
  };

const retype =
  (from: string, to: string, using = "?"): Maker =>
  (subject) => {
    const column = columnWhere(
      subject,
      (one) => one.type.text === from && plain(one) && !inKey(subject, one),
    );
    if (column === undefined) return undefined;
    const own = q(column.name);
    const made = using === "?" ? `${own}::${to}` : using.replaceAll("?", own);
    return sql(
      alter(subject, `ALTER COLUMN ${own} DROP DEFAULT`),
      alter(subject, `ALTER COLUMN ${own} TYPE ${to} USING ${made}`),
      ...(column.default === null
        ? []
        : [alter(subject, `ALTER COLUMN ${own} SET DEFAULT ${column.default}`)]),
    );
  };

function foreignKey(subject: Subject) {
  const keys = subject.table.constraints.filter((one) => one.kind === "foreign-key");
  return keys.length === 0 ? undefined : subject.random.pick(keys);
}

function unique(subject: Subject) {
  const own = subject.table.indexes.filter((one) => one.unique && one.constraint === null);
  return own.length === 0 ? undefined : subject.random.pick(own);
}

function enumType({ catalog, random, table }: Subject) {
  const used = table.columns.filter(({ type }) => type.kind === "enum");
  if (used.length === 0) return undefined;
  const { type } = random.pick(used);
  return Object.values(catalog.enums).find(
    (one) => one.name === type.name && one.schema === type.schema,
  );
}

const makers: Readonly<Record<string, Maker>> = {
  "drop column": (subject) =>
    sql(alter(subject, `DROP COLUMN ${q(columnWhere(subject, () => true)!.name)} CASCADE`)),
  "rename column": (subject) =>
    sql(alter(subject, `RENAME COLUMN ${q(columnWhere(subject, () => true)!.name)} TO renamed`)),
  "rename column in case only": (subject) => {
    const column = columnWhere(subject, (one) => one.name !== one.name.toUpperCase())!;
    return (
      column &&
      sql(alter(subject, `RENAME COLUMN ${q(column.name)} TO ${q(column.name.toUpperCase())}`))
    );
  },
  "drop table": (subject) => sql(`DROP TABLE ${name(subject)} CASCADE`),
  "rename table": (subject) => sql(alter(subject, "RENAME TO renamed")),
  "move table to another schema": (subject) =>
    sql("CREATE SCHEMA elsewhere", alter(subject, "SET SCHEMA elsewhere")),
  "rename table behind a view": (subject) =>
    subject.table.indexes.some((one) => one.unique)
      ? sql(
          alter(subject, "RENAME TO renamed"),
          `CREATE VIEW ${name(subject)} AS SELECT * FROM ${quoteQualified(subject.table.schema, "renamed")}`,
        )
      : undefined,
  "add nullable column": (subject) => sql(alter(subject, "ADD COLUMN added text")),
  "add column with default": (subject) =>
    sql(alter(subject, "ADD COLUMN added integer NOT NULL DEFAULT 0")),
  "add required column": (subject) =>
    sql(
      alter(subject, "ADD COLUMN added integer"),
      `UPDATE ${name(subject)} SET added = 1`,
      alter(subject, "ALTER COLUMN added SET NOT NULL"),
    ),
  "add generated column": (subject) =>
    sql(alter(subject, "ADD COLUMN added integer GENERATED ALWAYS AS (1) STORED")),
  "set not null": (subject) => {
    const column = columnWhere(
      subject,
      (one) => one.nullable && one.default === null && plain(one),
    );
    return (
      column &&
      sql(
        `DELETE FROM ${name(subject)} WHERE ${q(column.name)} IS NULL`,
        alter(subject, `ALTER COLUMN ${q(column.name)} SET NOT NULL`),
      )
    );
  },
  "drop not null": onColumn(
    (one, subject) => !one.nullable && !inKey(subject, one),
    () => "DROP NOT NULL",
  ),
  "drop default": onColumn(
    (one) => one.default !== null,
    () => "DROP DEFAULT",
  ),
  "set default": onColumn(
    (one, subject) => one.type.text === "text" && one.default === null && !inKey(subject, one),
    () => "SET DEFAULT 'given'",
  ),
  "change default": onColumn(
    (one) => one.type.text === "integer" && one.default === "0",
    () => "SET DEFAULT 7",
  ),
  "serial becomes identity": (subject) => {
    const column = columnWhere(subject, (one) => one.default?.startsWith("nextval") ?? false);
    return (
      column &&
      sql(
        alter(subject, `ALTER COLUMN ${q(column.name)} DROP DEFAULT`),
        alter(
          subject,
          `ALTER COLUMN ${q(column.name)} ADD GENERATED BY DEFAULT AS IDENTITY (START 1000)`,
        ),
      )
    );
  },
  "serial becomes identity always": (subject) => {
    const column = columnWhere(subject, (one) => one.default?.startsWith("nextval") ?? false);
    return (
      column &&
      sql(
        alter(subject, `ALTER COLUMN ${q(column.name)} DROP DEFAULT`),
        alter(
          subject,
          `ALTER COLUMN ${q(column.name)} ADD GENERATED ALWAYS AS IDENTITY (START 1000)`,
        ),
      )
    );
  },
  "drop unique": (subject) => {
    const one = unique(subject);
    return one && sql(`DROP INDEX ${quoteQualified(subject.table.schema, one.name)}`);
  },
  "rename unique": (subject) => {
    const one = unique(subject);
    return (
      one && sql(`ALTER INDEX ${quoteQualified(subject.table.schema, one.name)} RENAME TO renamed`)
    );
  },
  "add unique": (subject) => {
    const column = columnWhere(
      subject,
      (one) => one.type.text === "boolean" || one.type.text === "text",
    );
    if (
      column === undefined ||
      subject.table.indexes.some(
        (one) =>
          one.unique &&
          one.keys.length === 1 &&
          JSON.stringify(one.keys).includes(JSON.stringify(column.name)),
      )
    )
      return undefined;
    return {
      sql: [`CREATE UNIQUE INDEX added_unique ON ${name(subject)} (${q(column.name)})`],
      dataDependent: true,
    };
  },
  "drop index": (subject) => {
    const one = subject.table.indexes.find((index) => !index.unique);
    return one && sql(`DROP INDEX ${quoteQualified(subject.table.schema, one.name)}`);
  },
  "add index": (subject) => {
    const column = columnWhere(
      subject,
      (one) => one.type.text === "text" || one.type.text === "integer",
    );
    return column && sql(`CREATE INDEX added ON ${name(subject)} (${q(column.name)})`);
  },
  "drop foreign key": (subject) => {
    const one = foreignKey(subject);
    return one && sql(alter(subject, `DROP CONSTRAINT ${q(one.name)}`));
  },
  "foreign key action changes": (subject) => {
    const one = foreignKey(subject);
    if (one?.kind !== "foreign-key") return undefined;
    const action = subject.random.pick(["CASCADE", "SET NULL", "NO ACTION", "RESTRICT"]);
    return sql(
      alter(subject, `DROP CONSTRAINT ${q(one.name)}`),
      alter(
        subject,
        `ADD CONSTRAINT ${q(one.name)} FOREIGN KEY (${one.columns.map(q).join(", ")}) REFERENCES ${one.references.table} (${one.references.columns.map(q).join(", ")}) ON DELETE ${action} ON UPDATE CASCADE`,
      ),
    );
  },
  "add check": (subject) => {
    const column = columnWhere(subject, (one) => one.type.text === "text");
    return (
      column && {
        sql: [
          alter(
            subject,
            `ADD CONSTRAINT added CHECK (length(${q(column.name)}) < ${subject.random.pick([3, 1000])}) NOT VALID`,
          ),
        ],
        dataDependent: true,
      }
    );
  },
  "rename enum value": (subject) => {
    const type = enumType(subject);
    return (
      type &&
      sql(
        `ALTER TYPE ${quoteQualified(type.schema, type.name)} RENAME VALUE '${type.labels.at(-1)!}' TO 'other'`,
      )
    );
  },
  "add enum value": (subject) => {
    const type = enumType(subject);
    return type && sql(`ALTER TYPE ${quoteQualified(type.schema, type.name)} ADD VALUE 'extra'`);
  },
  "rename enum type": (subject) => {
    const type = enumType(subject);
    return type && sql(`ALTER TYPE ${quoteQualified(type.schema, type.name)} RENAME TO renamed`);
  },
  "comment on table": (subject) => sql(`COMMENT ON TABLE ${name(subject)} IS 'seen'`),
  analyze: (subject) => sql(`ANALYZE ${name(subject)}`),
  "storage parameter": (subject) => sql(alter(subject, "SET (fillfactor = 70)")),
  "add view over it": (subject) => sql(`CREATE VIEW added_view AS SELECT * FROM ${name(subject)}`),
  "column moves to the end": (subject) => {
    const column = columnWhere(
      subject,
      (one) => one.nullable && !inKey(subject, one) && one.default === null,
    );
    if (column === undefined) return undefined;
    const own = q(column.name);
    return sql(
      alter(subject, `ADD COLUMN copy ${column.type.text}`),
      `UPDATE ${name(subject)} SET copy = ${own}`,
      ...subject.table.indexes
        .filter((one) => JSON.stringify(one.keys).includes(JSON.stringify(column.name)))
        .map(() => "SELECT 1/0"),
      alter(subject, `DROP COLUMN ${own}`),
      alter(subject, `RENAME COLUMN copy TO ${own}`),
    );
  },
  "text to varchar": retype("text", "character varying(3)", "left(?, 3)"),
  "text to unbounded varchar": retype("text", "character varying"),
  "text to integer": retype("text", "integer", "length(?)"),
  "text to uuid": retype("text", "uuid", "'00000000-0000-4000-8000-000000000001'::uuid"),
  "shorten varchar": retype("character varying(200)", "character varying(60)", "left(?, 60)"),
  "lengthen varchar": retype("character varying(40)", "character varying(200)"),
  "varchar to text": retype("character varying(20)", "text"),
  "integer to bigint": retype("integer", "bigint"),
  "integer to smallint": retype("integer", "smallint", "1"),
  "integer to text": retype("integer", "text"),
  "integer to numeric": retype("integer", "numeric"),
  "smallint to integer": retype("smallint", "integer"),
  "bigint to integer": retype("bigint", "integer", "1"),
  "bigint to numeric": retype("bigint", "numeric"),
  "numeric wider": retype("numeric(12,2)", "numeric(14,2)"),
  "numeric narrower": retype("numeric(12,2)", "numeric(8,2)", "1"),
  "numeric to double": retype("numeric(12,2)", "double precision"),
  "double to numeric": retype("double precision", "numeric"),
  "double to real": retype("double precision", "real"),
  "real to double": retype("real", "double precision"),
  "timestamp to timestamptz": retype(
    "timestamp(3) without time zone",
    "timestamp(3) with time zone",
  ),
  "timestamptz to timestamp": retype(
    "timestamp(3) with time zone",
    "timestamp(3) without time zone",
  ),
  "timestamp to date": retype("timestamp(3) without time zone", "date"),
  "timestamp to text": retype("timestamp(3) without time zone", "text"),
  "timestamp finer": retype("timestamp(3) without time zone", "timestamp without time zone"),
  "timestamptz rounds": retype("timestamp(3) with time zone", "timestamp(0) with time zone"),
  "date to timestamp": retype("date", "timestamp without time zone"),
  "jsonb to json": retype("jsonb", "json"),
  "jsonb to text": retype("jsonb", "text"),
  "boolean to integer": retype("boolean", "integer", "?::integer"),
  "bytea to text": retype("bytea", "text", "encode(?, 'hex')"),
  "array to single": retype("text[]", "text", "?[1]"),
  "uuid to text": retype("uuid", "text"),
  "enum to text": (subject) => {
    const column = columnWhere(subject, ({ type }) => type.kind === "enum" && !type.array);
    return (
      column &&
      retype(
        column.type.text,
        "text",
      )({ ...subject, table: { ...subject.table, columns: [column] } })
    );
  },
};

/** Kinds of changes. */
export const kindsOfChange: readonly string[] = Object.keys(makers);

/** A change of a kind; undefined when the table drawn at random has nothing it could apply to. */
export function drawChange(catalog: Catalog, random: Random, kind: string): Change | undefined {
  const table = random.pick(Object.keys(catalog.tables));
  const made = makers[kind]!({ catalog, table: catalog.tables[table]!, random });
  return made && { kind, table, ...made };
}
