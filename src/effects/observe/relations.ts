import { qualifiedName, quoteQualified, type QualifiedName } from "../../sql/index.ts";
import type { Session } from "../../pg/index.ts";
import type { RelationKind } from "../effect.ts";
import type { LockMode } from "../lock-modes.ts";

/** A relation's oid. */
export type Oid = number;

/** A lock of a session on a relation of its own database, seen together with the relation's row in pg_class. */
export interface SeenLock {
  readonly oid: Oid;
  readonly mode: LockMode;
}

export interface SeenRelation {
  readonly oid: Oid;
  readonly name: QualifiedName;
  /** Without schema, as messages of the server have it. */
  readonly relname: string;
  readonly kind: RelationKind;
  /** Number of the file that holds it; 0 when it has no storage. */
  readonly filenode: number;
  /** Table of an index. */
  readonly table: Oid | undefined;
  /** Numbers of an index's columns, 0 for an expression (pg_index.indkey). */
  readonly keys: string | undefined;
}

/** One relation stands to another. */
export interface Edge {
  readonly kind:
    | "foreign-key"
    | "partition"
    | "default-partition"
    | "inherits"
    | "index"
    | "sequence"
    | "view";
  /** The child, index, owned sequence or view. */
  readonly from: Oid;
  /** The parent, table or what is read. */
  readonly to: Oid;
}

/** What one look at the catalog shows of the relations that a session has locked. */
export interface Sight {
  readonly locks: readonly SeenLock[];
  readonly relations: ReadonlyMap<Oid, SeenRelation>;
  readonly edges: readonly Edge[];
}

const kinds: Readonly<Record<string, RelationKind>> = {
  r: "table",
  p: "partitioned table",
  f: "foreign table",
  v: "view",
  m: "materialized view",
  i: "index",
  I: "partitioned index",
  S: "sequence",
  c: "composite type",
  t: "toast table",
};

/** Relations that migrations are about: none of the server's own, no TOAST, nothing temporary. */
const ours = `
  c.relkind <> 't' AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')`;

/** Oids of all relations that there are. */
export async function readOids(session: Session): Promise<ReadonlySet<Oid>> {
  const rows = await session.queryArrays(`
    SELECT c.oid FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE ${ours}`);
  return new Set(rows.map(([oid]) => oid as Oid));
}

/** Names of all tables with rows of their own, as SQL has them. */
export async function readTables(session: Session): Promise<readonly string[]> {
  const rows = await session.queryArrays(`
    SELECT n.nspname, c.relname FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND ${ours}`);
  return rows.map(([schema, name]) => quoteQualified(String(schema), String(name)));
}

/**
 * Tables of which REINDEX may write nothing before it commits: those without indexes, and those that are partitioned or
 * partitions. By oid, their names as SQL has them.
 */
export async function readLockable(
  session: Session,
): Promise<ReadonlyMap<Oid, { readonly name: string; readonly isPartitioned: boolean }>> {
  const rows = await session.queryArrays(`
    SELECT c.oid, n.nspname, c.relname, c.relkind = 'p' FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE (c.relkind = 'p' OR c.relkind = 'r' AND (c.relispartition OR NOT c.relhasindex)) AND ${ours}`);
  return new Map(
    rows.map(([oid, schema, relation, isPartitioned]) => {
      const name = quoteQualified(String(schema), String(relation));
      return [oid as Oid, { name, isPartitioned: isPartitioned === true }];
    }),
  );
}

/** Which of these relations session `pid` waits for a lock on. */
export async function awaitedRelation(
  session: Session,
  pid: number,
  oids: readonly Oid[],
): Promise<Oid | undefined> {
  const [row] = await session.queryArrays(
    `SELECT relation FROM pg_catalog.pg_locks
      WHERE pid = $1 AND NOT granted AND relation = ANY ($2::pg_catalog.oid[])`,
    [pid, oids],
  );
  return row?.[0] as Oid | undefined;
}

