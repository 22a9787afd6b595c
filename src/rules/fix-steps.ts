import { waitIsBounded } from "./evaluate-locks.ts";
import type { Edit, WayOut } from "./finding.ts";
import type { StatementInput } from "./rule.ts";

/** One statement of a safe form. */
export interface Step {
  readonly sql: string;
  /** True when it takes a lock that makes reads or writes wait, if only for a moment: it wants a timeout. */
  readonly strong?: boolean;
  /** True when it waits by design and must not be ended by a timeout. */
  readonly concurrent?: boolean;
  /** What is to be done behind it before the next step, as a comment. */
  readonly afterwards?: string;
}

const timeout = "SET lock_timeout = '5s';";

/**
 * Paste-ready text: every step commits by itself, and a lock timeout is set where one is wanted and nowhere else.
 * @param areApart they go to several migrations, and a session may end between two of them
 */
export function codeOf(
  steps: readonly Step[],
  { session }: Pick<StatementInput, "session">,
  areApart = false,
): string {
  const wants = !waitIsBounded(session);
  let isSet = false;
  const blocks = steps.map(({ sql, strong, concurrent, afterwards }) => {
    const note = afterwards === undefined ? "" : `\n-- ${afterwards}`;
    const sets = wants && strong === true && (areApart || !isSet);
    const resets = isSet && concurrent === true;
    isSet = (isSet || sets) && !resets;
    return `${sets ? `${timeout}\n` : ""}${resets ? "RESET lock_timeout;\n" : ""}${sql};${note}`;
  });
  return blocks.join("\n\n");
}

/**
 * The way out of the steps. It is applied by `--fix` only where they can take the statement's place: each must commit
 * by itself, so not inside a transaction, which a query of several statements is too.
 */
export function stepsInstead(input: StatementInput, text: string, steps: readonly Step[]): WayOut {
  const code = codeOf(steps, input);
  const single = steps.length === 1;
  const cutByRunner = input.transaction === "units" && single;
  const isQuery = input.transaction === "query" && !single;
  if ((!input.session.inTransaction && !isQuery) || cutByRunner)
    return { text, code, edits: [replaceStatement(input, code)] };
  const isOutside = single || steps.some(({ concurrent }) => concurrent === true);
  const where = isOutside ? outsideTransaction(input) : severalTransactions(input);
  return { text: `${text} ${where}`, code: codeOf(steps, input, !single) };
}

/** How several statements get a transaction each, where none has to be outside of any. */
function severalTransactions({
  transaction,
  file,
}: Pick<StatementInput, "transaction" | "file">): string {
  if (transaction === "file")
    return `The tool runs ${file} in one transaction: give each statement a migration of its own.`;
  return transaction === "deploy"
    ? "The tool runs all pending migrations in one transaction: give each statement a migration of its own, and deploy one after the other."
    : outsideTransaction({ transaction, file });
}

/** Replaces the statement, without its semicolon. */
function replaceStatement({ file, statement, text }: StatementInput, code: string): Edit {
  return { file, start: statement.start, end: text.end, text: code.replace(/;$/, "") };
}

/** How a statement gets a transaction of its own. */
export function ownTransaction({
  transaction,
  file,
}: Pick<StatementInput, "transaction" | "file">): string {
  switch (transaction) {
    case "file":
      return `The tool runs ${file} in one transaction: move it to a migration of its own.`;
    case "deploy":
      return "The tool runs all pending migrations in one transaction: deploy what comes before it first.";
    case "query":
      return `${file} is sent as one query, which is one transaction: move it to a migration of its own.`;
    case "units":
      return "Move it to a migration of its own.";
    case "statement":
      return "Put COMMIT before it, or move it out of the transaction that the file opens.";
  }
}

/** How a statement gets out of the transaction that it would run in. */
export function outsideTransaction({
  transaction,
  file,
}: Pick<StatementInput, "transaction" | "file">): string {
  switch (transaction) {
    case "file":
    case "deploy":
      return `The tool runs ${file} in one transaction: move it to a migration of its own that runs outside one.`;
    case "query":
      return `${file} is sent as one query, which is one transaction: each statement that has to commit by itself needs a migration of its own.`;
    case "units":
      return "Give each statement a migration of its own, so that each commits by itself.";
    case "statement":
      return "Move it out of the transaction that the file opens.";
  }
}
