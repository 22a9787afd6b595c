import { memoize } from "./memoize.ts";
import type { Options, ReplicaIdentity, SequenceOptions, Table } from "./model.ts";
import { qualifiedName, type QualifiedName } from "./names.ts";
import type { ColumnRow } from "./read-columns.ts";
import type { ServerFacts } from "./read-server.ts";
import { required } from "./snapshot.ts";
import type { TypeSlot } from "./type-refs.ts";

/** pg_class.relkind of what is read. */
export type RelationKind = "r" | "p" | "f" | "v" | "m" | "S" | "c";

/**
 * A row of pg_class. Rows of this and the other large queries carry their many small values packed in a
 * few texts: what a value costs is its way through the client, not the query.
 */
export interface RelationRow {
  readonly oid: number;
  readonly schema: number;
  readonly name: string;
  readonly kind: RelationKind;
  /**
   * Any of u unlogged, p partition, q detach pending, r row security, s forced row security, x from an
   * extension; replica identity N nothing, F full, I index.
   */
  readonly flags: string;
  readonly options: readonly string[] | null;
  readonly partition_key: string | null;
  readonly partition_bound: string | null;
  readonly definition: string | null;
  /** Parents as alternating schema oid and name, in inheritance order. */
  readonly parents: readonly string[] | null;
  readonly server: string | null;
  readonly server_options: readonly string[] | null;
  /** Type, start, increment, min, max, cache, cycle of a sequence, with blanks between. */
  readonly sequence: string | null;
  /** Kind ("i" for an identity column, "a" for OWNED BY), table and column of a sequence's owner. */
  readonly sequence_owner: string | null;
  /** Oid of a composite type. */
  readonly type: number | null;
}

/**
 * Tables, views, sequences and composite types of the given schemas and kinds ($1 oid[], $2 "char"[]).
 * A partition bound and a default hold no column references, so they are printed without opening the
 * table, which would wait behind an ACCESS EXCLUSIVE lock (ruleutils.c, pg_get_expr with relation 0).
 */
export const relationsSql = `
SELECT c.oid, c.relnamespace AS schema, c.relname AS name, c.relkind AS kind,
  concat(CASE c.relpersistence WHEN 'u' THEN 'u' END, CASE WHEN c.relispartition THEN 'p' END,
    CASE WHEN p.detach_pending THEN 'q' END, CASE WHEN c.relrowsecurity THEN 'r' END,
    CASE WHEN c.relforcerowsecurity THEN 's' END, CASE WHEN x.objid IS NOT NULL THEN 'x' END,
    CASE c.relreplident WHEN 'n' THEN 'N' WHEN 'f' THEN 'F' WHEN 'i' THEN 'I' END) AS flags,
  c.reloptions AS options,
  CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END AS partition_key,
  CASE WHEN c.relispartition THEN pg_catalog.pg_get_expr(c.relpartbound, 0) END AS partition_bound,
  CASE WHEN c.relkind IN ('v', 'm') AND x.objid IS NULL THEN pg_catalog.pg_get_viewdef(c.oid) END AS definition,
  p.parents, fs.srvname AS server, ft.ftoptions AS server_options,
  CASE WHEN s.seqrelid IS NOT NULL THEN concat_ws(' ', pg_catalog.format_type(s.seqtypid, NULL), s.seqstart,
    s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle) END AS sequence,
  CASE WHEN o.objid IS NOT NULL THEN concat_ws(' ', o.deptype, o.refobjid, o.refobjsubid) END AS sequence_owner,
  CASE c.relkind WHEN 'c' THEN c.reltype END AS type
FROM pg_catalog.pg_class c
LEFT JOIN (
  SELECT i.inhrelid, bool_or(i.inhdetachpending) AS detach_pending,
    array_agg(v.part ORDER BY i.inhseqno, v.place) AS parents
  FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class k ON k.oid = i.inhparent,
  LATERAL (VALUES (1, k.relnamespace::text), (2, k.relname::text)) AS v(place, part)
  WHERE k.relkind IN ('r', 'p', 'f') GROUP BY i.inhrelid
) p ON p.inhrelid = c.oid
LEFT JOIN pg_catalog.pg_depend x ON x.classid = 'pg_catalog.pg_class'::regclass AND x.objid = c.oid
  AND x.objsubid = 0 AND x.deptype = 'e'
LEFT JOIN pg_catalog.pg_foreign_table ft ON ft.ftrelid = c.oid
LEFT JOIN pg_catalog.pg_foreign_server fs ON fs.oid = ft.ftserver
LEFT JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid
LEFT JOIN pg_catalog.pg_depend o ON c.relkind = 'S' AND o.classid = 'pg_catalog.pg_class'::regclass
  AND o.objid = c.oid AND o.refclassid = 'pg_catalog.pg_class'::regclass AND o.refobjsubid <> 0
  AND o.deptype IN ('a', 'i')
WHERE c.relnamespace = ANY ($1::oid[]) AND c.relkind = ANY ($2::"char"[]) AND c.relpersistence <> 't'`;

