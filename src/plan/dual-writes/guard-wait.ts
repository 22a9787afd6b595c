import { indent } from "./body-lines.ts";

/** What is raised, and caught at once, to let go of a row's lock. */
const isThere = "LKS01";

/** What `waitFor` needs of the function around it. */
export const declarations: readonly string[] = [
  "taken boolean;",
  "patience text;",
  "ends pg_catalog.timestamptz;",
  "pause pg_catalog.int4;",
  "holders text;",
  "before text;",
  "shared boolean;",
  "waited boolean;",
  "since pg_catalog.timestamptz;",
  "seen pg_catalog.timestamptz;",
];

/**
 * Takes the lock of `key`, and sets `taken`; goes on without it where who has it waits for this session.
 *
 * Each pause ends by `lock_timeout`, in a place of the lock's queue, where others see who waits. A statement's own timeout
 * that ends in the same moment is taken with it (ProcessInterrupts, postgres.c), so its time is looked at here.
 *
 * @param rules what else leaves the loop: before each pause, and behind it
 * @param how `_shared` for a share of it
 */
export function waitFor(
  rules: { readonly first?: readonly string[]; readonly behind?: readonly string[] },
  how = "",
): readonly string[] {
  const { first = [], behind = [] } = rules;
  const left = "pg_catalog.ceil(extract(epoch FROM ends - pg_catalog.clock_timestamp()) * 1000)";
  return [
    "patience := pg_catalog.current_setting('lock_timeout');",
    // NULL: never.
    "ends := pg_catalog.clock_timestamp() + nullif(patience::pg_catalog.interval, '0');",
    "pause := 1;",
    "before := NULL;",
    "LOOP",
    ...indent(1, first),
    "  BEGIN",
    `    PERFORM pg_catalog.set_config('lock_timeout', greatest(1, least(pause, ${left}))::text, true);`,
    `    PERFORM pg_catalog.pg_advisory_xact_lock${how}(key);`,
    "    PERFORM pg_catalog.set_config('lock_timeout', patience, true);",
    "    taken := true;",
    "    EXIT;",
    "  EXCEPTION",
    // The setting goes back with it.
    "    WHEN lock_not_available THEN",
    "      IF pg_catalog.clock_timestamp() >= pg_catalog.statement_timestamp() + nullif(pg_catalog.current_setting('statement_timeout')::pg_catalog.interval, '0') THEN",
    "        RAISE EXCEPTION USING ERRCODE = 'query_canceled', MESSAGE = 'canceling statement due to statement timeout';",
    "      END IF;",
    "  END;",
    "  BEGIN",
    ...indent(2, whoHasIt),
    "  EXCEPTION",
    "    WHEN OTHERS THEN",
    "      holders := NULL;",
    "      shared := true;",
    "      waited := false;",
    "  END;",
    "  EXIT WHEN waited;",
    // Of one moment for all that is decided by it.
    "  seen := pg_catalog.clock_timestamp();",
    ...indent(1, behind),
    "  IF seen >= ends THEN",
    "    RAISE EXCEPTION USING ERRCODE = 'lock_not_available', MESSAGE = 'canceling statement due to lock timeout';",
    "  END IF;",
    `  pause := least(2 * pause, ${longest});`,
    "END LOOP;",
  ];
}

/** In ms: no longer than the `deadlock_timeout` of others, and soon enough when they begin to wait for this session. */
const longest =
  "100, greatest(1, extract(epoch FROM pg_catalog.current_setting('deadlock_timeout')::pg_catalog.interval) * 500)";

/** In ms: looks for conflicts are shorter by far, and so are many transactions that write rows which others write too. */
const moment = 16;

/** Leaves the loop where nobody deletes the row of the key. */
export function exitWhereThere(row: string): readonly string[] {
  // Who cannot know it waits.
  return exitWhereFound(row, "KEY SHARE", "NULL");
}

/**
 * Leaves the loop where the same transactions have had the lock for a moment, and nobody would wait for them at the row:
 * all share the lock, or nobody writes the row, or this session has it itself.
 */
export function exitWhereFree(row: string): readonly string[] {
  return [
    "IF holders IS DISTINCT FROM before OR before IS NULL THEN",
    "  before := coalesce(holders, '');",
    "  since := seen;",
    "END IF;",
    `IF seen >= least(since + '${moment} ms', ends) THEN`,
    "  EXIT WHEN TG_OP = 'UPDATE' OR shared;",
    ...indent(1, exitWhereFound(row, "NO KEY UPDATE", "EXIT")),
    "END IF;",
  ];
}

/** A row without `xmax` is looked at only; another one is locked for as long as it takes to let go of it. */
function exitWhereFound(row: string, strength: string, orElse: string): readonly string[] {
  return [
    "BEGIN",
    `  PERFORM 1 FROM ${row} AND t.xmax OPERATOR(pg_catalog.=) '0'::pg_catalog.xid;`,
    "  IF FOUND THEN",
    "    EXIT;",
    "  END IF;",
    `  PERFORM 1 FROM ${row} FOR ${strength} SKIP LOCKED;`,
    "  IF FOUND THEN",
    `    RAISE EXCEPTION USING ERRCODE = '${isThere}';`,
    "  END IF;",
    "EXCEPTION",
    `  WHEN SQLSTATE '${isThere}' THEN EXIT;`,
    `  WHEN OTHERS THEN ${orElse};`,
    "END;",
  ];
}

/** Which transactions have the lock, whether all of them share it, and whether one waits for this session, or for one that does. */
const whoHasIt: readonly string[] = [
  "WITH RECURSIVE has AS MATERIALIZED (",
  "  SELECT l.pid, l.virtualtransaction, l.mode FROM pg_catalog.pg_locks AS l",
  "  WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted",
  "    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())",
  "    AND l.classid = ((key >> 32) & 4294967295)::pg_catalog.oid",
  "    AND l.objid = (key & 4294967295)::pg_catalog.oid",
  "), waits(pid) AS (",
  "  SELECT h.pid FROM has AS h",
  "  UNION",
  "  SELECT pg_catalog.unnest(pg_catalog.pg_blocking_pids(w.pid)) FROM waits AS w",
  ")",
  "SELECT pg_catalog.string_agg(h.virtualtransaction, ' ' ORDER BY h.virtualtransaction),",
  // Of nobody it is not true.
  "  coalesce(pg_catalog.bool_and(h.mode = 'ShareLock'), false),",
  "  EXISTS (SELECT FROM waits AS w WHERE w.pid = pg_catalog.pg_backend_pid())",
  "FROM has AS h INTO holders, shared, waited;",
];
