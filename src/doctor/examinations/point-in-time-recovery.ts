import type { Diagnosis, Examination, Patient } from "../examination.ts";

interface Row {
  readonly mode: string;
  readonly command: string;
  readonly library: string;
  readonly level: string;
  readonly timeout: number;
  readonly archived: Date | null;
  readonly failed: Date | null;
  readonly failedWal: string | null;
  readonly failures: number;
  readonly receivers: number;
}

const archiving = `
  SELECT pg_catalog.current_setting('archive_mode') AS mode,
         coalesce(pg_catalog.current_setting('archive_command', true), '') AS command,
         coalesce(pg_catalog.current_setting('archive_library', true), '') AS library,
         pg_catalog.current_setting('wal_level') AS level,
         (SELECT setting::pg_catalog.int4 FROM pg_catalog.pg_settings WHERE name = 'archive_timeout') AS timeout,
         a.last_archived_time AS archived, a.last_failed_time AS failed, a.last_failed_wal AS "failedWal",
         a.failed_count::pg_catalog.int4 AS failures,
         (SELECT pg_catalog.count(*)::pg_catalog.int4 FROM pg_catalog.pg_stat_replication
           WHERE application_name IN ('pg_receivewal', 'barman_receive_wal') OR application_name LIKE 'pgbackrest%') AS receivers
    FROM pg_catalog.pg_stat_archiver a`;

/** An hour without an archived file, on a server that writes, loses an hour. */
const lateMs = 3_600_000;

/**
 * Whether the database can be restored to the moment before a change. SQL shows whether WAL is archived; it cannot show
 * that a base backup is there, nor that it can be restored: that is never taken for granted.
 */
export const pointInTimeRecovery = {
  name: "point-in-time-recovery",
  question: "Can the database be restored to the moment before a change?",
  async examine({
    database,
    provider,
    now,
  }: Pick<Patient, "database" | "provider" | "now">): Promise<readonly Diagnosis[]> {
    if (provider !== undefined)
      return [
        {
          verdict: "unknown",
          found: `${provider.name} archives and keeps backups outside of the server: SQL does not show them`,
          means:
            "how far back, and to which moment, it can be restored is known to the provider only",
          next: [provider.restorable],
        },
      ];
    const { rows } = await database.query<Row>(archiving);
    return diagnoseArchiving(rows[0]!, now);
  },
} satisfies Examination;

export function diagnoseArchiving(row: Row, now: Date): readonly Diagnosis[] {
  const {
    mode,
    command,
    library,
    level,
    archived,
    failed,
    failedWal,
    failures,
    receivers,
    timeout,
  } = row;
  const next = [
    "turn WAL archiving on with a tool that makes and verifies base backups too: pgBackRest, Barman, WAL-G",
  ];
  if (level === "minimal")
    return [
      {
        verdict: "danger",
        found: "wal_level is minimal: WAL is not enough to restore from",
        means: "after a mistake only the last dump is left",
        next,
      },
    ];
  if (mode === "off" && receivers > 0)
    return [
      {
        verdict: "unknown",
        found: "a receiver streams the WAL away; the server does not know what it keeps",
        means: "whether a restore is possible is known to the receiver's own tool only",
        next: ["barman check, or pgbackrest check, on the machine of the backups"],
      },
    ];
  if (mode === "off" || (command === "" && library === "") || command === "(disabled)")
    return [
      {
        verdict: "danger",
        found:
          mode === "off"
            ? "archive_mode is off"
            : "archive_mode is on, with neither archive_command nor archive_library",
        means: "after a mistake only the last dump is left: everything written since is gone",
        next,
      },
    ];
  if (/^(?:\/bin\/|\/usr\/bin\/)?true$|^:$|^exit 0$/.test(command.trim()))
    return [
      {
        verdict: "danger",
        found: `archive_command is ${command}, which throws the WAL away and says that it was kept`,
        means: "after a mistake only the last dump is left",
        next,
      },
    ];
  if (failed !== null && (archived === null || failed > archived))
    return [
      {
        verdict: "danger",
        found: `the archiver's last attempt has failed (${failedWal ?? "?"}, ${failures} failures), ${archived === null ? "nothing was ever archived" : `the last that was archived is of ${archived.toISOString()}`}`,
        means: "a restore ends there; and WAL that is not archived stays until the disk is full",
        next: ["look into the server's log for what archive_command says"],
      },
    ];
  const backup: Diagnosis = {
    verdict: "unknown",
    found: "that a base backup is there, recent, and was ever restored cannot be seen from SQL",
    means: "archived WAL without a base backup restores nothing",
    next: [
      "pgbackrest info, barman list-backup all, or wal-g backup-list, on the machine of the backups",
    ],
  };
  if (archived === null)
    return [
      {
        verdict: "warning",
        found: "archiving is on, and nothing was archived yet",
        means: "it is not known that it works",
        next: ["SELECT pg_switch_wal()", "lockstep doctor, a moment later"],
      },
      backup,
    ];
  const age = now.getTime() - archived.getTime();
  const found = `the last file was archived at ${archived.toISOString()}`;
  if (age > lateMs && timeout === 0)
    return [
      {
        verdict: "warning",
        found: `${found}; archive_timeout is 0`,
        means: "on a quiet server what was written since is in no archive",
        next: ["ALTER SYSTEM SET archive_timeout = '60s'", "SELECT pg_reload_conf()"],
      },
      backup,
    ];
  return [{ verdict: "ok", found }, backup];
}
