import type { EventBlocker } from "../events/index.ts";
import { maskLiterals } from "../sql/index.ts";
import type { Queryable } from "./session.ts";

/** A row of pg_stat_activity, or a prepared transaction in its form. */
interface Activity {
  readonly pid: number;
  readonly application: string | null;
  readonly user: string | null;
  readonly state: string | null;
  readonly seconds: number | null;
  readonly query: string | null;
  readonly kind: string | null;
}

/**
 * Who stands in the way of a waiting backend, as `pg_blocking_pids` tells it (manual 9.27): holders of a conflicting
 * lock and those queueing for one in front of it. A prepared transaction has pid 0 and its own name as query.
 *
 * Works with few privileges: what another role's session does is then hidden, and `transactionSeconds` of it NaN.
 * Gives nothing when the backend does not wait (any more).
 */
export async function readBlockers(
  database: Queryable,
  pid: number,
): Promise<readonly EventBlocker[]> {
  const { rows } = await database.query<Activity>(blockersSql, [pid]);
  return Promise.all(rows.map(describe));
}

const preparedState = "prepared transaction";

/** What one who stands in the way is told from others by: `pid 311`, or, of a prepared transaction, `prepared transaction 'name'`. */
export function blockerName({
  pid,
  state,
  query,
}: Pick<EventBlocker, "pid" | "state" | "query">): string {
  if (pid !== 0 || state !== preparedState) return `pid ${pid}`;
  return `${preparedState} ${query.replace(/^PREPARE TRANSACTION /, "")}`;
}

const activity = (more = "") => `
  SELECT ${more} a.pid, a.application_name AS application, a.usename AS user, a.state,
         pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.xact_start) AS seconds,
         a.query, a.backend_type AS kind
    FROM pg_catalog.pg_stat_activity a`;

/** A prepared transaction's locks have no pid; what keeps them together is the virtual transaction that holds its xid. */
const prepared = (more = "") => `
  SELECT ${more} 0 AS pid, '' AS application, p.owner AS user, '${preparedState}' AS state,
         pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - p.prepared) AS seconds,
         'PREPARE TRANSACTION ' || pg_catalog.quote_literal(p.gid) AS query, 'prepared' AS kind
    FROM pg_catalog.pg_prepared_xacts p
    JOIN pg_catalog.pg_locks x ON x.locktype = 'transactionid' AND x.transactionid = p.transaction
     AND x.pid IS NULL AND x.granted`;

const blockersSql = `
WITH blocking AS (SELECT DISTINCT pid FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids($1)) AS b(pid))
${activity()} WHERE a.pid IN (SELECT pid FROM blocking)
UNION ALL
${prepared()}
   WHERE EXISTS (SELECT FROM blocking WHERE pid = 0)
     AND EXISTS (
      SELECT FROM pg_catalog.pg_locks w JOIN pg_catalog.pg_locks h
          ON h.virtualtransaction = x.virtualtransaction AND h.pid IS NULL AND h.granted
         AND (h.locktype, h.database, h.relation, h.page, h.tuple, h.virtualxid, h.transactionid, h.classid, h.objid, h.objsubid)
             IS NOT DISTINCT FROM
             (w.locktype, w.database, w.relation, w.page, w.tuple, w.virtualxid, w.transactionid, w.classid, w.objid, w.objsubid)
       WHERE w.pid = $1 AND NOT w.granted)
ORDER BY seconds DESC NULLS LAST, pid`;

/** A table by its name as it is in the catalog, unquoted. */
export interface TableName {
  readonly schema: string;
  readonly name: string;
}

export interface LongTransactionOptions {
  readonly olderThanSeconds: number;
  /** Only transactions that hold a lock on one of these, or on a partition of one; all when left away. */
  readonly tables?: readonly TableName[];
}

/** A transaction that runs for long, and what it holds of the tables asked for. */
export interface LongTransaction extends EventBlocker {
  /** Such as `public.orders AccessShareLock`; empty when no tables were asked for. */
  readonly holds: readonly string[];
}

/**
 * Transactions of this database (prepared ones too) that began longer ago than that, oldest first: whoever holds any
 * lock on a table, a mere SELECT included, makes ALTER TABLE wait, and everybody else behind it. Sessions whose start
 * this role may not see are left out: membership in pg_read_all_stats shows them.
 */
export async function longTransactions(
  database: Queryable,
  options: LongTransactionOptions,
): Promise<readonly LongTransaction[]> {
  const { olderThanSeconds, tables } = options;
  const { rows } = await database.query<Activity & { holds: string[] }>(longSql, [
    olderThanSeconds,
    tables?.map(({ schema }) => schema) ?? null,
    tables?.map(({ name }) => name) ?? null,
  ]);
  return Promise.all(rows.map(async (row) => ({ ...(await describe(row)), holds: row.holds })));
}

const longSql = `
WITH named AS (
  SELECT c.oid FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN ROWS FROM (pg_catalog.unnest($2::pg_catalog.text[]), pg_catalog.unnest($3::pg_catalog.text[])) AS t(schema, name)
      ON n.nspname = t.schema AND c.relname = t.name),
tables AS (
  SELECT oid FROM named
   UNION SELECT p.relid FROM named, pg_catalog.pg_partition_tree(named.oid) AS p),
held AS (
  SELECT l.pid, l.virtualtransaction,
         pg_catalog.array_agg(DISTINCT n.nspname || '.' || c.relname || ' ' || l.mode) AS holds
    FROM pg_catalog.pg_locks l
    JOIN tables t ON t.oid = l.relation
    JOIN pg_catalog.pg_class c ON c.oid = l.relation
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_database d ON d.oid = l.database AND d.datname = pg_catalog.current_database()
   WHERE l.granted GROUP BY 1, 2),
running AS (
  ${activity("a.pid AS holder, NULL AS virtual,")}
   WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid()
   UNION ALL
  ${prepared("NULL, x.virtualtransaction,")}
   WHERE p.database = pg_catalog.current_database())
SELECT r.*, COALESCE(h.holds, '{}') AS holds
  FROM running r LEFT JOIN held h ON h.pid = r.holder OR (r.holder IS NULL AND h.pid IS NULL AND h.virtualtransaction = r.virtual)
 WHERE r.seconds > $1 AND ($2::pg_catalog.text[] IS NULL OR h.holds IS NOT NULL)
 ORDER BY r.seconds DESC`;

async function describe(row: Activity): Promise<EventBlocker> {
  const isClient = row.kind === "client backend";
  const isHidden = row.query === "<insufficient privilege>";
  return {
    pid: row.pid,
    application:
      row.application === "" || row.application === null
        ? isClient
          ? ""
          : (row.kind ?? "")
        : row.application,
    user: row.user ?? "",
    state: row.state ?? (isHidden ? "hidden" : "active"),
    transactionSeconds: row.seconds ?? (isHidden ? Number.NaN : 0),
    query: isHidden
      ? "(hidden: seen by members of pg_read_all_stats)"
      : // What the server itself runs holds no literals of anybody's, and is not SQL.
        isClient
        ? await maskLiterals(row.query ?? "")
        : (row.query ?? ""),
  };
}
