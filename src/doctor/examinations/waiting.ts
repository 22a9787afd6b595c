import { each, type Examination } from "../examination.ts";

interface Row {
  readonly pid: number;
  readonly application: string;
  readonly user: string;
  readonly mode: string;
  readonly relation: string | null;
  readonly seconds: number | null;
  readonly behind: number[];
}

const waitingNow = `
  SELECT a.pid, a.application_name AS application, coalesce(a.usename, a.backend_type) AS user, l.mode,
         CASE WHEN l.relation IS NULL THEN NULL
              ELSE (SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c
                      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = l.relation) END AS relation,
         pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - l.waitstart) AS seconds,
         pg_catalog.pg_blocking_pids(a.pid) AS behind
    FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
   WHERE NOT l.granted AND (a.datname = pg_catalog.current_database() OR a.datname IS NULL)
   ORDER BY seconds DESC NULLS LAST, a.pid`;

/** Waits shorter than this are how locks work. */
const noticed = 1;

export const waiting: Examination = {
  name: "waiting",
  question: "Does nobody wait for a lock right now?",
  async examine({ database }) {
    const { rows } = await database.query<Row>(waitingNow);
    const long = rows.filter(({ seconds }) => (seconds ?? 0) >= noticed);
    if (long.length === 0) return [{ verdict: "ok", found: `nobody for more than ${noticed} s` }];
    return each(
      long,
      ({ pid, application, user, mode, relation, seconds, behind }) => ({
        verdict: "danger",
        object: `pid ${pid}`,
        found: `${user}${application === "" ? "" : ` (${application})`} waits ${(seconds ?? 0).toFixed(0)} s for ${mode}${relation === null ? "" : ` on ${relation}`}, behind ${behind.map((one) => (one === 0 ? "a prepared transaction" : `pid ${one}`)).join(", ")}`,
        means: "a change of that table would queue here, and everybody else behind it",
        next: ["lockstep blockers"],
      }),
      "session",
    );
  },
};
