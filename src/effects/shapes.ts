import { qualifiedName, type QualifiedName } from "../sql/index.ts";
import type { Queryable } from "../pg/index.ts";
import type { ColumnShape, FanOut, RelationShape } from "./sizes.ts";

const ours = `c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'`;
const from = `pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`;

const relationsSql = `
  SELECT n.nspname AS schema, c.relname AS name,
         pg_catalog.pg_stat_get_dead_tuples(c.oid)::float8 AS dead,
         CASE WHEN c.reltuples < 0 THEN pg_catalog.pg_stat_get_live_tuples(c.oid) ELSE c.reltuples END::float8 AS rows,
         CASE WHEN c.relkind = 'p' THEN 0 ELSE pg_catalog.pg_relation_size(c.oid) END::float8 AS bytes,
         CASE WHEN c.reltoastrelid = 0 THEN 0 ELSE pg_catalog.pg_total_relation_size(c.reltoastrelid) END::float8 AS toast,
         coalesce((SELECT option_value::float8 / 100 FROM pg_catalog.pg_options_to_table(c.reloptions)
                    WHERE option_name = 'fillfactor'), 1) AS fill,
         c.relkind = 'p' AS is_partitioned,
         (SELECT pg_catalog.count(*)::int FROM pg_catalog.pg_attribute a
           WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
    FROM ${from} WHERE c.relkind IN ('r', 'm', 'p') AND ${ours}`;

const indexesSql = `
  SELECT n.nspname AS schema, c.relname AS name, x.relname AS index,
         CASE WHEN x.relkind = 'I' THEN 0 ELSE pg_catalog.pg_relation_size(x.oid) END::float8 AS bytes
    FROM ${from}
    JOIN pg_catalog.pg_index i ON i.indrelid = c.oid
    JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
   WHERE c.relkind IN ('r', 'm', 'p') AND ${ours}
   ORDER BY n.nspname, c.relname, x.relname`;

/**
 * Digits and signs are counted where the values are: none of them leaves the server. Numbers alone: a type that is made of
 * them has its own way of writing them.
 */
const values = `pg_catalog.array_cat(s.most_common_vals::text::numeric[], s.histogram_bounds::text::numeric[])`;
const columnsSql = `
  SELECT s.schemaname AS schema, s.tablename AS name, s.attname AS column,
         s.null_frac::float8 AS nulls, s.n_distinct::float8 AS "distinct", s.avg_width AS width,
         s.correlation::float8 AS correlation, s.most_common_freqs::float8[] AS commonest,
         CASE WHEN a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype,
                                  'float4'::regtype, 'float8'::regtype)
              THEN (SELECT ARRAY[pg_catalog.max(pg_catalog.length(pg_catalog.trunc(pg_catalog.abs(v))::text)),
                                 (pg_catalog.min(v) < 0)::int]
                      FROM pg_catalog.unnest(${values}) AS v
                     WHERE v NOT IN ('NaN', 'Infinity', '-Infinity')) END AS digits
    FROM ${from}
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname
     AND s.inherited = (c.relkind = 'p')
   WHERE c.relkind IN ('r', 'm', 'p') AND ${ours}
   ORDER BY n.nspname, c.relname, a.attnum`;

const keysSql = `
  SELECT n.nspname AS schema, c.relname AS name, k.conname AS key, a.attname AS column,
         pn.nspname AS parent_schema, p.relname AS parent_name
    FROM ${from}
    JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid AND k.contype = 'f' AND pg_catalog.cardinality(k.conkey) = 1
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
    JOIN pg_catalog.pg_class p ON p.oid = k.confrelid
    JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
   WHERE ${ours} AND NOT EXISTS (
     SELECT FROM pg_catalog.pg_constraint u WHERE u.oid = k.conparentid AND u.conrelid = k.conrelid)
   ORDER BY n.nspname, c.relname, k.conname`;

interface Named {
  readonly schema: string;
  readonly name: string;
}

interface RelationRow extends Named {
  readonly dead: number;
  readonly rows: number;
  readonly bytes: number;
  readonly toast: number;
  /** Share of a page that INSERT fills. */
  readonly fill: number;
  readonly is_partitioned: boolean;
  readonly columns: number;
}

