import type { Session } from "../pg/index.ts";
import { rowMaking, type FillableTable } from "../effects/index.ts";
import {
  parseSql,
  qualifiedName,
  quoteIdent,
  quoteLiteral,
  quoteQualified,
  type QualifiedName,
} from "../sql/index.ts";

/** A unique index or exclusion constraint, as far as its rows have to differ. */
export interface UniqueSet {
  readonly columns: readonly string[];
}

/** A table that is to be filled, with all that its rows must obey. */
export interface CloneTable extends FillableTable {
  readonly uniques: readonly UniqueSet[];
  readonly existing: number;
  /** Of a range partition with one key: what its rows lie between. */
  readonly range:
    | { readonly column: string; readonly from: string; readonly to: string }
    | undefined;
  /** Partitioned tables that it is part of, by oid. */
  readonly partOf: readonly number[];
}

/** A table's sequence, which has to go on after the rows that were made. */
export interface OwnedSequence {
  readonly sequence: string;
  readonly table: string;
  readonly column: string;
}

const uniquesSql = `
  SELECT i.indrelid AS relation,
         ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = i.indrelid AND a.attnum > 0 AND NOT a.attisdropped
                  AND (a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
                       OR i.indexprs IS NOT NULL AND EXISTS (
                         SELECT FROM pg_catalog.pg_depend d
                          WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = i.indexrelid
                            AND d.refobjid = i.indrelid AND d.refobjsubid = a.attnum))
                ORDER BY a.attnum) AS columns
    FROM pg_catalog.pg_index i
   WHERE (i.indisunique OR i.indisexclusion) AND i.indrelid >= 16384
   ORDER BY i.indisprimary DESC, i.indexrelid`;

const partitionsSql = `
  SELECT c.oid AS relation, pg_catalog.pg_get_expr(c.relpartbound, c.oid) AS bound,
         (SELECT a.attname FROM pg_catalog.pg_inherits h
            JOIN pg_catalog.pg_partitioned_table t ON t.partrelid = h.inhparent AND t.partstrat = 'r' AND t.partnatts = 1
            JOIN pg_catalog.pg_attribute a ON a.attrelid = h.inhparent AND a.attnum = t.partattrs[0]
           WHERE h.inhrelid = c.oid) AS column,
         ARRAY(SELECT p.relid::oid::int8::text FROM pg_catalog.pg_partition_ancestors(c.oid) AS p
                WHERE p.relid <> c.oid) AS ancestors
    FROM pg_catalog.pg_class c WHERE c.relispartition AND c.relkind = 'r'`;

const sequencesSql = `
  SELECT sn.nspname AS sequence_schema, s.relname AS sequence, n.nspname AS schema, c.relname AS name, a.attname AS column
    FROM pg_catalog.pg_class s
    JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = s.oid
     AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
    JOIN pg_catalog.pg_class c ON c.oid = d.refobjid AND c.relkind IN ('r', 'p')
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
   WHERE s.relkind = 'S'`;

export interface Structure {
  readonly tables: readonly CloneTable[];
  readonly sequences: readonly OwnedSequence[];
  /** Names of tables and partitioned tables by oid, as SQL too; with a rule on INSERT a table takes no rows. */
  readonly relations: ReadonlyMap<
    number,
    { readonly name: QualifiedName; readonly sql: string; readonly isRuled: boolean }
  >;
}

/** What rows of this database must obey. Inside a transaction with an empty search_path, so that definitions are whole. */
export async function readStructure(session: Session): Promise<Structure> {
  const { readTables } = await rowMaking();
  const tables = await readTables(session);
  const uniques = await session.query<{ relation: number; columns: string[] }>(uniquesSql);
  const partitions = await session.query<{
    relation: number;
    bound: string;
    column: string | null;
    ancestors: string[];
  }>(partitionsSql);
  const sequences = await session.query<Record<string, string>>(sequencesSql);
  const relations = await session.query<{
    oid: number;
    schema: string;
    name: string;
    ruled: boolean;
  }>(
    `SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind = 'r' AND EXISTS (
              SELECT FROM pg_catalog.pg_rewrite w WHERE w.ev_class = c.oid AND w.ev_type = '3') AS ruled
       FROM pg_catalog.pg_class c
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND c.oid >= 16384`,
  );
  const existing = await countRows(session, tables);
  const partitionOf = new Map(partitions.rows.map((row) => [row.relation, row]));
  const filled = tables.map(async (table, index) => {
    const partition = partitionOf.get(table.oid);
    return {
      ...table,
      uniques: uniques.rows
        .filter(({ relation }) => relation === table.oid)
        .map(({ columns }) => ({ columns })),
      existing: existing[index]!,
      range:
        partition === undefined || partition.column === null
          ? undefined
          : await rangeOf(partition.column, partition.bound),
      partOf: (partition?.ancestors ?? []).map(Number),
    };
  });
  return {
    tables: await Promise.all(filled),
    sequences: sequences.rows.map((row) => ({
      sequence: quoteQualified(row["sequence_schema"]!, row["sequence"]!),
      table: quoteQualified(row["schema"]!, row["name"]!),
      column: quoteIdent(row["column"]!),
    })),
    relations: new Map(
      relations.rows.map(({ oid, schema, name, ruled: isRuled }) => [
        oid,
        { name: qualifiedName(schema, name), sql: quoteQualified(schema, name), isRuled },
      ]),
    ),
  };
}

async function countRows(
  session: Session,
  tables: readonly FillableTable[],
): Promise<readonly number[]> {
  if (tables.length === 0) return [];
  const counts = tables.map(({ sql }) => `(SELECT pg_catalog.count(*)::float8 FROM ONLY ${sql})`);
  const [[all]] = (await session.queryArrays(`SELECT ARRAY[${counts.join(", ")}]`)) as [[number[]]];
  return all;
}

/** Of `FOR VALUES FROM (…) TO (…)` the constants; MINVALUE and MAXVALUE bound nothing. */
async function rangeOf(column: string, bound: string): Promise<CloneTable["range"]> {
  const [statement] = await parseSql(`CREATE TABLE part PARTITION OF whole ${bound}`, "bound");
  const node = statement?.node as
    | { CreateStmt?: { partbound?: Readonly<Record<string, readonly unknown[]>> } }
    | undefined;
  const [from, to] = ["lowerdatums", "upperdatums"].map((side) =>
    constant(node?.CreateStmt?.partbound?.[side]?.[0]),
  );
  return from === undefined || to === undefined ? undefined : { column, from, to };
}

function constant(datum: unknown): string | undefined {
  const { A_Const: found } = (datum ?? {}) as {
    A_Const?: { sval?: { sval?: string }; ival?: { ival?: number }; fval?: { fval?: string } };
  };
  if (found?.sval !== undefined) return quoteLiteral(found.sval.sval ?? "");
  // Protobuf leaves out what is zero.
  if (found?.ival !== undefined) return String(found.ival.ival ?? 0);
  return found?.fval?.fval;
}
