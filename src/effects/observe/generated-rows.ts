import type { Session } from "../../pg/index.ts";
import { type QualifiedName, quoteQualified } from "../../sql/index.ts";
import { fillTables } from "../rows/index.ts";
import type { Oid } from "./relations.ts";

/** The rows that an observer put into tables which had none. */
export class GeneratedRows {
  readonly #session: Session;
  readonly #rows: number;
  readonly #filled = new Set<Oid>();
  readonly #left = new Map<QualifiedName, string>();

  /** @param rows for each table; 0 leaves all of them as they are */
  constructor(session: Session, rows: number) {
    this.#session = session;
    this.#rows = rows;
  }

  /** Tables that could not be filled, with the reason. */
  get left(): ReadonlyMap<QualifiedName, string> {
    return this.#left;
  }

  /** Fills every table that is empty. */
  async fill(): Promise<void> {
    const { filled, left } = await fillTables(this.#session, this.#rows);
    for (const oid of filled) this.#filled.add(oid);
    this.#left.clear();
    for (const { relation, reason } of left) this.#left.set(relation, reason);
  }

  /**
   * Empties tables: those given with their partitions, children and neighbours by foreign keys, or all of them.
   *
   * @param scope `own` empties those given of rows too that migrations wrote
   * @returns false when there was nothing to empty
   */
  async empty(scope: "near" | "all" | "own", near: readonly Oid[]): Promise<boolean> {
    const filled = [...this.#filled];
    const rows = await (scope === "all"
      ? this.#session.queryArrays(`${tablesSql} AND c.oid = ANY ($1)`, [filled])
      : this.#session.queryArrays(nearSql, [near, scope === "own" ? null : filled]));
    if (rows.length === 0) return false;
    const deletes = rows.map(
      ([schema, name]) => `DELETE FROM ONLY ${quoteQualified(String(schema), String(name))}`,
    );
    // No trigger fires and no foreign key is looked up: the neighbours get the same rows again.
    const all = ["BEGIN", "SET LOCAL session_replication_role = replica", ...deletes, "COMMIT"];
    await this.#session.batch(all.join(";"));
    return true;
  }
}

const tablesSql = `
  SELECT n.nspname, c.relname FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'`;

const nearSql = `
  WITH RECURSIVE family AS (
    SELECT relid FROM pg_catalog.unnest($1::pg_catalog.oid[]) AS named(relid)
    UNION
    SELECT next.relid FROM family f CROSS JOIN LATERAL (
      SELECT i.indrelid FROM pg_catalog.pg_index i WHERE i.indexrelid = f.relid
      UNION ALL
      SELECT h.inhrelid FROM pg_catalog.pg_inherits h WHERE h.inhparent = f.relid) AS next(relid)),
  near AS (
    SELECT relid FROM family
    UNION
    SELECT k.conrelid FROM pg_catalog.pg_constraint k JOIN family f ON f.relid = k.confrelid AND k.contype = 'f'
    UNION
    SELECT k.confrelid FROM pg_catalog.pg_constraint k JOIN family f ON f.relid = k.conrelid AND k.contype = 'f')
  ${tablesSql} AND c.oid IN (SELECT relid FROM near)
     AND ($2::pg_catalog.oid[] IS NULL OR c.oid = ANY ($2))`;
