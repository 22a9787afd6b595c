import { LockstepError, type ErrorCode } from "../errors/index.ts";
import type { Remained } from "../ledger/index.ts";
import { diskFull, diskFullState, redact, sqlState, type ServerError } from "../pg/index.ts";
import type { Statement } from "../sql/index.ts";
import type { RunContext, UnitWork } from "./context.ts";
import { invalidIndexMark } from "./index-guard.ts";

/** Where and how a unit failed. */
export interface UnitProblem {
  readonly error: unknown;
  /** The statement that failed; undefined when it was the commit. */
  readonly statement: Statement | undefined;
  /** Line in the file: the error's own position when the server told one, else the statement's. */
  readonly line: number;
  readonly remained: Remained;
  readonly attempts: number;
}

/** Errors that another attempt may not meet again: a lock not had in time, a deadlock, a serialisation failure. */
export function isTransient(error: unknown): boolean {
  return ["55P03", "40P01", "40001"].includes(sqlState(error) ?? "");
}

/** The server's own text, without the URL's password and without what statements on secrets hold. */
export function errorText(url: string, error: unknown, statement: Statement | undefined): string {
  let text = redact((error as Error).message, url);
  for (const secret of statement === undefined ? [] : secretsOf(statement))
    text = text.replaceAll(secret, "***");
  return text;
}

/** Literals of statements that may hold a password: roles, user mappings, servers, subscriptions. */
function secretsOf(statement: Statement): readonly string[] {
  const kinds = /^(Create|Alter)(Role|RoleSet|UserMapping|ForeignServer|Fdw|Subscription)Stmt$/;
  if (!kinds.test(statement.kind)) return [];
  const found: string[] = [];
  JSON.stringify(statement.node, (key, value: unknown) => {
    if ((key === "sval" || key === "conninfo") && typeof value === "string" && value.length > 2)
      found.push(value);
    return value;
  });
  return found;
}

/** The error that ends the run after a unit failed for good. */
export function unitFailure(
  context: RunContext,
  work: UnitWork,
  problem: UnitProblem,
): LockstepError {
  const { migration, unit, last } = work;
  const state = sqlState(problem.error);
  const { detail, hint } = problem.error as ServerError;
  const text = errorText(context.url, problem.error, problem.statement);
  const place = `${migration.file}:${problem.line}`;
  const count = problem.attempts > 1 ? ` (${problem.attempts} attempts)` : "";
  const isLock = state === "55P03" || state === "40P01";
  const isInvalidIndex = text.includes(invalidIndexMark);
  const code: ErrorCode = isLock
    ? "lock-timeout"
    : isInvalidIndex
      ? "postcondition-failed"
      : "migration-failed";
  const expected =
    problem.statement === undefined
      ? `the transaction that ends at line ${unit.statements.at(-1)!.line} to commit`
      : `the statement at line ${problem.statement.line} to succeed`;
  const found = [
    `${text}${state === undefined ? "" : ` (SQLSTATE ${state})`}`,
    detail === undefined ? "" : redact(detail, context.url),
    remainedText(work, problem.remained),
  ]
    .filter((line) => line !== "")
    .join("\n");
  const cause = { cause: problem.error };
  if (state === diskFullState) {
    const full = diskFull(context.where, found);
    return new LockstepError(
      "disk-full",
      { ...full, what: `${place}: ${full.what}`, expected, from: place },
      cause,
    );
  }
  return new LockstepError(
    code,
    {
      what: isLock
        ? `${place}: the lock that this statement needs could not be had${count}`
        : `${place}: ${isInvalidIndex ? invalidIndexMark : text}`,
      expected,
      found,
      from: place,
      why: reasonFor(state, text) ?? hint,
      next: nextFor(state, work),
    },
    cause,
  );

  function nextFor(given: string | undefined, { migration: { id } }: UnitWork): readonly string[] {
    const again = "run the same command again";
    if (isLock)
      return [
        `see who holds it: lockstep blockers, then ${again}`,
        "or give it longer: --lock-timeout, --retry-for",
      ];
    if (given === "42501") return [`give the role the right it lacks, then ${again}`];
    const rest = last && unit.number === 0 ? "" : "; what is already done is not run again";
    return [
      `correct ${place}, then ${again}${rest}`,
      `or, when the change is already in the database: lockstep resolve ${id} --as applied`,
      ...(isThere.has(given ?? "")
        ? ["when the whole database is older than its ledger: lockstep baseline finds what it has"]
        : []),
    ];
  }
}

/** duplicate_table, duplicate_column, duplicate_object, duplicate_schema. */
const isThere: ReadonlySet<string> = new Set(["42P07", "42701", "42710", "42P06"]);

/** One sentence on what the failed migration has left in the database. */
function remainedText({ unit }: UnitWork, remained: Remained): string {
  const before =
    unit.number === 0
      ? ""
      : ` The ${unit.number === 1 ? "unit" : `${unit.number} units`} of the file before it ${unit.number === 1 ? "is" : "are"} applied and recorded.`;
  const of = unit.kind === "transaction" ? "its transaction" : "the statement";
  switch (remained) {
    case "nothing":
      return `Nothing of ${of} remained.${before}`;
    case "something":
      return unit.kind === "statement"
        ? `Part of the statement remained (an invalid index, say); the next run removes it first.${before}`
        : `Part of ${of} remained.${before}`;
    case "everything":
      return `The catalog shows the whole effect of ${of}.${before}`;
    case "unknown":
      return `I do not know whether anything of ${of} remained.${before}`;
  }
}

function reasonFor(state: string | undefined, text: string): string | undefined {
  switch (state ?? "") {
    case "55P03":
      return "another session held a conflicting lock all the time; lock_timeout keeps this statement from queueing in front of everybody else";
    case "40P01":
      return "another session took the same locks in another order, each time";
    case "57014":
      return text.includes("statement timeout")
        ? "it ran longer than statement_timeout, which Lockstep sets for statements that should only touch the catalog; the time it waited for locks counts"
        : "somebody cancelled it (pg_cancel_backend)";
    case "42P07":
    case "42701":
    case "42710":
    case "42P06":
      return "it exists already: somebody made it by hand, or an earlier attempt by another tool left it";
    case "42P01":
    case "42703":
    case "42704":
    case "42883":
      return "an earlier migration was not applied here, another schema is first in search_path, or the name is misspelt";
    case "23505":
    case "23502":
    case "23001":
    case "23503":
    case "23514":
    case "23P01":
      return "rows that are in this database break the rule; a database with other rows may have accepted it";
    case "42501":
      return "the role of the migrations does not own the object, or lacks the privilege";
    case "25001":
      return "Postgres refuses this statement inside a transaction; `-- lockstep: no-transaction` in the file makes each statement run on its own";
    case "2D000":
      return "the code commits by itself, which is possible only outside a transaction: put `-- lockstep: no-transaction` in the file";
    case "53200":
      return "the server ran out of memory";
    default:
      return undefined;
  }
}
