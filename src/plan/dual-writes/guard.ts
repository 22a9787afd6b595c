import { changed, indent } from "./body-lines.ts";
import type { RowExpression } from "./expression.ts";
import { alwaysTrigger, triggerFunction } from "./trigger.ts";

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
 * Where the lock is taken, a row that is there already ends the wait: with it there is nothing to insert, and `DO
 * NOTHING` does not wait for who has met it before. It is there when nobody is deleting it, which a row lock tells; an
 * exception gives it back. Where that cannot be asked (a right is missing) the lock is waited for.
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
    "  there boolean;",
    "BEGIN",
    `  IF TG_OP = 'UPDATE' AND NOT (${changed(keys.flatMap(readBy))}) THEN`,
    "    RETURN NEW;",
    "  END IF;",
    `  held := coalesce(nullif(pg_catalog.current_setting(${counted}, true), ''), '0')::integer;`,
    ...keys.flatMap((key) => indent(1, lockOf(key, table, seedOf(key.index)))),
    "  RETURN NEW;",
    "END",
  ].join("\n");
  // Whoever may insert need not be allowed to lock rows; but with the owner's rights nothing runs that others can make.
  const isSafe = keys.every(
    ({ parts, predicate }) => predicate === undefined && parts.every(({ isPlain }) => isPlain),
  );
  return {
    start: [
      isSafe
        ? triggerFunction(names.routine, "pg_catalog, pg_temp", body, "definer")
        : triggerFunction(names.routine, path, body),
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
    const equals = isPlain ? "OPERATOR(pg_catalog.=)" : "=";
    return `${value.over("t")} ${equals} ${value.over("NEW")}`;
  });
  const found = [...same, ...(predicate === undefined ? [] : [predicate.over("t")])];
  return [
    `IF ${conditions.join(" AND ")} THEN`,
    `  key := pg_catalog.hash_record_extended(ROW(${hashed.join(", ")})::pg_catalog.record, ${seed});`,
    "  there := false;",
    "  IF NOT pg_catalog.pg_try_advisory_xact_lock(key) THEN",
    "    BEGIN",
    `      PERFORM 1 FROM ${table} AS t WHERE ${found.join(" AND ")} FOR KEY SHARE SKIP LOCKED;`,
    "      IF FOUND THEN",
    `        RAISE EXCEPTION USING ERRCODE = '${isThere}';`,
    "      END IF;",
    "    EXCEPTION",
    `      WHEN SQLSTATE '${isThere}' THEN there := true;`,
    // Who cannot know it waits.
    "      WHEN OTHERS THEN there := false;",
    "    END;",
    "    IF NOT there THEN",
    "      PERFORM pg_catalog.pg_advisory_xact_lock(key);",
    "    END IF;",
    "  END IF;",
    "  IF NOT there THEN",
    "    held := held + 1;",
    `    PERFORM pg_catalog.set_config(${counted}, held::text, true);`,
    "  END IF;",
    "END IF;",
  ];
}

function readBy({ parts, predicate }: GuardedKey): readonly string[] {
  const all = [...parts.map(({ value }) => value), ...(predicate === undefined ? [] : [predicate])];
  return [...new Set(all.flatMap(({ columns }) => [...columns]))];
}
