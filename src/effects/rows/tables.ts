import type { Session } from "../../pg/index.ts";
import { qualifiedName, type QualifiedName, quoteIdent, quoteQualified } from "../../sql/index.ts";
import { typeReader, typesSql, type ValueType } from "./types.ts";

export interface TableColumn {
  readonly name: string;
  readonly type: ValueType;
  readonly notNull: boolean;
  /** Column of a unique index, a primary key or an exclusion constraint. */
  readonly isKey: boolean;
}

/** A condition that rows must meet: CHECK, the bounds of a partition, the CHECK of a column's domain. */
export interface Condition {
  readonly expression: string;
  readonly columns: readonly string[];
}

export interface ForeignKey {
  readonly columns: readonly string[];
  readonly parent: number;
  readonly parentColumns: readonly string[];
}

/** A table that can be filled. */
export interface Table {
  readonly oid: number;
  readonly name: QualifiedName;
  /** The name as SQL. */
  readonly sql: string;
  /** Those that take values: no generated ones. */
  readonly columns: readonly TableColumn[];
  readonly conditions: readonly Condition[];
  readonly foreignKeys: readonly ForeignKey[];
  /** True when a conflict with a deferrable constraint could not be skipped. */
  readonly hasDeferrableKey: boolean;
}

type Row = Readonly<Record<string, unknown>>;

/** Reads all ordinary tables; partitioned ones are filled by their partitions. Tables with rules on INSERT are left out. */
export async function readTables(session: Session): Promise<readonly Table[]> {
  const { rows: tables } = await session.query<Row>(tablesSql);
  if (tables.length === 0) return [];
  const results = await session.batch(restSql(tables.map(({ oid }) => oid as number)));
  const [columns, checks, keys, types] = results.map(({ rows }) => rows as readonly Row[]);
  const typeOf = typeReader(types!);
  const [columnsOf, checksOf, keysOf] = [columns!, checks!, keys!].map(byRelation);
  return tables.map((table): Table => {
    const oid = table["oid"] as number;
    const own = (columnsOf!.get(oid) ?? []).map((column): TableColumn => {
      const type = typeOf(
        column["type"] as number,
        column["modifier"] as number,
        String(column["sql"]),
      );
      const notNull = column["not_null"] === true || type.notNull;
      return { name: String(column["name"]), type, notNull, isKey: column["is_key"] === true };
    });
    const conditions = (checksOf!.get(oid) ?? []).map((check) => ({
      expression: String(check["expression"]),
      columns: check["columns"] as string[],
    }));
    return {
      oid,
      name: qualifiedName(String(table["schema"]), String(table["name"])),
      sql: quoteQualified(String(table["schema"]), String(table["name"])),
      columns: own,
      conditions: [...conditions, ...own.flatMap(domainConditions)],
      foreignKeys: (keysOf!.get(oid) ?? []).map((key) => ({
        columns: key["columns"] as string[],
        parent: key["parent"] as number,
        parentColumns: key["parent_columns"] as string[],
      })),
      hasDeferrableKey: table["has_deferrable_key"] === true,
    };
  });
}

function byRelation(rows: readonly Row[]): ReadonlyMap<number, readonly Row[]> {
  const groups = new Map<number, Row[]>();
  for (const row of rows) {
    const relation = row["relation"] as number;
    const group = groups.get(relation);
    if (group === undefined) groups.set(relation, [row]);
    else group.push(row);
  }
  return groups;
}

/** The CHECKs of a column's domain, and of those that it is made of, with VALUE standing for the column. */
function domainConditions({ name, type }: TableColumn): readonly Condition[] {
  const conditions: Condition[] = [];
  for (let each: ValueType | undefined = type; each?.kind === "domain"; each = each.inner)
    for (const check of each.checks) {
      const value = `SELECT ${quoteIdent(name)}::${each.inner!.sql} AS value`;
      conditions.push({ expression: `(SELECT ${check} FROM (${value}) AS d)`, columns: [name] });
    }
  return conditions;
}