interface ColumnRow extends Named {
  readonly column: string;
  readonly nulls: number;
  readonly distinct: number;
  readonly width: number;
  readonly correlation: number | null;
  readonly commonest: readonly number[] | null;
  readonly digits: readonly [number | null, number | null] | null;
}

interface KeyRow extends Named {
  readonly key: string;
  readonly column: string;
  readonly parent_schema: string;
  readonly parent_name: string;
}

/** The form of each table's rows, from the statistics alone; in a transaction of the caller's. */
export async function readShapes(
  database: Queryable,
): Promise<ReadonlyMap<QualifiedName, RelationShape>> {
  const relations = (await database.query<RelationRow & object>(relationsSql)).rows;
  const indexes = byRelation(
    (await database.query<Named & { index: string; bytes: number }>(indexesSql)).rows,
  );
  const columns = byRelation((await database.query<ColumnRow & object>(columnsSql)).rows);
  const keys = byRelation((await database.query<KeyRow & object>(keysSql)).rows);
  return new Map(
    relations.map((relation) => {
      const name = qualifiedName(relation.schema, relation.name);
      const own = new Map((columns.get(name) ?? []).map((row) => [row.column, row]));
      return [
        name,
        {
          deadRows: relation.dead,
          bloatBytes: bloat(relation, [...own.values()]),
          toastBytes: relation.toast,
          indexes: Object.fromEntries(
            (indexes.get(name) ?? []).map((row) => [row.index, row.bytes]),
          ),
          columns: Object.fromEntries([...own].map(([column, row]) => [column, columnShape(row)])),
          foreignKeys: Object.fromEntries(
            (keys.get(name) ?? []).flatMap((key) => {
              const row = own.get(key.column);
              return row === undefined ? [] : [[key.key, fanOut(key, row, relation.rows)] as const];
            }),
          ),
        },
      ] as const;
    }),
  );
}

function byRelation<Row extends Named>(
  rows: readonly Row[],
): ReadonlyMap<QualifiedName, readonly Row[]> {
  const groups = new Map<QualifiedName, Row[]>();
  for (const row of rows) {
    const name = qualifiedName(row.schema, row.name);
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  return groups;
}

function columnShape(row: ColumnRow): ColumnShape {
  const [digits, negative] = row.digits ?? [null, null];
  return {
    nulls: rounded(row.nulls),
    distinct: rounded(row.distinct),
    width: row.width,
    correlation: row.correlation === null ? null : rounded(row.correlation),
    commonest: (row.commonest ?? []).slice(0, 25).map(rounded),
    ...(digits === null ? {} : { digits, negative: negative === 1 }),
  };
}

/** Four digits: statistics of a sample are no more exact. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** How many different values a column has among so many rows. */
export function distinctOf(
  { distinct, nulls }: Pick<ColumnShape, "distinct" | "nulls">,
  rows: number,
): number {
  const most = Math.max(1, Math.round(rows * (1 - nulls)));
  return Math.max(1, Math.min(most, Math.round(distinct < 0 ? -distinct * rows : distinct)));
}

function fanOut(key: KeyRow, row: ColumnRow, rows: number): FanOut {
  const most = row.commonest?.[0];
  return {
    to: qualifiedName(key.parent_schema, key.parent_name),
    average: rounded((rows * (1 - row.nulls)) / distinctOf(row, rows)),
    most: most === undefined ? null : Math.round(most * rows),
  };
}

/**
 * A page of 8 kB has a header of 24 bytes; a row 4 bytes of line pointer, 23 of header with the bitmap of its nulls, and its
 * values, in steps of 8 (bufpage.h, htup_details.h). Padding between values is not counted, so this is rather too much.
 */
function bloat(
  { rows, bytes, fill, is_partitioned: isPartitioned, columns }: RelationRow,
  shapes: readonly ColumnRow[],
): number | null {
  if (isPartitioned || shapes.length < columns) return isPartitioned ? 0 : null;
  const hasNulls = shapes.some(({ nulls }) => nulls > 0);
  const header = eights(23 + (hasNulls ? Math.ceil(columns / 8) : 0));
  const data = shapes.reduce((sum, { width, nulls }) => sum + width * (1 - nulls), 0);
  const perPage = Math.max(1, Math.floor(((8192 - 24) * fill) / (4 + header + eights(data))));
  return Math.max(0, bytes - Math.ceil(rows / perPage) * 8192);
}

function eights(length: number): number {
  return Math.ceil(length / 8) * 8;
}
