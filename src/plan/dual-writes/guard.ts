import { changed, indent } from "./body-lines.ts";
import type { RowExpression } from "./expression.ts";
import { declarations, exitWhereFree, exitWhereThere, waitFor } from "./guard-wait.ts";
import { shortHash } from "./names.ts";
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

/** How many rows of it, which may be there, others wait for; fewer where they are updated and keep their keys. */
export const metRows = 16;
const updatedRows = 8;

/** The settings that count both, of all plans in flight; they end with the transaction, and go back with a savepoint. */
const [countedKeys, countedRows] = ["'lockstep.guarded'", "'lockstep.met'"];

export interface Guard {
  readonly start: readonly string[];
  readonly stop: readonly string[];
}

export interface GuardNames {
  /** Quoted, as the others. */
  readonly trigger: string;
  /** The trigger that tells upserts from other INSERTs. */
  readonly perStatement: string;
  readonly routine: string;
  readonly on: string;
}

/**
 * A trigger that lets two sessions write one key one after the other.
 *
 * `INSERT … ON CONFLICT` looks at its arbiter index before it inserts. Where the look misses a row, an arbiter makes it
 * look again, but any other unique index raises (ExecInsertIndexTuples, execIndexing.c). It misses a row that another
 * session inserts just then; and one that is updated while it looks, since it reads the index before the row has its new
 * entry there, and the row when the old version is dead already. So there are two locks, each on a hash of the key:
 *
 * - Whoever writes a new key has that of the key: who comes second waits for the end of the first's transaction, as he
 *   would at the index, and then finds the row. Equal keys of the new form do not have to be locked: what meets at one
 *   index only fares as without the plan.
 * - Whoever upserts (`DO UPDATE`) or updates has that of the row, before he looks: each would wait for the other at the
 *   row itself. Statement triggers before INSERT and before UPDATE fire in this order for upserts (fireBSTriggers,
 *   nodeModifyTable.c; not in a statement that does both of them besides, nor for a partition that it names itself). All
 *   who insert otherwise share it: `DO NOTHING` waits at the row for who updates it, and nobody waits there for
 *   `DO NOTHING`.
 *
 * Where somebody else has such a lock there are reasons to go on without it. For a new key, a row that is there already:
 * with it there is nothing to insert. It is there when nobody is deleting it, which a row lock tells; an exception gives it
 * back. For a row, that the same transactions have had the lock for a moment and do not write the row: their look is over.
 * And, for both, that who has it waits for this transaction, which has deleted the key, say, and inserts it anew: he looks
 * again when it has ended. He may begin to wait at any time, so this is asked again after growing pauses, none so long
 * that his own look for a deadlock (`deadlock_timeout`) finds this session waiting still. Where none of it can be asked (a
 * right is missing) the lock of a new key is waited for, and that of a row is done without.
 *
 * Nobody waits for rows that a subscription brings: settings of a transaction do not last between them, so that the
 * locks could not be counted.
 *
 * @param keys locked in this order
 * @param table quoted, with ONLY unless it is partitioned
 * @param seedOf a number of 63 bits for each index
 */
