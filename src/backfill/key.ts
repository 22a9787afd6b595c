import { LockstepError } from "../errors/index.ts";
import type { Session } from "../pg/index.ts";
import { quoteIdent, quoteLiteral } from "../sql/index.ts";
import type { Cursor } from "./cursor.ts";
import { filesOf } from "./place.ts";

/** Columns by which the rows of a table can be read in order, each row once. */
export interface RowKey {
  /** The index that has this order. */
  readonly index: string;
  readonly columns: readonly KeyColumn[];
  /** The greatest one when the backfill began, where rows that come behind it later are none of its own. */
  readonly last?: Cursor;
}

export interface KeyColumn {
  readonly name: string;
  /** As `format_type` writes it, with its schema. */
  readonly type: string;
}

/**
 * The primary key, or else the unique index of fewest columns, whose columns are all NOT NULL: a row with NULL in its
 * key would be passed over. Partial indexes, expressions, descending columns and indexes still being built do not
 * serve; nor do deferrable constraints, under which two rows can share a key for a moment. An index of a table says nothing
 * of the rows of tables that inherit from it (manual 5.11.1), so that a table with heirs has no key; partitions are no heirs.
 *
 * @param table as `quoteQualified` writes it
 * @returns null when there is none: the rows are gone through by their place
 * @throws LockstepError `backfill-key` when that cannot be either
 */
export async function findKey(session: Session, table: string): Promise<RowKey | null> {
  const [best] = (await hasHeirs(session, table)) ? [] : await keysOf(session, table);
  if (best !== undefined) return best;
  const unfit = (await filesOf(session, table)).filter((file) => file.unfit !== undefined);
  if (unfit.length === 0) return null;
  throw new LockstepError("backfill-key", {
    what: `the rows of ${table} cannot be gone through in short transactions`,
    expected:
      "a primary key or a valid unique index on NOT NULL columns that is neither partial nor deferrable; or else a table that Postgres keeps itself, where a row has a place",
    found: unfit.map((file) => `no key, and ${file.relation} is ${file.unfit}`).join("\n"),
    from: session.where,
    why: "a backfill must know, after a crash, which rows are done",
    next: [
      `add a primary key to ${table}, or change the rows of ${unfit[0]!.relation} where they are kept`,
    ],
  });
}

async function hasHeirs(session: Session, table: string): Promise<boolean> {
  const { rows } = await session.query(
    `SELECT FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhparent
      WHERE i.inhparent = $1::regclass AND c.relkind <> 'p' LIMIT 1`,
    [table],
  );
  return rows.length > 0;
}

/** Whether cursors of a key still say which rows are done: some index has the same columns, in the same order. */
export async function keyStands(session: Session, table: string, key: RowKey): Promise<boolean> {
  const columns = JSON.stringify(key.columns);
  const keys = await keysOf(session, table);
  return keys.some((each) => JSON.stringify(each.columns) === columns);
}

/** The greatest key of the rows that are there; null in an empty table. */
export async function greatestKey(
  session: Session,
  table: string,
  key: RowKey,
): Promise<Cursor | null> {
  const { rows } = await session.query<{ last: string[] }>(
    `SELECT ${keyAsText(key, "t")} AS last FROM ${table} t ORDER BY ${keyList(key, "t", "DESC")} LIMIT 1`,
  );
  return rows[0]?.last ?? null;
}

/** All keys of a table, the best first. */
async function keysOf(session: Session, table: string): Promise<readonly RowKey[]> {
  const { rows } = await session.query<{ index: string; names: string[]; types: string[] }>(
    `SELECT c.relname AS index, k.names, k.types
       FROM pg_catalog.pg_index i
       JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
       JOIN pg_catalog.pg_am m ON m.oid = c.relam AND m.amname = 'btree'
      CROSS JOIN LATERAL (
        SELECT array_agg(a.attname::text ORDER BY n.ord) AS names,
               array_agg(pg_catalog.format_type(a.atttypid, a.atttypmod) ORDER BY n.ord) AS types,
               count(*) FILTER (WHERE NOT a.attnotnull OR NOT o.opcdefault OR i.indoption[n.ord - 1] <> 0
                 OR i.indcollation[n.ord - 1] <> a.attcollation) AS unfit,
               count(*) AS found
          FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS n (attnum, ord)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = n.attnum
          JOIN pg_catalog.pg_opclass o ON o.oid = i.indclass[n.ord - 1]
         WHERE n.ord <= i.indnkeyatts) k
      WHERE i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL
        AND k.unfit = 0 AND k.found = i.indnkeyatts
      ORDER BY i.indisprimary DESC, i.indnkeyatts, c.relname`,
    [table],
  );
  return rows.map(({ index, names, types }) => ({
    index,
    columns: names.map((name, n) => ({ name, type: types[n]! })),
  }));
}

/** `t."a", t."b"`, with a direction for ORDER BY when one is given. */
export function keyList({ columns }: RowKey, row: string, direction = ""): string {
  return columns.map(({ name }) => `${row}.${quoteIdent(name)} ${direction}`.trim()).join(", ");
}

/** An array of the key's columns as text, which is how cursors are kept: no client type loses digits on the way. */
export function keyAsText({ columns }: RowKey, row: string): string {
  return `ARRAY[${columns.map(({ name }) => `${row}.${quoteIdent(name)}::text`).join(", ")}]`;
}

/** Conditions that hold for a row's key after `from` and up to `to`. The comparison is the server's, with the columns' own types and collations. */
export function between(
  key: RowKey,
  row: string,
  from: Cursor | null,
  to: Cursor | null,
): readonly string[] {
  return [
    ...(from === null ? [] : [compare(key, row, ">", from)]),
    ...(to === null ? [] : [compare(key, row, "<=", to)]),
  ];
}

/** A condition that holds for the row of this key. */
export function isAt(key: RowKey, row: string, cursor: Cursor): string {
  return compare(key, row, "=", cursor);
}

function compare(key: RowKey, row: string, operator: string, cursor: Cursor): string {
  const values = key.columns.map(({ type }, n) => `${quoteLiteral(cursor[n]!)}::${type}`);
  return `ROW(${keyList(key, row)}) ${operator} ROW(${values.join(", ")})`;
}

/** `WHERE a AND b`; nothing for no conditions. */
export function where(conditions: readonly string[]): string {
  return conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
}
