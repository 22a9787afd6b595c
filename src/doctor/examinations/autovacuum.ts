import { each, type Diagnosis, type Examination } from "../examination.ts";

interface Server {
  readonly on: boolean;
  readonly counts: boolean;
}

interface Running {
  readonly pid: number;
  readonly relation: string;
  readonly seconds: number | null;
}

interface Table {
  readonly relation: string;
  readonly off: boolean;
  readonly dead: number;
  readonly live: number;
  readonly last: Date | null;
}

/** The worker's own title says that it may not be interrupted (autovac_report_activity, postmaster/autovacuum.c). */
const running = `
  SELECT a.pid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS relation,
         pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.xact_start) AS seconds
    FROM pg_catalog.pg_stat_activity a
    JOIN pg_catalog.pg_stat_progress_vacuum p ON p.pid = a.pid AND p.datname = pg_catalog.current_database()
    JOIN pg_catalog.pg_class c ON c.oid = p.relid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE a.backend_type = 'autovacuum worker' AND a.query LIKE '%(to prevent wraparound)%'
   ORDER BY seconds DESC NULLS LAST`;

/** Rows: at least so many are dead, and more than a fifth. */
const many = 10_000;

const tables = `
  SELECT pg_catalog.format('%I.%I', s.schemaname, s.relname) AS relation,
         o.off,
         s.n_dead_tup::pg_catalog.float8 AS dead, s.n_live_tup::pg_catalog.float8 AS live,
         GREATEST(s.last_vacuum, s.last_autovacuum) AS last
    FROM pg_catalog.pg_stat_user_tables s JOIN pg_catalog.pg_class c ON c.oid = s.relid
   CROSS JOIN LATERAL (
     SELECT EXISTS (SELECT FROM pg_catalog.pg_options_to_table(c.reloptions)
                     WHERE option_name = 'autovacuum_enabled' AND NOT option_value::boolean) AS off) AS o
   WHERE o.off OR (s.n_dead_tup >= $1 AND s.n_dead_tup > s.n_live_tup * 0.25)
   ORDER BY s.n_dead_tup DESC, 1`;

export const autovacuum: Examination = {
  name: "autovacuum",
  question: "Does autovacuum keep up, and is it out of the way?",
  async examine({ database }) {
    const { rows: server } = await database.query<Server>(
      `SELECT pg_catalog.current_setting('autovacuum') = 'on' AS on, pg_catalog.current_setting('track_counts') = 'on' AS counts`,
    );
    const { rows: forced } = await database.query<Running>(running);
    const { rows } = await database.query<Table>(tables, [many]);
    const all = [
      ...diagnoseServer(server[0]!),
      ...each(forced, diagnoseForced, "forced run"),
      ...each(rows, diagnoseTable, "table"),
    ];
    return all.length > 0
      ? all
      : [{ verdict: "ok", found: "on, with no table far behind and no forced run" }];
  },
};

function diagnoseServer({ on, counts }: Server): readonly Diagnosis[] {
  if (on && counts) return [];
  return [
    {
      verdict: "danger",
      found: on
        ? "track_counts is off: autovacuum does nothing"
        : "autovacuum is off on the server",
      means: "what a backfill leaves dead stays, and transaction ids run out",
      next: [
        `ALTER SYSTEM SET ${on ? "track_counts" : "autovacuum"} = on`,
        "SELECT pg_reload_conf()",
      ],
    },
  ];
}

function diagnoseForced({ pid, relation, seconds }: Running): Diagnosis {
  return {
    verdict: "warning",
    object: relation,
    found: `autovacuum runs on it to prevent wraparound (pid ${pid}${seconds === null ? "" : `, for ${Math.round(seconds)} s`})`,
    means: "unlike other runs it does not give way: a change of this table waits until it is done",
    next: ["SELECT * FROM pg_stat_progress_vacuum", "change the table when it is done"],
  };
}

function diagnoseTable({ relation, off, dead, live, last }: Table): Diagnosis {
  const when =
    last === null ? "never vacuumed" : `last vacuumed ${last.toISOString().slice(0, 16)}Z`;
  const found = `${Math.round(dead)} dead rows beside ${Math.round(live)} live ones, ${when}`;
  return {
    verdict: "warning",
    object: relation,
    found: off ? `autovacuum is off for it; ${found}` : found,
    means: off
      ? "what a backfill leaves dead there stays"
      : "scans and rewrites read the dead rows too; something keeps autovacuum from them",
    next: off
      ? [`ALTER TABLE ${relation} RESET (autovacuum_enabled)`]
      : [`VACUUM (VERBOSE) ${relation}`],
  };
}
