import type { Statement } from "../sql/index.ts";
import { isConcurrent } from "./evaluate-concurrent.ts";
import {
  cannotSucceed,
  listWords,
  lockWords,
  longestWaitMs,
  strongLocks,
  waitIsBounded,
  waiting,
} from "./evaluate-locks.ts";
import type { Edit, Finding, WayOut } from "./finding.ts";
import { aboveComments } from "./fix-place.ts";
import { StatementSource } from "./fix-source.ts";
import type { CheckedStatement, FileInput, Rule, Verdict } from "./rule.ts";

export const lockWithoutTimeout: Rule = {
  id: "lock-without-timeout",
  title: "Waits for a strong lock without a limit",
  severity: "warning",
  kind: "hazard",
  axis: "locks",
  *file(input): Iterable<Verdict> {
    if (input.context.runnerSetsTimeouts) return;
    const first = input.statements.find((checked) => waitsWithoutLimit(checked));
    if (first === undefined) return;
    const locks = strongLocks(first.effect);
    yield {
      at: first,
      message: `waits for a lock on ${locks[0]!.relation} ${limitWords(first)}`,
      why: `it needs ${lockWords(locks)}: behind one long transaction it waits, and ${waiting(locks)} that come later queue behind it, for as long as that transaction lasts`,
      wayOut: wayOut(input, first),
    };
  },
  together,
};

/** Files named beside the first; more are counted. */
const shownFiles = 3;

function together({ message }: Finding, others: readonly Finding[]) {
  const names = others.slice(0, shownFiles).map(({ file }) => file);
  const left = others.length - names.length;
  const files = left > 0 ? [...names, `${left} more files`] : names;
  return {
    message: `${message}; ${listWords(files)} ${others.length === 1 ? "does" : "do"} so too`,
    instead:
      "Set a limit once, where the migrations are sent from (`ALTER ROLE … SET lock_timeout = '5s'` for the role that runs them, or `PGOPTIONS=-clock_timeout=5s`), or in each file as here, and try again when it runs out; Lockstep's runner does both.",
  };
}

/** CONCURRENTLY forms wait by design, with locks that block nobody, and would be left half done by a timeout. */
function waitsWithoutLimit(checked: CheckedStatement): boolean {
  const { effect, session, statement } = checked;
  return (
    !session.failed &&
    !waitIsBounded(session) &&
    !cannotSucceed(effect, session.inTransaction) &&
    !isConcurrent(statement) &&
    strongLocks(effect).length > 0
  );
}

function limitWords({ session: { lockTimeout } }: CheckedStatement): string {
  return lockTimeout.ms === 0
    ? "without a limit"
    : `for up to ${Math.round(lockTimeout.ms / 1000)} s, longer than the ${longestWaitMs / 1000} s that users put up with`;
}

function wayOut(input: FileInput, first: CheckedStatement): WayOut {
  const { session, statement, file } = first;
  // A query of two statements is a transaction.
  const word = session.inTransaction || input.transaction === "query" ? "SET LOCAL" : "SET";
  const set = `${word} lock_timeout = '5s';`;
  // What waits by design must not be ended by the limit: a failed concurrent build leaves an invalid index.
  const concurrent = session.inTransaction
    ? undefined
    : input.statements.find(
        (later) => later.statement.index > statement.index && isConcurrent(later.statement),
      )?.statement;
  const reset = concurrent === undefined ? "" : "\nRESET lock_timeout;";
  const insert = (before: Statement, line: string): Edit => {
    const start = aboveComments(input.text, before);
    return { file, start, end: start, text: line };
  };
  return {
    text: "Set a limit before it and try again when it runs out; what runs the migrations may do so too (Lockstep's runner does).",
    code: `${set}\n${new StatementSource(input.text, statement).sql};${reset}`,
    edits: [
      insert(statement, `${set}\n`),
      ...(concurrent === undefined ? [] : [insert(concurrent, "RESET lock_timeout;\n")]),
    ],
  };
}