export function guardOf(
  names: GuardNames,
  keys: readonly GuardedKey[],
  table: string,
  path: string,
  seedOf: (index: string) => bigint,
): Guard {
  if (keys.length === 0) return { start: [], stop: [] };
  const setting = `'lockstep.upserts_${shortHash(names.routine)}'`;
  const count = (counted: string) =>
    `coalesce(nullif(pg_catalog.current_setting(${counted}, true), ''), '0')::integer`;
  const body = [
    "DECLARE",
    "  held integer;",
    "  met integer;",
    "  updates boolean;",
    "  key bigint;",
    ...indent(1, declarations),
    "BEGIN",
    "  IF TG_LEVEL = 'STATEMENT' THEN",
    `    PERFORM pg_catalog.set_config(${setting}, TG_OP, true);`,
    "    RETURN NULL;",
    "  END IF;",
    "  IF pg_catalog.current_setting('session_replication_role') = 'replica' THEN",
    "    RETURN NEW;",
    "  END IF;",
    `  held := ${count(countedKeys)};`,
    `  met := ${count(countedRows)};`,
    `  updates := TG_OP = 'UPDATE' OR coalesce(pg_catalog.current_setting(${setting}, true) = 'UPDATE', false);`,
    ...keys.flatMap((key) => indent(1, locksOf(key, table, seedOf(key.index)))),
    "  RETURN NEW;",
    "END",
  ].join("\n");
  // Whoever may insert need not be allowed to lock rows; but with the owner's rights nothing runs that others have made.
  const isSafe = keys.every(
    ({ parts, predicate }) => predicate === undefined && parts.every(({ isPlain }) => isPlain),
  );
  // Without WHEN, which would keep its columns from a change of type.
  const trigger = (name: string, each: "ROW" | "STATEMENT") =>
    alwaysTrigger(name, names.on, "BEFORE INSERT OR UPDATE", each, `${names.routine}()`);
  return {
    start: [
      ...(isSafe
        ? [
            triggerFunction(names.routine, "pg_catalog, pg_temp", body, "definer"),
            forItsTableAlone(names.routine, names.on),
          ]
        : [triggerFunction(names.routine, path, body)]),
      ...trigger(names.trigger, "ROW"),
      ...trigger(names.perStatement, "STATEMENT"),
    ],
    stop: [
      `DROP TRIGGER IF EXISTS ${names.trigger} ON ${names.on}`,
      `DROP TRIGGER IF EXISTS ${names.perStatement} ON ${names.on}`,
      `DROP FUNCTION IF EXISTS ${names.routine}()`,
    ],
  };
}

function locksOf(key: GuardedKey, table: string, seed: bigint): readonly string[] {
  const { parts, predicate, nullsDistinct } = key;
  const over = (row: string) => parts.map(({ value }) => value.over(row));
  const isNew = `held < ${guardedRows} AND (TG_OP = 'INSERT' OR ${changed(readBy(key))})`;
  const isMet = `met < (CASE TG_OP WHEN 'INSERT' THEN ${metRows} ELSE ${updatedRows} END)`;
  const conditions = [
    `(${isMet} OR ${isNew})`,
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
  const hash = (number: bigint) =>
    `key := pg_catalog.hash_record_extended(ROW(${hashed.join(", ")})::pg_catalog.record, ${number});`;
  const row = `${table} AS t WHERE ${found.join(" AND ")}`;
  const lock = (wait: readonly string[], how = "") => [
    `taken := pg_catalog.pg_try_advisory_xact_lock${how}(key);`,
    "IF NOT taken THEN",
    ...indent(1, wait),
    "END IF;",
  ];
  const count = (counter: string, counted: string) => [
    `${counter} := ${counter} + 1;`,
    `PERFORM pg_catalog.set_config(${counted}, ${counter}::text, true);`,
  ];
  return [
    `IF ${conditions.join(" AND ")} THEN`,
    `  IF ${isMet} THEN`,
    `    ${hash(seed ^ 1n)}`,
    "    IF updates THEN",
    ...indent(3, lock(waitFor({ behind: exitWhereFree(row) }))),
    "    ELSE",
    ...indent(3, lock(waitFor({ behind: exitWhereFree(row) }, "_shared"), "_shared")),
    "    END IF;",
    // Whether it was taken or not: nobody waits any number of times.
    ...indent(2, count("met", countedRows)),
    "  END IF;",
    `  IF ${isNew} THEN`,
    `    ${hash(seed)}`,
    ...indent(2, lock(waitFor({ first: exitWhereThere(row) }))),
    "    IF taken THEN",
    ...indent(3, count("held", countedKeys)),
    "    END IF;",
    "  END IF;",
    "END IF;",
  ];
}

function readBy({ parts, predicate }: GuardedKey): readonly string[] {
  const all = [...parts.map(({ value }) => value), ...(predicate === undefined ? [] : [predicate])];
  return [...new Set(all.flatMap(({ columns }) => [...columns]))];
}
