import type { Catalog, Column, Index } from "../../../catalog/index.ts";
import { keyTexts } from "../../../contract/index.ts";
import { quoteIdent, quoteQualified } from "../../../sql/index.ts";
import type { Row } from "../rows.ts";
import { copyFrom, copyTo } from "./copy.ts";
import type { Sent } from "./sent.ts";
import { columnList, literal, type ReleaseTable } from "./tables.ts";

/** How a value stands in a statement. */
type Written = (value: string | null) => string;

/** A statement of a release, with the values that it sends: untyped, as drivers do. */
export interface ReleaseStatement extends Sent {
  /** The table or view that it is about. */
  readonly on: string;
  /** With its values written into it: parsed anew each time, with the types that the columns have then. */
  readonly sql: string;
  readonly isCopy: boolean;
  /** With `$1`, `$2`, … in their place, and the values as the list in `EXECUTE name (…)`; null where nothing prepares. */
  readonly prepared: string | null;
  readonly values: readonly string[];
  /** True for a row that the migration as written would refuse. */
  readonly isRefusedLater: boolean;
  /** True for an INSERT that names a unique index by which it finds its row there, and changes that one. */
  readonly isMeeting?: boolean;
}

export function statement(
  on: string,
  write: (value: Written) => string,
  isRefusedLater = false,
): ReleaseStatement {
  const values: string[] = [];
  const prepared = write((value) => `$${values.push(literal(value))}`);
  return { on, sql: write(literal), isCopy: false, prepared, values, isRefusedLater };
}

/** Rows that statements are about. */
export interface RowsForStatements {
  /** Rows that are not there, and could be. */
  readonly spare: readonly Row[];
  /** Rows that are there and stay. */
  readonly kept: readonly Row[];
  /** Rows that the release could write and the migration as written would not take. */
  readonly refused: readonly Row[];
}

/** What an ORM that names its columns sends to a table, each statement once. */
export function statementsFor(
  table: ReleaseTable,
  { spare, kept, refused }: RowsForStatements,
): readonly ReleaseStatement[] {
  const [first, second] = spare;
  const [there] = kept;
  const donor = second ?? first ?? kept[1];
  const of = (write: (value: Written) => string) => statement(table.name, write);
  const copied = copyFrom(table, table.writable, spare);
  return [
    of(selectFrom(table, there)),
    ...[copyTo(table), copied].filter((one) => one !== undefined),
    ...(first === undefined
      ? []
      : [
          of(insertOf(table, table.writable, first)),
          of(insertOf(table, table.writable.filter(mustBeGiven), first)),
          ...table.arbiters.map((index) => of(upsertOf(table, index, first))),
        ]),
    ...refused.map((row) => statement(table.name, insertOf(table, table.writable, row), true)),
    ...(there === undefined || table.key.length === 0
      ? []
      : [
          ...(donor === undefined ? [] : updatesOf(table, there, donor).map(of)),
          of(deleteOf(table, there)),
          ...table.finders.map((index) => ({
            ...of(upsertOf(table, index, there)),
            isMeeting: true,
          })),
        ]),
  ];
}

/** What reads the views of a release. */
export function viewStatements(catalog: Catalog): readonly ReleaseStatement[] {
  const views = [...Object.entries(catalog.views), ...Object.entries(catalog.materializedViews)];
  return views.flatMap(([name, { schema, name: own, columns }]) => {
    const list = columns.map((column) => quoteIdent(column.name)).join(", ");
    const sql = `SELECT ${list} FROM ${quoteQualified(schema, own)} LIMIT 1`;
    return list === "" ? [] : [statement(name, () => sql)];
  });
}

/** Reads one row by its key, or any. */
function selectFrom(table: ReleaseTable, row: Row | undefined) {
  const list = columnList(table.columns) || "1";
  return (value: Written): string =>
    row === undefined || table.key.length === 0
      ? `SELECT ${list} FROM ${table.sql} LIMIT 1`
      : `SELECT ${list} FROM ${table.sql} WHERE ${keyIs(table, row, value)}`;
}

/** A column that an INSERT cannot leave out. */
function mustBeGiven({ nullable, default: given, identity }: Column): boolean {
  return !nullable && given === null && identity === null;
}

/** One row, of which the columns given are those that the row has among `columns`. */
export function insertOf(table: ReleaseTable, columns: readonly Column[], row: Row) {
  const head = insertHead(table, columns, row);
  return (value: Written): string => `${head(value)}${returning(table)}`;
}

function insertHead(table: ReleaseTable, columns: readonly Column[], row: Row) {
  const given = columns.filter(({ name }) => row[name] !== undefined);
  if (given.length === 0) return () => `INSERT INTO ${table.sql} DEFAULT VALUES`;
  const overriding = given.some(({ identity }) => identity?.generation === "always")
    ? " OVERRIDING SYSTEM VALUE"
    : "";
  return (value: Written): string => {
    const list = given.map(({ name }) => value(row[name]!)).join(", ");
    return `INSERT INTO ${table.sql} (${columnList(given)})${overriding} VALUES (${list})`;
  };
}

function returning({ columns }: ReleaseTable): string {
  return columns.length === 0 ? "" : ` RETURNING ${columnList(columns)}`;
}

/** Meets a row that has the same key, or none. */
function upsertOf(table: ReleaseTable, index: Index, row: Row) {
  const head = insertHead(table, table.writable, row);
  const where = index.predicate === null ? "" : ` WHERE ${index.predicate}`;
  const own = new Set(index.keys.map(({ column }) => column));
  const set = table.writable
    .filter(({ name }) => !own.has(name) && !table.key.includes(name))
    .map(({ name }) => `${quoteIdent(name)} = EXCLUDED.${quoteIdent(name)}`);
  const action = set.length === 0 ? "DO NOTHING" : `DO UPDATE SET ${set.join(", ")}`;
  const target = `ON CONFLICT (${keyTexts(index).join(", ")})${where} ${action}`;
  return (value: Written): string => `${head(value)} ${target}${returning(table)}`;
}

/** Each column alone, then all of them. */
function updatesOf(table: ReleaseTable, row: Row, donor: Row) {
  const free = table.writable.filter(
    ({ name }) => donor[name] !== undefined && !table.key.includes(name),
  );
  const sets = [...free.map((column) => [column]), ...(free.length > 1 ? [free] : [])];
  return sets.map((columns) => updateOf(table, row, columns, donor));
}

/** Gives the row of a key the values that `donor` has in these columns. */
export function updateOf(table: ReleaseTable, row: Row, columns: readonly Column[], donor: Row) {
  return (value: Written): string => {
    const set = columns.map(({ name }) => `${quoteIdent(name)} = ${value(donor[name]!)}`);
    return `UPDATE ${table.sql} SET ${set.join(", ")} WHERE ${keyIs(table, row, value)}${returning(table)}`;
  };
}

export function deleteOf(table: ReleaseTable, row: Row) {
  return (value: Written): string =>
    `DELETE FROM ${table.sql} WHERE ${keyIs(table, row, value)}${returning(table)}`;
}

function keyIs({ key }: ReleaseTable, row: Row, value: Written): string {
  return key.map((name) => `${quoteIdent(name)} = ${value(row[name]!)}`).join(" AND ");
}
