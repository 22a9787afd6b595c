import type { Queryable } from "../pg/index.ts";
import { quoteLiteral, quoteQualified } from "../sql/index.ts";
import type { Cursor } from "./cursor.ts";
import { treeSql } from "./tree.ts";

/**
 * The file of a table whose rows are gone through by their place. A partitioned table has one for each partition that
 * holds rows, a table with heirs one for itself and one for each of them.
 */
export interface TableFile {
  readonly oid: number;
  /** Changes when the table is written anew (VACUUM FULL, CLUSTER): places mean nothing any more then. */
  readonly node: number;
  /** Its length when it was listed. What comes behind it was written since. */
  readonly blocks: number;
}

/** A file as it is now. */
export interface FoundFile extends TableFile {
  /** As `quoteQualified` writes it. */
  readonly relation: string;
  /** Why its rows cannot be gone through by their place; undefined when they can. */
  readonly unfit: string | undefined;
}

/** Which of the job's files, and where in it: block and line pointer, as Postgres writes a `tid`. */
export function cursorAt(file: number, block: number): Cursor {
  return [String(file), `(${block},0)`];
}

/** The number of the file, and the block. */
export function placeOf(cursor: Cursor): { readonly file: number; readonly block: number } {
  const [file, place] = cursor as [string, string];
  return { file: Number(file), block: Number(place.slice(1, place.indexOf(","))) };
}

/** Conditions that hold for the rows behind one place and up to another one, both in the same file. */
export function placesBetween(
  row: string,
  from: Cursor | null,
  to: Cursor | null,
): readonly string[] {
  return [
    ...(from === null ? [] : [`${row}.ctid > ${placeSql(from)}`]),
    ...(to === null ? [] : [`${row}.ctid <= ${placeSql(to)}`]),
  ];
}

function placeSql(cursor: Cursor): string {
  return `${quoteLiteral(cursor[1]!)}::pg_catalog.tid`;
}

/** The files of a table, in a fixed order. */
export async function filesOf(database: Queryable, table: string): Promise<readonly FoundFile[]> {
  return readFiles(database, `c.oid IN ${treeSql("$1::regclass")} AND c.relkind <> 'p'`, table);
}

/** One of them; undefined when its table is gone. */
export async function fileOf(database: Queryable, oid: number): Promise<FoundFile | undefined> {
  const [file] = await readFiles(database, "c.oid = $1::oid", String(oid));
  return file;
}

async function readFiles(
  database: Queryable,
  which: string,
  parameter: string,
): Promise<readonly FoundFile[]> {
  const { rows } = await database.query<{
    oid: string;
    node: string | null;
    blocks: string | null;
    schema: string;
    name: string;
    unfit: string | null;
  }>(
    `SELECT c.oid::bigint AS oid, pg_catalog.pg_relation_filenode(c.oid)::bigint AS node,
            pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::integer AS blocks,
            n.nspname AS schema, c.relname AS name,
            CASE WHEN c.relkind = 'f' THEN 'a foreign table' WHEN c.relkind <> 'r' THEN 'no table'
                 WHEN m.amname IS DISTINCT FROM 'heap' THEN 'a table of access method ' || m.amname END AS unfit
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam
      WHERE ${which} ORDER BY c.oid`,
    [parameter],
  );
  return rows.map(({ oid, node, blocks, schema, name, unfit }) => ({
    oid: Number(oid),
    node: Number(node),
    blocks: Number(blocks),
    relation: quoteQualified(schema, name),
    unfit: unfit ?? undefined,
  }));
}
