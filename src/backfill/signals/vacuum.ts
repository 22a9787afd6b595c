import { treeSql } from "../tree.ts";
import { hidden, latest, type Measure, type Signal, type Unreadable } from "./signal.ts";

interface Reading {
  readonly dead: number;
  /** Counted since the statistics began; where they are younger than the last vacuum or analyze, what that has found. */
  readonly live: number;
  /** Vacuums that are at work on some table this role may not see. */
  readonly unseen: number;
  /** An autovacuum of the table that nothing may delay: it keeps transaction ids from running out. */
  readonly wraparound: boolean;
}

/** So few dead rows do no harm, whatever their share. */
const harmless = 50_000;

/** Dead rows of the table. A plain vacuum at work is a help; one against wraparound is not to be given more to do. */
export const vacuum: Signal<Reading> = {
  name: "vacuum",
  sql: ({ table }) => {
    const oid = `pg_catalog.to_regclass(${table})`;
    return `(SELECT jsonb_build_object(
        'dead', coalesce(sum(pg_catalog.pg_stat_get_dead_tuples(relid)), 0),
        'live', coalesce(sum(greatest(pg_catalog.pg_stat_get_live_tuples(relid), c.reltuples)), 0),
        'unseen', (SELECT count(*) FROM pg_catalog.pg_stat_progress_vacuum WHERE relid IS NULL),
        'wraparound', EXISTS (SELECT FROM pg_catalog.pg_stat_progress_vacuum p JOIN pg_catalog.pg_stat_activity a USING (pid)
                               WHERE p.relid = ANY (array_agg(t.relid::oid)) AND a.query LIKE 'autovacuum: %(to prevent wraparound)'))
      FROM ${treeSql(oid)} t LEFT JOIN pg_catalog.pg_class c ON c.oid = t.relid)`;
  },
  measure(history) {
    const { dead, live, unseen, wraparound } = latest(history).reading;
    const all: (Measure | Unreadable)[] = [];
    if (unseen > 0) all.push({ subject: "", unreadable: hidden });
    if (wraparound)
      all.push({
        limit: "always",
        subject: "",
        value: 1,
        unit: "",
        text: "an autovacuum against wraparound of transaction ids is at work on the table",
      });
    const share = dead < harmless ? 0 : dead / (dead + live);
    all.push({
      limit: "dead-rows",
      subject: "",
      value: share,
      unit: "",
      text: `${Math.round(share * 100)} % of the table's rows are dead`,
    });
    return all;
  },
};
