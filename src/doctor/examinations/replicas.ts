import { each, type Diagnosis, type Examination } from "../examination.ts";
import { bytes } from "../../pg/index.ts";

interface Standby {
  readonly name: string;
  readonly state: string | null;
  readonly sync: string | null;
  readonly behind: number | null;
  readonly seconds: number | null;
}

const standbys = `
  SELECT coalesce(nullif(application_name, ''), client_addr::pg_catalog.text, 'pid ' || pid) AS name, state, sync_state AS sync,
         pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), coalesce(replay_lsn, flush_lsn, sent_lsn))::pg_catalog.float8 AS behind,
         pg_catalog.date_part('epoch', replay_lag) AS seconds
    FROM pg_catalog.pg_stat_replication WHERE state IS DISTINCT FROM 'backup' ORDER BY behind DESC NULLS LAST, 1`;

const late = { warningBytes: 64e6, dangerBytes: 1e9, warningSeconds: 10, dangerSeconds: 60 };

/** A rewrite or a backfill writes WAL as fast as the disk takes it: a standby that is late already falls further behind. */
export const replicas: Examination = {
  name: "replicas",
  question: "Are all standbys connected and near the primary?",
  async examine({ database, facts }) {
    if (facts.inRecovery)
      return [
        {
          verdict: "danger",
          found: "this server is a standby",
          means: "nothing can be changed here",
          next: ["use the URL of the primary (the writer endpoint)"],
        },
      ];
    const { rows } = await database.query<Standby>(standbys);
    const { rows: settings } = await database.query<{ names: string; commit: string }>(
      `SELECT pg_catalog.current_setting('synchronous_standby_names') AS names,
              pg_catalog.current_setting('synchronous_commit') AS commit`,
    );
    const { names } = settings[0]!;
    const synchronous: Diagnosis[] =
      names !== "" &&
      facts.seesOtherSessions &&
      !rows.some(({ sync }) => sync === "sync" || sync === "quorum")
        ? [
            {
              verdict: "danger",
              found: `synchronous_standby_names is ${names}, and no such standby is connected`,
              means: "every commit waits for it",
              next: [
                "bring the standby back",
                "or: ALTER SYSTEM SET synchronous_standby_names = '' and SELECT pg_reload_conf()",
              ],
            },
          ]
        : [];
    if (rows.length === 0)
      return synchronous.length > 0
        ? synchronous
        : [{ verdict: "ok", found: "no standby is connected, and none is waited for" }];
    return [...synchronous, ...each(rows, diagnose, "standby")];
  },
};

function diagnose({ name, state, behind, seconds }: Standby): Diagnosis {
  if (state === null || behind === null)
    return {
      verdict: "unknown",
      object: name,
      found: "how far it is behind is hidden from this role, or its position is not known",
      next: ["GRANT pg_monitor to the role"],
    };
  const lag = `${bytes(behind)}${seconds === null ? "" : `, ${seconds.toFixed(1)} s`} behind (${state})`;
  if (behind >= late.dangerBytes || (seconds ?? 0) >= late.dangerSeconds)
    return {
      verdict: "danger",
      object: name,
      found: lag,
      means:
        "reads from it are old; after a fail-over to it what it lacks is gone; a backfill would stop for it",
      next: ["wait until it has caught up, or find out why it does not (its log, disk, network)"],
    };
  if (behind >= late.warningBytes || (seconds ?? 0) >= late.warningSeconds || state !== "streaming")
    return {
      verdict: "warning",
      object: name,
      found: lag,
      means: "work that writes much makes it later still",
      next: ["wait until it has caught up"],
    };
  return { verdict: "ok", object: name, found: lag };
}
