import { isDeepStrictEqual } from "node:util";
import type { Contract, ContractCheck } from "../contract/index.ts";
import { isConnectionLost, sqlState, type Session } from "../pg/index.ts";
import { parseSql } from "../sql/index.ts";
import type { Finding } from "./result.ts";

/** Variables of the contract that the environment does not have, or has empty (B7). */
export function compareVariables(
  contract: Contract,
  env: Readonly<Record<string, string | undefined>>,
): readonly Finding[] {
  return contract.env
    .filter(({ name }) => (env[name] ?? "").trim() === "")
    .map(({ name, from }) => ({
      severity: "error",
      object: name,
      kind: "missing-variable",
      expected: `environment variable ${name}`,
      found: env[name] === undefined ? "not set" : "set, but empty",
      from,
      effect: "the release reads it at start or at the first use",
      next: `set ${name} where the release runs, then run the gate again`,
    }));
}

/** Longest run of one custom check in ms. */
const checkTimeoutMs = 5000;

/**
 * Asks the contract's custom checks, each one SELECT, in one read-only transaction with a time limit, and
 * compares the answers. A check that cannot be asked is an error: what it guards is not known to hold.
 * @param transaction "caller" asks inside the transaction that is open on the session
 */
export async function compareAnswers(
  contract: Contract,
  session: Session,
  transaction: "own" | "caller",
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const asked: { readonly check: ContractCheck; readonly sql: string }[] = [];
  for (const check of contract.checks) {
    const sql = await singleSelect(check);
    if (sql === undefined)
      findings.push(unanswered(check, "a text that is not one SELECT", check.sql));
    else asked.push({ check, sql });
  }
  for (let from = 0; from < asked.length;) {
    const rest = asked.slice(from);
    const { answers, failure } = await ask(
      rest.map(({ sql }) => sql),
      session,
      transaction,
    );
    for (const [index, answer] of answers.entries()) {
      const { check } = rest[index]!;
      if (!isDeepStrictEqual(answer, check.equals)) findings.push(wrongAnswer(check, answer));
    }
    from += answers.length;
    if (failure !== undefined) {
      findings.push(unanswered(rest[answers.length]!.check, failure, undefined));
      from++;
    }
  }
  return findings;
}

async function singleSelect(check: ContractCheck): Promise<string | undefined> {
  try {
    const statements = await parseSql(check.sql, check.name);
    const [only] = statements;
    return statements.length === 1 && only?.kind === "SelectStmt" ? only.sql : undefined;
  } catch {
    return undefined;
  }
}

/** One message for all: the answers up to the first failure, and that failure. */
async function ask(
  queries: readonly string[],
  session: Session,
  transaction: "own" | "caller",
): Promise<{ readonly answers: readonly unknown[]; readonly failure?: string }> {
  const open = transaction === "own" ? "BEGIN READ ONLY" : "SAVEPOINT lockstep_checks";
  const close =
    transaction === "own"
      ? "ROLLBACK"
      : "ROLLBACK TO SAVEPOINT lockstep_checks; RELEASE SAVEPOINT lockstep_checks";
  // As JSON the server prints every type the same way, whatever the driver makes of it.
  const asked = queries.map(
    (sql) => `SELECT coalesce(json_agg(pg_catalog.to_json(q)), '[]') AS rows FROM (${sql}\n) q`,
  );
  const answers: unknown[] = [];
  const head = [
    open,
    ...(transaction === "caller" ? ["SET LOCAL transaction_read_only = on"] : []),
    `SET LOCAL statement_timeout = ${checkTimeoutMs}`,
  ];
  try {
    const results = await session.batch([...head, ...asked, close].join(";\n"));
    for (const { rows } of results.slice(head.length, head.length + asked.length))
      answers.push(simplify(rows[0]!["rows"]));
    return { answers };
  } catch (error) {
    if (isConnectionLost(error)) throw error;
    const completed = (error as { completed?: number }).completed ?? 0;
    await session.batch(close);
    const before = Math.max(0, completed - head.length);
    if (before > 0) {
      const { answers: known } = await ask(queries.slice(0, before), session, transaction);
      return { answers: known, failure: describe(error) };
    }
    return { answers, failure: describe(error) };
  }
}

/** One row of one column is that value; anything else stays a list of rows. */
function simplify(rows: unknown): unknown {
  if (!Array.isArray(rows) || rows.length !== 1) return rows;
  const values = Object.values(rows[0] as Record<string, unknown>);
  return values.length === 1 ? values[0] : rows;
}

function describe(error: unknown): string {
  const message = (error as Error).message;
  return sqlState(error) === "57014" ? `no answer within ${checkTimeoutMs} ms` : message;
}

function wrongAnswer(check: ContractCheck, answer: unknown): Finding {
  return {
    severity: "error",
    object: check.name,
    kind: "wrong-answer",
    expected: show(check.equals),
    found: show(answer),
    from: check.from,
    effect: "the release was built for another state of the database",
    next: check.sql.trim(),
  };
}

function unanswered(check: ContractCheck, found: string, detail: string | undefined): Finding {
  return {
    severity: "error",
    object: check.name,
    kind: "wrong-answer",
    expected: show(check.equals),
    found: detail === undefined ? found : `${found}: ${show(detail)}`,
    from: check.from,
    effect: "the check cannot be asked, so what it guards is not known to hold",
    next: "correct the check's SQL: one SELECT that only reads",
  };
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
