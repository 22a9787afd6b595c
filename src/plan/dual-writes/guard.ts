import { changed, indent } from "./body-lines.ts";
import type { RowExpression } from "./expression.ts";
import { alwaysTrigger, forItsTableAlone, triggerFunction } from "./trigger.ts";

/** A unique key of the old release's form that has another unique index beside it while both releases write. */
export interface GuardedKey {
  /** Tells it from the table's other ones. */
  readonly index: string;
  /** One for each column or expression of the index, never none. */
  readonly parts: readonly GuardedPart[];
  /** Which rows a partial index has. */
  readonly predicate?: RowExpression;
  /** True where rows with NULL in the key are never equal. */
  readonly nullsDistinct: boolean;
}

export interface GuardedPart {
  readonly value: RowExpression;
  /** True for a column whose type is of Postgres's own and has a hash; else the value's text stands for it. */
  readonly isPlain: boolean;
}

/** How many keys of one transaction are locked: the server's lock table has 64 places for each by default. */
export const guardedRows = 32;

/** The setting that counts them, of all plans in flight; it ends with the transaction, and goes back with a savepoint. */
const counted = "'lockstep.guarded'";

/** What is raised, and caught at once, to let go of a row's lock. */
const isThere = "LKS01";

export interface Guard {
  readonly start: readonly string[];
  readonly stop: readonly string[];
}

/**
 * A trigger that lets two sessions write one new key one after the other.
 *
 * `INSERT … ON CONFLICT` looks at its arbiter index before it inserts. When another session inserts the same key just
 * then, an arbiter makes it look again, but any other unique index raises (ExecInsertIndexTuples, execIndexing.c). So
 * whoever writes a key takes a lock on its hash, before that look: who comes second waits for the end of the first's
 * transaction, as he would at the index, and then finds the row. Equal keys of the new form do not have to be locked:
 * what meets at one index only fares as without the plan.
 *
 * Where somebody else has the lock there are two reasons to go on without it. A row that is there already: with it
 * there is nothing to insert, and `DO NOTHING` does not wait for who has met it before. It is there when nobody is
 * deleting it, which a row lock tells; an exception gives it back. And who has the lock waits for this transaction, which
 * has deleted the key, say, and inserts it anew: he looks again when it has ended. He may begin to wait at any time, so
 * this is asked again after growing pauses, none so long that his own look for a deadlock (`deadlock_timeout`) finds
 * this session waiting still. Where neither can be asked (a right is missing) the lock is waited for.
 *
 * Nobody waits for rows that a subscription brings: settings of a transaction do not last between them, so that the
 * locks could not be counted.
 *
 * @param names quoted
 * @param keys locked in this order
 * @param table quoted, with ONLY unless it is partitioned
 * @param seedOf a number of 63 bits for each index
 */
export function guardOf(
  names: { readonly trigger: string; readonly routine: string; readonly on: string },
  keys: readonly GuardedKey[],
  table: string,
  path: string,
  seedOf: (index: string) => bigint,
): Guard {
  if (keys.length === 0) return { start: [], stop: [] };
  const body = [
    "DECLARE",
    "  held integer;",
    "  key bigint;",
    "  taken boolean;",
    "  patience text;",
    "  ends pg_catalog.timestamptz;",
    "  pause pg_catalog.int4;",
    "BEGIN",
    `  IF TG_OP = 'UPDATE' AND NOT (${changed(keys.flatMap(readBy))}) THEN`,
    "    RETURN NEW;",
    "  END IF;",
    "  IF pg_catalog.current_setting('session_replication_role') = 'replica' THEN",
    "    RETURN NEW;",
    "  END IF;",
    `  held := coalesce(nullif(pg_catalog.current_setting(${counted}, true), ''), '0')::integer;`,
    ...keys.flatMap((key) => indent(1, lockOf(key, table, seedOf(key.index)))),
    "  RETURN NEW;",
    "END",
  ].join("\n");
  // Whoever may insert need not be allowed to lock rows; but with the owner's rights nothing runs that others have made.
  const isSafe = keys.every(
    ({ parts, predicate }) => predicate === undefined && parts.every(({ isPlain }) => isPlain),
  );
  return {
    start: [
      ...(isSafe
        ? [
            triggerFunction(names.routine, "pg_catalog, pg_temp", body, "definer"),
            forItsTableAlone(names.routine, names.on),
          ]
        : [triggerFunction(names.routine, path, body)]),
      // Without WHEN, which would keep its columns from a change of type.
      ...alwaysTrigger(
        names.trigger,
        names.on,
        "BEFORE INSERT OR UPDATE",
        "ROW",
        `${names.routine}()`,
      ),
    ],
    stop: [
      `DROP TRIGGER IF EXISTS ${names.trigger} ON ${names.on}`,
      `DROP FUNCTION IF EXISTS ${names.routine}()`,
    ],
  };
}

