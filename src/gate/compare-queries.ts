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
  for (const query of queries) {
    const refusal = await refusalOf(query, database, transaction);
    if (refusal === undefined || notPlanned.has(refusal.state)) continue;
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

async function refusalOf(
  { sql, types }: ContractQuery,
  database: Session,
  transaction: "own" | "caller",
): Promise<Refusal | undefined> {
  const isOwn = transaction === "own";
  const close = isOwn ? "ROLLBACK" : `ROLLBACK TO SAVEPOINT ${name}`;
  const list = types.map((type) => type ?? "unknown").join(", ");
  const values = types.map(() => "NULL").join(", ");
  const statements = [
    ...(isOwn ? ["BEGIN READ ONLY"] : []),
    `SET LOCAL lock_timeout = ${lockTimeoutMs}`,
    "SET LOCAL plan_cache_mode = force_generic_plan",
    `PREPARE ${name}${list === "" ? "" : ` (${list})`} AS ${sql}\n`,
    `EXPLAIN EXECUTE ${name}${values === "" ? "" : ` (${values})`}`,
    `DEALLOCATE ${name}`,
    close,
  ];
  // By itself: a text that this server's grammar does not know is refused before any of it is run.
  if (!isOwn) await database.batch(`SAVEPOINT ${name}`);
  try {
    await database.batch(statements.join(";\n"));
    return undefined;
  } catch (error) {
    if (isConnectionLost(error)) throw error;
    const state = sqlState(error);
    if (state === undefined) throw error;
    await database.batch(close);
    await forget(database);
    return { state, message: (error as Error).message };
  }
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
