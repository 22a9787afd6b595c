import type { Contract, ContractQuery } from "../contract/index.ts";
import { isConnectionLost, sqlState, type Session } from "../pg/index.ts";
import type { Finding } from "./result.ts";

/** Longest wait for a lock of the tables that a statement names, in ms. */
const lockTimeoutMs = 2000;

const name = "lockstep_query";

/**
 * What a server says that took the statement, but does not plan it here: insufficient_privilege of the gate's own role;
 * not_null_violation and check_violation of a domain, which takes no NULL for a parameter.
 */
const notPlanned = new Set(["42501", "23502", "23514"]);
/** lock_not_available, query_canceled. */
const notNow = new Set(["55P03", "57014"]);

/**
 * Asks the server whether it takes each statement of the code: it parses and plans them, which runs nothing and is let through by
 * a read-only transaction. Planned for any values: with a generic plan.
 * @param found differences that are told already: a statement that needs one of those is not told again
 */
export async function compareQueries(
  { queries = [] }: Contract,
  database: Session,
  transaction: "own" | "caller",
  found: readonly Finding[],
): Promise<readonly Finding[]> {
  const errors = found.filter(({ severity }) => severity === "error");
  const findings: Finding[] = [];
  for (const [query, refusal] of await refusalsOf(queries, database, transaction)) {
    if (notPlanned.has(refusal.state)) continue;
    if (!errors.some((one) => isTold(query, refusal, one)))
      findings.push(findingOf(query, refusal));
  }
  return findings;
}

/** What the differences are that a refusal may be the consequence of, by its SQLSTATE. */
const tellers: Readonly<Record<string, RegExp>> = {
  // undefined_column, undefined_table, invalid_schema_name
  "42703": /^missing-(?:column|table|view)$/,
  "42P01": /^missing-(?:table|view|schema)$/,
  "3F000": /^missing-schema$/,
  // invalid_column_reference: no arbiter
  "42P10": /^(?:missing|wrong)-unique$|^invalid-index$/,
  // undefined_object: a type; invalid_text_representation: an enum's label
  "42704": /^missing-(?:enum|domain|type)$/,
  "22P02": /^missing-enum-value$/,
};

/** True when the difference says it already: it is about something that the statement uses. */
function isTold(
  { uses }: ContractQuery,
  { state }: Refusal,
  { kind, object, address }: Finding,
): boolean {
  if (tellers[state]?.test(kind) !== true) return false;
  if (kind.startsWith("missing-enum") || kind === "missing-domain" || kind === "missing-type")
    return true;
  const wanted = address?.replace(/^\w+ /, "") ?? object;
  // A key of a table is told by the table's name and its own.
  const table =
    kind.includes("unique") || kind === "invalid-index" ? /\.(?:"(?:[^"]|"")*"|[^".]+)$/ : /$/;
  const about = wanted.replace(table, "");
  return uses.some((use) => use === about || use.startsWith(`${about}.`));
}

interface Refusal {
  readonly state: string;
  readonly message: string;
}

/** Statements that go to the server in one round trip, each in a transaction of its own: no lock is held from one to the next. */
const groupSize = 30;

/** The statements that the server refuses, in their order. */
async function refusalsOf(
  queries: readonly ContractQuery[],
  database: Session,
  transaction: "own" | "caller",
): Promise<readonly (readonly [ContractQuery, Refusal])[]> {
  const refusals: (readonly [ContractQuery, Refusal])[] = [];
  let aloneUntil = 0;
  for (let at = 0; at < queries.length;) {
    const group = queries.slice(at, at + (at < aloneUntil ? 1 : groupSize));
    const first = await firstRefusal(group, database, transaction);
    if (first === "none of it was run") {
      aloneUntil = at + group.length;
      continue;
    }
    if (first !== undefined) refusals.push([group[first.at]!, first.refusal]);
    at += first === undefined ? group.length : first.at + 1;
  }
  return refusals;
}

/**
 * The first of a group that the server refuses; those after it were not asked. A text that this server's grammar does not know
 * is refused before any of the group is run: which one it is shows alone.
 */
async function firstRefusal(
  group: readonly ContractQuery[],
  database: Session,
  transaction: "own" | "caller",
): Promise<{ readonly at: number; readonly refusal: Refusal } | "none of it was run" | undefined> {
  const isOwn = transaction === "own";
  const close = isOwn ? "ROLLBACK" : `ROLLBACK TO SAVEPOINT ${name}`;
  const texts = group.map((query) => [...asking(query, isOwn), close]);
  // By itself: it must be there when the rest is refused.
  if (!isOwn) await database.batch(`SAVEPOINT ${name}`);
  try {
    await database.batch(texts.flat().join(";\n"));
    return undefined;
  } catch (error) {
    if (isConnectionLost(error)) throw error;
    const state = sqlState(error);
    if (state === undefined) throw error;
    await database.batch(close);
    await forget(database);
    const { completed = 0 } = error as { completed?: number };
    if (completed === 0 && group.length > 1) return "none of it was run";
    const at = Math.floor(completed / texts[0]!.length);
    return { at, refusal: { state, message: (error as Error).message } };
  }
}

function asking({ sql, types }: ContractQuery, isOwn: boolean): readonly string[] {
  const list = types.map((type) => type ?? "unknown").join(", ");
  const values = types.map(() => "NULL").join(", ");
  return [
    ...(isOwn ? ["BEGIN READ ONLY"] : []),
    `SET LOCAL lock_timeout = ${lockTimeoutMs}`,
    "SET LOCAL plan_cache_mode = force_generic_plan",
    `PREPARE ${name}${list === "" ? "" : ` (${list})`} AS ${sql}\n`,
    `EXPLAIN EXECUTE ${name}${values === "" ? "" : ` (${values})`}`,
    `DEALLOCATE ${name}`,
  ];
}

/** What is prepared outlives its transaction. */
async function forget(database: Session): Promise<void> {
  const { rows } = await database.query(
    `SELECT FROM pg_catalog.pg_prepared_statements WHERE name = '${name}'`,
  );
  if (rows.length > 0) await database.query(`DEALLOCATE ${name}`);
}

function findingOf({ sql, from }: ContractQuery, { state, message }: Refusal): Finding {
  const isUnknown = notNow.has(state);
  const text = sql.replaceAll(/\s+/g, " ");
  return {
    severity: isUnknown ? "warning" : "error",
    object: from ?? "a statement of the code",
    kind: "refused-query",
    expected: `a database that takes ${text.length > 200 ? `${text.slice(0, 199)}…` : text}`,
    found: isUnknown ? `not known: ${message}` : message,
    from,
    effect: isUnknown
      ? "whether the server takes the statement could not be looked at"
      : `the statement fails (${state})`,
  };
}