function lockOf(key: GuardedKey, table: string, seed: bigint): readonly string[] {
  const { parts, predicate, nullsDistinct } = key;
  const over = (row: string) => parts.map(({ value }) => value.over(row));
  const conditions = [
    `held < ${guardedRows}`,
    `(TG_OP = 'INSERT' OR ${changed(readBy(key))})`,
    ...(predicate === undefined ? [] : [predicate.over("NEW")]),
    ...(nullsDistinct ? over("NEW").map((value) => `${value} IS DISTINCT FROM NULL`) : []),
  ];
  const hashed = parts.map(({ value, isPlain }) =>
    isPlain ? value.over("NEW") : `${value.over("NEW")}::pg_catalog.text`,
  );
  const same = parts.map(({ value, isPlain }) => {
    const [there, wanted] = [value.over("t"), value.over("NEW")];
    const equals = `${there} ${isPlain ? "OPERATOR(pg_catalog.=)" : "="} ${wanted}`;
    // Not IS NOT DISTINCT FROM, for which no index is read.
    return nullsDistinct ? equals : `(${equals} OR ${there} IS NULL AND ${wanted} IS NULL)`;
  });
  const found = [...same, ...(predicate === undefined ? [] : [predicate.over("t")])];
  return [
    `IF ${conditions.join(" AND ")} THEN`,
    `  key := pg_catalog.hash_record_extended(ROW(${hashed.join(", ")})::pg_catalog.record, ${seed});`,
    "  taken := pg_catalog.pg_try_advisory_xact_lock(key);",
    "  IF NOT taken THEN",
    ...indent(2, waitFor(`${table} AS t WHERE ${found.join(" AND ")}`)),
    "  END IF;",
    "  IF taken THEN",
    "    held := held + 1;",
    `    PERFORM pg_catalog.set_config(${counted}, held::text, true);`,
    "  END IF;",
    "END IF;",
  ];
}

/** @param row of the key, behind FROM */
function waitFor(row: string): readonly string[] {
  const ms = (setting: string, share: number) =>
    `extract(epoch FROM pg_catalog.current_setting('${setting}')::pg_catalog.interval) * ${1000 * share}`;
  const most = `greatest(1, ${ms("deadlock_timeout", 0.5)})`;
  const left = "pg_catalog.ceil(extract(epoch FROM ends - pg_catalog.clock_timestamp()) * 1000)";
  return [
    "patience := pg_catalog.current_setting('lock_timeout');",
    // NULL: never.
    "ends := pg_catalog.clock_timestamp() + nullif(patience::pg_catalog.interval, '0');",
    "pause := 1;",
    "LOOP",
    "  BEGIN",
    `    PERFORM 1 FROM ${row} FOR KEY SHARE SKIP LOCKED;`,
    "    IF FOUND THEN",
    `      RAISE EXCEPTION USING ERRCODE = '${isThere}';`,
    "    END IF;",
    "  EXCEPTION",
    `    WHEN SQLSTATE '${isThere}' THEN EXIT;`,
    // Who cannot know it waits.
    "    WHEN OTHERS THEN NULL;",
    "  END;",
    "  BEGIN",
    ...indent(2, whoIsWaitedFor),
    "    IF FOUND THEN",
    "      EXIT;",
    "    END IF;",
    "  EXCEPTION",
    "    WHEN OTHERS THEN NULL;",
    "  END;",
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
    `  pause := least(2 * pause, ${most});`,
    "END LOOP;",
  ];
}

/** FOUND where who has the lock waits for this session, or for one that does. */
const whoIsWaitedFor: readonly string[] = [
  "PERFORM 1 FROM (",
  "  WITH RECURSIVE waits(pid) AS (",
  "    SELECT l.pid FROM pg_catalog.pg_locks AS l",
  "    WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted",
  "      AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())",
  "      AND l.classid = ((key >> 32) & 4294967295)::pg_catalog.oid",
  "      AND l.objid = (key & 4294967295)::pg_catalog.oid",
  "    UNION",
  "    SELECT pg_catalog.unnest(pg_catalog.pg_blocking_pids(w.pid)) FROM waits AS w",
  "  ) SELECT w.pid FROM waits AS w",
  ") AS w WHERE w.pid = pg_catalog.pg_backend_pid();",
];

function readBy({ parts, predicate }: GuardedKey): readonly string[] {
  const all = [...parts.map(({ value }) => value), ...(predicate === undefined ? [] : [predicate])];
  return [...new Set(all.flatMap(({ columns }) => [...columns]))];
}
