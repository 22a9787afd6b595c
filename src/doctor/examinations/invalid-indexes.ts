import { each, type Examination } from "../examination.ts";

interface Row {
  readonly index: string;
  readonly table: string;
  readonly ready: boolean;
  readonly isUnique: boolean;
  readonly constrained: boolean;
  readonly isPartitioned: boolean;
  readonly leftover: boolean;
}

/** What is being built at this moment is left out. */
const invalid = `
  SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS index, pg_catalog.format('%I.%I', tn.nspname, t.relname) AS table,
         i.indisready AS ready, i.indisunique AS "isUnique", c.relkind = 'I' AS "isPartitioned",
         EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')) AS constrained,
         c.relname ~ '_cc(new|old)[0-9]*$' AS leftover
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_class t ON t.oid = i.indrelid JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
   WHERE NOT i.indisvalid AND tn.nspname <> 'pg_toast'
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks l
                      WHERE l.relation = i.indexrelid AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
                        AND l.granted AND l.mode <> 'AccessShareLock' AND l.pid IN (SELECT pid FROM pg_catalog.pg_stat_progress_create_index))
   ORDER BY 2, 1`;

export const invalidIndexes: Examination = {
  name: "invalid-indexes",
  question: "Is every index valid?",
  async examine({ database }) {
    const { rows } = await database.query<Row>(invalid);
    if (rows.length === 0) return [{ verdict: "ok", found: "all of them" }];
    return each(
      rows,
      ({ index, table, ready, isUnique, constrained, isPartitioned, leftover }) => ({
        verdict: isPartitioned ? "warning" : "danger",
        object: index,
        found: isPartitioned
          ? `on ${table}, whose partitions do not all have it`
          : `on ${table}, left behind by a CONCURRENTLY that failed`,
        means: isPartitioned
          ? "queries of partitions without it read every row; a unique index guards only where it is"
          : `no query uses it${ready ? ", every write still pays for it" : ""}${isUnique ? "; duplicates that were there before are still there" : ""}; CREATE INDEX … IF NOT EXISTS passes over it`,
        next: isPartitioned
          ? [`build it on each partition, then: ALTER INDEX ${index} ATTACH PARTITION …`]
          : constrained
            ? [`REINDEX INDEX CONCURRENTLY ${index}`]
            : leftover
              ? [`DROP INDEX CONCURRENTLY ${index}`]
              : [
                  `DROP INDEX CONCURRENTLY ${index}, and build it anew`,
                  `or: REINDEX INDEX CONCURRENTLY ${index}`,
                ],
      }),
      "index",
    );
  },
};
