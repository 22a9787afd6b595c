import { indent } from "./body-lines.ts";

/** What is raised, and caught at once, to let go of a lock. */
const isThere = "LKS01";

const ms = (setting: string, share: number) =>
  `extract(epoch FROM pg_catalog.current_setting('${setting}')::pg_catalog.interval) * ${1000 * share}`;

/** The longest pause, which `deadlock_timeout` of the others does not outlast. */
const most = `greatest(1, ${ms("deadlock_timeout", 0.5)})`;

/** Leaves the loop of `waitFor` where nobody deletes the row of the key. */
export function exitWhereThere(row: string): readonly string[] {
  return [
    "BEGIN",
    `  PERFORM 1 FROM ${row} FOR KEY SHARE SKIP LOCKED;`,
    "  IF FOUND THEN",
    `    RAISE EXCEPTION USING ERRCODE = '${isThere}';`,
    "  END IF;",
    "EXCEPTION",
    `  WHEN SQLSTATE '${isThere}' THEN EXIT;`,
    // Who cannot know it waits.
    "  WHEN OTHERS THEN NULL;",
    "END;",
  ];
}

/**
 * Takes the lock of `key`, and sets `taken`; goes on without it where who has it waits for this session.
 * @param orElse what else leaves the loop
 */
export function waitFor(orElse: readonly string[]): readonly string[] {
  const left = "pg_catalog.ceil(extract(epoch FROM ends - pg_catalog.clock_timestamp()) * 1000)";
  return [
    "patience := pg_catalog.current_setting('lock_timeout');",
    // NULL: never.
    "ends := pg_catalog.clock_timestamp() + nullif(patience::pg_catalog.interval, '0');",
    "pause := 1;",
    "LOOP",
    ...indent(1, orElse),
    "  BEGIN",
    `    PERFORM pg_catalog.set_config('lock_timeout', greatest(1, least(pause, ${left}))::text, true);`,
    "    PERFORM pg_catalog.pg_advisory_xact_lock(key);",
    "    PERFORM pg_catalog.set_config('lock_timeout', patience, true);",
    "    taken := true;",
    "    EXIT;",
    "  EXCEPTION",
    // The setting goes back with it.
    "    WHEN lock_not_available THEN",
    "      IF pg_catalog.clock_timestamp() >= ends THEN",
    "        RAISE;",
    "      END IF;",
    "  END;",
    "  BEGIN",
    ...indent(2, whoIsWaitedFor),
    "    IF FOUND THEN",
    "      EXIT;",
    "    END IF;",
    "  EXCEPTION",
    "    WHEN OTHERS THEN NULL;",
    "  END;",
    `  pause := least(2 * pause, ${most});`,
    "END LOOP;",
  ];
}

/** In ms: a look for a conflict does not last as long, nor do most transactions that hold rows which many write. */
const moment = 16;

/** Takes its share of the lock of `key`, and sets `taken`, or goes on without it after a moment. */
export const shareSoon: readonly string[] = [
  "patience := pg_catalog.current_setting('lock_timeout');",
  "BEGIN",
  `  PERFORM pg_catalog.set_config('lock_timeout', greatest(1, least(${moment}, ${most}, nullif(${ms("lock_timeout", 1)}, 0)))::integer::text, true);`,
  "  PERFORM pg_catalog.pg_advisory_xact_lock_shared(key);",
  "  PERFORM pg_catalog.set_config('lock_timeout', patience, true);",
  "  taken := true;",
  "EXCEPTION",
  "  WHEN lock_not_available THEN NULL;",
  "END;",
];

const hasLock = [
  "l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted",
  "AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())",
  "AND l.classid = ((key >> 32) & 4294967295)::pg_catalog.oid",
  "AND l.objid = (key & 4294967295)::pg_catalog.oid",
];

/** Leaves the loop of `waitFor` after a moment where all who have the lock of `key` share it. */
export const exitWhereShared: readonly string[] = [
  `IF pause >= ${moment} THEN`,
  "  BEGIN",
  "    PERFORM 1 FROM pg_catalog.pg_locks AS l",
  ...hasLock.map((line, n) => `${n === 0 ? "    WHERE " : "      "}${line}`),
  "      AND l.mode = 'ExclusiveLock';",
  "    IF NOT FOUND THEN",
  "      EXIT;",
  "    END IF;",
  "  EXCEPTION",
  "    WHEN OTHERS THEN EXIT;",
  "  END;",
  "END IF;",
];

/** FOUND where who has the lock waits for this session, or for one that does. */
const whoIsWaitedFor: readonly string[] = [
  "PERFORM 1 FROM (",
  "  WITH RECURSIVE waits(pid) AS (",
  "    SELECT l.pid FROM pg_catalog.pg_locks AS l",
  ...hasLock.map((line, n) => `${n === 0 ? "    WHERE " : "      "}${line}`),
  "    UNION",
  "    SELECT pg_catalog.unnest(pg_catalog.pg_blocking_pids(w.pid)) FROM waits AS w",
  "  ) SELECT w.pid FROM waits AS w",
  ") AS w WHERE w.pid = pg_catalog.pg_backend_pid();",
];