/** A column while a catalog is put together: its row and what is known about its type. */
export interface RelationColumn {
  readonly row: ColumnRow;
  readonly slot: TypeSlot;
}

/** A relation while a catalog is put together. */
export interface Relation {
  readonly row: RelationRow;
  readonly schema: string;
  readonly key: QualifiedName;
  /** Left out of the result, but its names are needed to print others. */
  readonly hidden: boolean;
  /** Columns by attribute number; dropped columns and number 0 are holes. */
  readonly columns: (RelationColumn | undefined)[];
}

/** Relations by oid; `ignored` keys are hidden, as is what extensions own. */
export function readRelations(
  rows: readonly RelationRow[],
  facts: ServerFacts,
  ignored: ReadonlySet<QualifiedName>,
): Map<number, Relation> {
  const relations = new Map<number, Relation>();
  for (const row of rows) {
    const schema = facts.schemaNames.get(row.schema) ?? "";
    const key = qualifiedName(schema, row.name);
    const hidden = row.flags.includes("x") || ignored.has(key);
    relations.set(row.oid, { row, schema, key, hidden, columns: [] });
  }
  return relations;
}

/** Name of a relation's column by number; empty for none. */
export function columnName(relation: Relation, number: number): string {
  return relation.columns[number]?.row.name ?? "";
}

/** A relation as SQL prints it, `schema.name`. */
export function printRelation({ schema, row }: Relation, { print }: ServerFacts): string {
  return `${print(schema)}.${print(row.name)}`;
}

/** `key=value` items of reloptions and the like as a sorted record. */
export function readOptions(items: readonly string[] | null): Options {
  if (items === null) return noOptions;
  const pairs = items.map((item): [string, string] => {
    const at = item.indexOf("=");
    return at === -1 ? [item, ""] : [item.slice(0, at), item.slice(at + 1)];
  });
  return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const noOptions: Options = {};

/** Options of a sequence from its packed text. */
export function readSequence(packed: string | null): SequenceOptions {
  return decodeSequence(required(packed));
}

const decodeSequence = memoize((packed): SequenceOptions => {
  const [type, start, increment, min, max, cache, cycle] = packed.split(" ");
  return {
    type: required(type),
    start: required(start),
    increment: required(increment),
    min: required(min),
    max: required(max),
    cache: required(cache),
    cycle: cycle === "t",
  };
});

/** The column a sequence belongs to; undefined for a sequence of its own. */
export function readSequenceOwner(
  packed: string | null,
): { readonly identity: boolean; readonly table: number; readonly column: number } | undefined {
  if (packed === null) return undefined;
  const [kind, table, column] = packed.split(" ");
  return { identity: kind === "i", table: Number(table), column: Number(column) };
}

/** A table from its pg_class row and the parts read elsewhere. */
export function readTable(
  { row, schema }: Relation,
  { columns, constraints, indexes }: Pick<Table, "columns" | "constraints" | "indexes">,
  identityIndex: string | undefined,
  facts: ServerFacts,
): Table {
  const { flags } = row;
  const parents = row.parents === null ? noParents : readParents(row.parents, facts);
  return {
    schema,
    name: row.name,
    kind: tableKind(row),
    persistence: flags.includes("u") ? "unlogged" : "permanent",
    columns,
    constraints,
    indexes,
    inherits: flags.includes("p") ? noParents : parents,
    partitionKey: row.partition_key,
    partitionOf: flags.includes("p")
      ? {
          table: required(parents[0]),
          bound: required(row.partition_bound),
          detachPending: flags.includes("q"),
        }
      : null,
    rowSecurity: flags.includes("r"),
    forceRowSecurity: flags.includes("s"),
    replicaIdentity: replicaIdentity(flags, identityIndex),
    options: readOptions(row.options),
    foreign:
      row.server === null ? null : { server: row.server, options: readOptions(row.server_options) },
  };
}

const noParents: readonly QualifiedName[] = [];

function readParents(pairs: readonly string[], facts: ServerFacts): readonly QualifiedName[] {
  const parents: QualifiedName[] = [];
  for (let at = 0; at < pairs.length; at += 2)
    parents.push(qualifiedName(facts.schemaNames.get(Number(pairs[at])) ?? "", pairs[at + 1]!));
  return parents;
}

function replicaIdentity(flags: string, index: string | undefined): ReplicaIdentity {
  if (flags.includes("I")) return { kind: "index", index: index ?? null };
  if (flags.includes("F")) return { kind: "full", index: null };
  return { kind: flags.includes("N") ? "nothing" : "default", index: null };
}

function tableKind(row: RelationRow): Table["kind"] {
  if (row.kind === "p") return "partitioned";
  if (row.kind === "f") return "foreign";
  return row.flags.includes("p") ? "partition" : "table";
}
