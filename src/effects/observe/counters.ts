import type { Session } from "../../pg/index.ts";
import type { Oid } from "./relations.ts";

/** What a session has done to a table since its counters were sent last (pgstat_relation.c). */
export interface Counters {
  /** Sequential scans begun. */
  readonly scans: number;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
}

const none: Counters = { scans: 0, inserted: 0, updated: 0, deleted: 0 };

/**
 * The counters of all tables. They are kept in the session and sent only while it is idle outside a transaction, so two
 * readings within one transaction differ by exactly what was done between them.
 */
export async function readCounters(session: Session): Promise<ReadonlyMap<Oid, Counters>> {
  const rows = await session.queryArrays(countersSql);
  return new Map(
    rows.map(([oid, ...counts]) => {
      const [scans, inserted, updated, deleted] = counts.map(Number);
      return [oid as Oid, { scans, inserted, updated, deleted } as Counters];
    }),
  );
}

/** A table with no entry has not been touched. */
const countersSql = `
  SELECT * FROM (
    SELECT c.oid, pg_catalog.pg_stat_get_xact_numscans(c.oid) AS scans,
           pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid) AS inserted,
           pg_catalog.pg_stat_get_xact_tuples_updated(c.oid) AS updated,
           pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid) AS deleted
      FROM pg_catalog.pg_class c
     WHERE c.oid >= 16384 AND c.relkind IN ('r', 'm', 'f') AND c.relpersistence <> 't') AS t
   WHERE scans + inserted + updated + deleted > 0`;

/** What was done between two readings, table by table. */
export function difference(
  before: ReadonlyMap<Oid, Counters>,
  after: ReadonlyMap<Oid, Counters>,
): ReadonlyMap<Oid, Counters> {
  const changed = new Map<Oid, Counters>();
  for (const [oid, now] of after) {
    const then = before.get(oid) ?? none;
    const delta = {
      scans: now.scans - then.scans,
      inserted: now.inserted - then.inserted,
      updated: now.updated - then.updated,
      deleted: now.deleted - then.deleted,
    };
    if (Object.values(delta).some((count) => count !== 0)) changed.set(oid, delta);
  }
  return changed;
}
