import { setTimeout as sleep } from "node:timers/promises";
import { isLockstepError, LockstepError, type ErrorCode } from "../errors/index.ts";
import { isConnectionLost, sqlState } from "../pg/index.ts";

/** Any connection that runs one text at a time, such as a Session or a pg Client; never a pool. */
export interface CatalogClient {
  query(text: string, params?: readonly unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/**
 * Runs one catalog query inside the snapshot, one at a time. What was asked may be awaited later, while other
 * work is done: a failure is never unhandled.
 */
export type Query = <Row>(text: string, params?: readonly unknown[]) => Promise<readonly Row[]>;

/**
 * Settings that change what the server prints, and JIT, whose compilation costs more than these queries.
 * pg_temp stands last so that no temporary object hides a name.
 */
const settings = [
  "search_path = pg_catalog, pg_temp",
  "TimeZone = 'UTC'",
  "DateStyle = 'ISO, YMD'",
  "IntervalStyle = 'postgres'",
  "extra_float_digits = 1",
  "bytea_output = 'hex'",
  "lc_monetary = 'C'",
  "quote_all_identifiers = off",
  "standard_conforming_strings = on",
  "jit = off",
]
  .map((setting) => `SET LOCAL ${setting};`)
  .join(" ");

const brackets = {
  own: {
    begin: `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${settings}`,
    end: "COMMIT",
    abort: "ROLLBACK",
  },
  // Going back to a savepoint also puts the settings back and heals a failed query.
  caller: {
    begin: `SAVEPOINT lockstep_catalog; ${settings}`,
    end: "ROLLBACK TO SAVEPOINT lockstep_catalog; RELEASE SAVEPOINT lockstep_catalog",
    abort: "ROLLBACK TO SAVEPOINT lockstep_catalog; RELEASE SAVEPOINT lockstep_catalog",
  },
} as const;

/**
 * SQLSTATEs of a deparser that met an object which another session dropped or changed meanwhile: it looks
 * names up as they are now, not as the snapshot has them (ruleutils.c uses catalog snapshots).
 */
const disturbed = new Set(["XX000", "42P01", "42P17", "42703", "42704", "42883", "3F000"]);
const attempts = 10;
/** Pause before another attempt, in ms, growing with their number. */
const pause = 10;

/** Thrown while rows are put together when two of them contradict each other. */
class TornSnapshot extends Error {}

/**
 * What the server must have given for an object of the snapshot. It prints NULL when the object is gone by
 * the time it prints it.
 */
export function required<Value>(value: Value | null | undefined): Value {
  if (value === null || value === undefined)
    throw new TornSnapshot("an object was dropped while the catalog was read");
  return value;
}

/**
 * Runs `read` in one snapshot with settings that make the output depend on nothing but the schema. A read
 * that concurrent DDL disturbed is repeated, ten attempts in all.
 */
export async function readSnapshot<Result>(
  client: CatalogClient,
  transaction: "own" | "caller",
  read: (query: Query) => Promise<Result>,
): Promise<Result> {
  const { begin, end, abort } = brackets[transaction];
  let inFlight: Promise<unknown> = Promise.resolve();
  const query: Query = <Row>(text: string, params?: readonly unknown[]) => {
    const answer = client.query(text, params).then(({ rows }) => rows as readonly Row[]);
    inFlight = answer.catch(() => {});
    return answer;
  };
  for (let attempt = 1; ; attempt++) {
    try {
      await client.query(begin);
    } catch (error) {
      throw explainRead(error);
    }
    try {
      const result = await read(query);
      await client.query(end);
      return result;
    } catch (error) {
      await inFlight;
      if (!isConnectionLost(error)) await client.query(abort).catch(() => {});
      const again = error instanceof TornSnapshot || disturbed.has(sqlState(error) ?? "");
      if (!again || transaction === "caller" || attempt === attempts)
        throw explainRead(error, attempt);
      await sleep(attempt * pause);
    }
  }
}

function explainRead(error: unknown, attempt = 1): LockstepError {
  if (isLockstepError(error)) return error;
  const state = sqlState(error);
  const found = error instanceof Error ? error.message : String(error);
  const fail = (code: ErrorCode, what: string, why: string, next: readonly string[]) =>
    new LockstepError(code, { what, found, why, next }, { cause: error });
  if (isConnectionLost(error))
    return fail(
      "connection-lost",
      "the connection ended while the catalog was read",
      "the server was restarted, the session was ended by someone, or the network failed",
      ["run the command again; reading changed nothing"],
    );
  if (state === "55P03" || state === "57014")
    return fail(
      "lock-timeout",
      "the catalog could not be read in time",
      "another session holds ACCESS EXCLUSIVE on a table, as a running ALTER TABLE does",
      ["see who holds it: lockstep blockers", "wait for it to end, then run the command again"],
    );
  if (state === "25001")
    return fail(
      "internal",
      "the catalog was read on a session that was inside a transaction",
      "the caller did not ask to read within its own transaction",
      ["report this: Lockstep used a session in a way it must not"],
    );
  if (state === "42501")
    return fail(
      "privilege-missing",
      "this role may not read the system catalogs",
      "privileges on pg_catalog were revoked from PUBLIC",
      ["run the command as a role that may read pg_catalog"],
    );
  if (error instanceof TornSnapshot || disturbed.has(state ?? ""))
    return fail(
      "internal",
      `the schema changed while it was read (attempts: ${attempt})`,
      "another session is running DDL without pause",
      ["wait until it has finished, then run the command again"],
    );
  return fail(
    "internal",
    "the catalog could not be read",
    "this server answers a catalog query in a way that Lockstep does not know",
    ["report this with the server's version: SELECT version()"],
  );
}
