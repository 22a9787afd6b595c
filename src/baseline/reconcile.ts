import type { Column, Constraint, Difference, Index } from "../catalog/index.ts";
import { quoteIdent, quoteLiteral } from "../sql/index.ts";
import type { Remaining } from "./remains.ts";

/**
 * SQL that brings a database to what the migrations say, for a person to review. What loses rows, or what somebody may
 * have added for a reason, is written as a comment. What cannot be written from a catalog is named.
 *
 * @param title what the file is, in a line
 */
export function reconcileSql(remains: readonly Remaining[], title: string): string {
  const parts = remains.map((row) => [`-- ${row.sentence}.`, ...statementsFor(row)].join("\n"));
  return (
    [`-- ${title}`, "-- Read it before it is run: nothing of it was.", ...parts].join("\n\n") + "\n"
  );
}

function statementsFor(row: Remaining): readonly string[] {
  if (row.done === "renamed" && row.differences.length === 0) return [renameTable(row)];
  const written = row.differences.flatMap((each) => statementFor(each, row));
  return written.length === 0
    ? ["-- not written: take it from the migration that makes it"]
    : written;
}

function renameTable({ migrations, database }: Remaining): string {
  const name = migrations!.slice(migrations!.lastIndexOf(".") + 1);
  return `ALTER TABLE ${database} RENAME TO ${name};`;
}

/** Written as a comment: it loses something, or undoes what somebody wanted. */
const consider = (sql: string): readonly string[] => [`-- to take it back: ${sql}`];

/** Where a difference is: the object, and as a part of its table. */
interface Place {
  readonly object: string;
  readonly table: string;
  readonly name: string;
  readonly row: Remaining;
}

type Writers = {
  readonly [Kind in Difference["kind"]]?: (
    difference: Extract<Difference, { kind: Kind }>,
    place: Place,
  ) => readonly string[];
};

const writers: Writers = {
  "missing-column": ({ before }, { table }) => [
    `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${columnSql(before)};`,
  ],
  "extra-column": (_, { table, name }) =>
    consider(`ALTER TABLE ${table} DROP COLUMN IF EXISTS ${name};`),
  "column-type-changed": ({ before }, { table, name }) => [
    `ALTER TABLE ${table} ALTER COLUMN ${name} TYPE ${before.text} USING ${name}::${before.text};`,
  ],
  "column-nullability-changed": ({ before }, { table, name }) => [
    `ALTER TABLE ${table} ALTER COLUMN ${name} ${before ? "DROP" : "SET"} NOT NULL;`,
  ],
  "column-default-changed": ({ before }, { table, name }) => [
    before === null
      ? `ALTER TABLE ${table} ALTER COLUMN ${name} DROP DEFAULT;`
      : `ALTER TABLE ${table} ALTER COLUMN ${name} SET DEFAULT ${before};`,
  ],
  "missing-constraint": ({ before }, { table }) => [addConstraint(table, before)],
  "extra-constraint": (_, { table, name }) =>
    consider(`ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${name};`),
  "constraint-changed": ({ before }, { table, name }) => [
    `ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${name};`,
    addConstraint(table, before),
  ],
  "constraint-validity-changed": ({ before }, { table, name }) =>
    before ? [`ALTER TABLE ${table} VALIDATE CONSTRAINT ${name};`] : [],
  "missing-index": ({ before }) => [createIndex(before)],
  "extra-index": (_, { object }) => consider(`DROP INDEX IF EXISTS ${object};`),
  "index-changed": ({ before }, { object }) => [
    `DROP INDEX IF EXISTS ${object};`,
    createIndex(before),
  ],
  "index-validity-changed": (_, { object }) => [`REINDEX INDEX ${object};`],
  "missing-table": ({ before }, { object }) => createTable(object, before),
  "extra-table": (_, { object }) => consider(`DROP TABLE IF EXISTS ${object};`),
  "missing-view": ({ before }, { object }) => [
    `CREATE OR REPLACE VIEW ${object} AS\n${before.definition.trim()}`,
  ],
  "view-definition-changed": ({ before }, { object, row }) =>
    row.what === "view" ? [`CREATE OR REPLACE VIEW ${object} AS\n${before.trim()}`] : [],
  "extra-view": (_, { object }) => consider(`DROP VIEW IF EXISTS ${object};`),
  "missing-enum": ({ before }, { object }) => [
    `CREATE TYPE ${object} AS ENUM (${before.labels.map(quoteLiteral).join(", ")});`,
  ],
  "missing-enum-value": ({ before }, { object }) => [
    `ALTER TYPE ${object} ADD VALUE IF NOT EXISTS ${quoteLiteral(before)};`,
  ],
  "missing-trigger": ({ before }) => [`${before.definition};`],
  "extra-trigger": (_, { table, name }) => consider(`DROP TRIGGER IF EXISTS ${name} ON ${table};`),
  "missing-schema": (_, { object }) => [`CREATE SCHEMA IF NOT EXISTS ${object};`],
  "missing-extension": (_, { object }) => [`CREATE EXTENSION IF NOT EXISTS ${object};`],
};

function statementFor(difference: Difference, row: Remaining): readonly string[] {
  const { object } = difference;
  const [table, name] = splitLast(object);
  const write = writers[difference.kind] as
    | ((difference: Difference, place: Place) => readonly string[])
    | undefined;
  return write?.(difference, { object, table, name, row }) ?? [];
}

function splitLast(object: string): readonly [string, string] {
  // The last dot outside of quotes.
  let quoted = false;
  let at = -1;
  for (let index = 0; index < object.length; index++) {
    if (object[index] === '"') quoted = !quoted;
    if (object[index] === "." && !quoted) at = index;
  }
  return at === -1 ? ["", object] : [object.slice(0, at), object.slice(at + 1)];
}

function columnSql({
  name,
  type,
  nullable,
  default: fallback,
  identity,
  generated,
  collation,
}: Column): string {
  return [
    quoteIdent(name),
    type.text,
    ...(collation === null ? [] : [`COLLATE ${collation}`]),
    ...(generated === null
      ? []
      : [`GENERATED ALWAYS AS (${generated.expression}) ${generated.kind.toUpperCase()}`]),
    ...(identity === null
      ? []
      : [`GENERATED ${identity.generation === "always" ? "ALWAYS" : "BY DEFAULT"} AS IDENTITY`]),
    ...(fallback === null ? [] : [`DEFAULT ${fallback}`]),
    ...(nullable ? [] : ["NOT NULL"]),
  ].join(" ");
}

function addConstraint(table: string, { name, definition }: Constraint): string {
  return `ALTER TABLE ${table} ADD CONSTRAINT ${quoteIdent(name)} ${definition};`;
}

function createIndex({ definition }: Index): string {
  return `${definition};`;
}

function createTable(
  object: string,
  table: Extract<Difference, { kind: "missing-table" }>["before"],
): readonly string[] {
  if (table.kind !== "table") return [];
  const lines = [
    ...table.columns.map(columnSql),
    ...table.constraints.map(
      ({ name, definition }) => `CONSTRAINT ${quoteIdent(name)} ${definition}`,
    ),
  ];
  const indexes = table.indexes.filter(({ constraint }) => constraint === null).map(createIndex);
  return [`CREATE TABLE ${object} (\n  ${lines.join(",\n  ")}\n);`, ...indexes];
}