const names = (relation: string, numbers: string) => `
  ARRAY(SELECT a.attname::pg_catalog.text
          FROM pg_catalog.unnest(${numbers}) WITH ORDINALITY AS listed(number, place)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = ${relation} AND a.attnum = listed.number
         ORDER BY listed.place)`;

const tablesSql = `
  SELECT c.oid, n.nspname AS schema, c.relname AS name,
         EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND NOT i.indimmediate) AS has_deferrable_key
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.oid >= 16384 AND c.relkind = 'r' AND c.relpersistence <> 't'
     AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_rewrite w WHERE w.ev_class = c.oid AND w.ev_type = '3')
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e'
                        AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass)
   ORDER BY n.nspname, c.relname`;

/** What belongs to these tables; their oids are written out, so that nothing is looked up more than once. */
const restSql = (tables: readonly number[]) =>
  [columnsSql, checksSql, keysSql]
    .map((sql) => sql(`ANY ('{${tables.join(", ")}}'::pg_catalog.oid[])`))
    .concat(typesSql)
    .join(";");

const columnsSql = (listed: string) => `
  SELECT a.attrelid AS relation, a.attname AS name, a.atttypid AS type, a.atttypmod AS modifier,
         pg_catalog.format_type(a.atttypid, a.atttypmod) AS sql, a.attnotnull AS not_null,
         EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = a.attrelid AND a.attnum = ANY (i.indkey)
                    AND (i.indisunique OR i.indisexclusion)) AS is_key
    FROM pg_catalog.pg_attribute a
   WHERE a.attrelid = ${listed} AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
   ORDER BY a.attrelid, a.attnum`;

/** A partition's bounds are told as an expression that names its columns; which ones is left to the reader. */
const checksSql = (listed: string) => `
  SELECT k.conrelid AS relation, pg_catalog.pg_get_expr(k.conbin, k.conrelid) AS expression,
         ${names("k.conrelid", "k.conkey")} AS columns
    FROM pg_catalog.pg_constraint k WHERE k.conrelid = ${listed} AND k.contype = 'c'
  UNION ALL
  SELECT c.oid, pg_catalog.pg_get_partition_constraintdef(c.oid), ${names(
    "c.oid",
    `ARRAY(
           SELECT m.attnum FROM pg_catalog.pg_partition_ancestors(c.oid) AS p(relid)
             JOIN pg_catalog.pg_partitioned_table t ON t.partrelid = p.relid
             JOIN pg_catalog.pg_attribute k ON k.attrelid = p.relid AND (k.attnum = ANY (t.partattrs)
                  -- Columns that an expression of the key reads depend on their table (partition.c, recordDependencyOnSingleRelExpr).
                  OR t.partexprs IS NOT NULL AND EXISTS (
                    SELECT FROM pg_catalog.pg_depend d
                     WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = p.relid AND d.objsubid = k.attnum
                       AND d.refclassid = d.classid AND d.refobjid = p.relid AND d.refobjsubid = 0 AND d.deptype = 'i'))
             JOIN pg_catalog.pg_attribute m ON m.attrelid = c.oid AND m.attname = k.attname)`,
  )}
    FROM pg_catalog.pg_class c WHERE c.oid = ${listed} AND c.relispartition
     AND pg_catalog.pg_get_partition_constraintdef(c.oid) IS NOT NULL`;

const keysSql = (listed: string) => `
  SELECT k.conrelid AS relation, k.confrelid AS parent, ${names("k.conrelid", "k.conkey")} AS columns,
         ${names("k.confrelid", "k.confkey")} AS parent_columns
    FROM pg_catalog.pg_constraint k
   WHERE k.conrelid = ${listed} AND k.contype = 'f' AND NOT EXISTS (
     SELECT FROM pg_catalog.pg_class p JOIN pg_catalog.pg_constraint u ON u.oid = k.conparentid
      WHERE p.oid = k.confrelid AND u.conrelid = k.conrelid)
   ORDER BY k.oid`;