/** All relations that there are. */
export async function readRelations(session: Session): Promise<ReadonlyMap<Oid, SeenRelation>> {
  const { rows } = await session.query(`${seenSql} WHERE ${ours}`);
  return new Map(rows.map(toRelation).map((relation) => [relation.oid, relation]));
}

const seenSql = `
  SELECT c.oid, n.nspname, c.relname, c.relkind, c.relfilenode, i.indrelid, i.indkey::pg_catalog.text AS keys
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid`;

function toRelation(row: Readonly<Record<string, unknown>>): SeenRelation {
  return {
    oid: row["oid"] as Oid,
    name: qualifiedName(String(row["nspname"]), String(row["relname"])),
    relname: String(row["relname"]),
    kind: kinds[String(row["relkind"])] ?? "table",
    filenode: row["relfilenode"] as number,
    table: (row["indrelid"] as Oid | null) ?? undefined,
    keys: (row["keys"] as string | null) ?? undefined,
  };
}

/**
 * The relation locks that session `pid` holds now, or waits for, with what this session's view of the catalog says of them. Seen from
 * another session that is the catalog before the open transaction, seen from within it the catalog after.
 *
 * Reads catalog tables only, no function that would wait for a lock of `pid`.
 */
export async function look(session: Session, pid: number): Promise<Sight> {
  const held = await session.queryArrays(locksSql(pid));
  if (held.length === 0) return { locks: [], relations: new Map(), edges: [] };
  const oids = [...new Set(held.map(([oid]) => oid as Oid))];
  const [relations, edges] = await session.batch(sightSql(oids));
  const known = new Map(relations!.rows.map(toRelation).map((one) => [one.oid, one]));
  return {
    locks: held
      .filter(([oid]) => known.has(oid as Oid))
      .map(([oid, mode]) => ({
        oid: oid as Oid,
        mode: String(mode).replace(/Lock$/, "") as LockMode,
      })),
    relations: known,
    edges: edges!.rows as unknown as Edge[],
  };
}

const locksSql = (pid: number) => `
  SELECT l.relation, l.mode FROM pg_catalog.pg_locks l
   WHERE l.pid = ${pid} AND l.locktype = 'relation' AND l.relation >= 16384
     AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())`;

/** The oids are written out, so that the server finds the few rows by its indexes. */
const sightSql = (oids: readonly Oid[]) => {
  const listed = `ANY ('{${oids.join(",")}}'::pg_catalog.oid[])`;
  const within = (...columns: string[]) =>
    columns.map((column) => `${column} = ${listed}`).join(" AND ");
  return `${seenSql}
     WHERE ${within("c.oid")} AND ${ours};
    SELECT 'foreign-key' AS kind, conrelid AS from, confrelid AS to FROM pg_catalog.pg_constraint
     WHERE contype = 'f' AND ${within("conrelid", "confrelid")}
    UNION ALL
    SELECT CASE WHEN c.relispartition THEN 'partition' ELSE 'inherits' END, h.inhrelid, h.inhparent
      FROM pg_catalog.pg_inherits h JOIN pg_catalog.pg_class c ON c.oid = h.inhrelid
     WHERE ${within("h.inhrelid", "h.inhparent")}
    UNION ALL
    SELECT 'default-partition', partdefid, partrelid FROM pg_catalog.pg_partitioned_table
     WHERE ${within("partdefid", "partrelid")}
    UNION ALL
    SELECT 'index', indexrelid, indrelid FROM pg_catalog.pg_index
     WHERE ${within("indexrelid", "indrelid")}
    UNION ALL
    SELECT 'sequence', d.objid, d.refobjid FROM pg_catalog.pg_depend d
      JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind = 'S'
     WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
       AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
       AND ${within("d.objid", "d.refobjid")}
    UNION ALL
    SELECT DISTINCT 'view', r.ev_class, d.refobjid FROM pg_catalog.pg_depend d
      JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid AND r.ev_class <> d.refobjid
     WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
       AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
       AND ${within("r.ev_class", "d.refobjid")}`;
};
