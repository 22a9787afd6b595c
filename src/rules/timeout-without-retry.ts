import { isConcurrent } from "./evaluate-concurrent.ts";
import { cannotSucceed, strongLocks, waitIsBounded } from "./evaluate-locks.ts";
import type { CheckedStatement, Rule } from "./rule.ts";

/** A lock timeout, and nothing that tries again when it runs out. */
export const timeoutWithoutRetry: Rule = {
  id: "timeout-without-retry",
  title: "Gives a lock up and does not try again",
  severity: "info",
  kind: "advice",
  axis: "locks",
  *file({ statements, transaction, context }) {
    if (context.runnerSetsTimeouts) return;
    const first = statements.find(givesUp);
    if (first === undefined) return;
    const { lockTimeout, statementTimeout } = first.session;
    const limits = [lockTimeout.ms, statementTimeout.ms].filter((ms) => ms > 0);
    const rest =
      transaction === "statement" && statements.length > 1
        ? ", with what stands before it done, so that the file cannot simply be run again"
        : "";
    yield {
      at: first,
      message: `gives up after ${Math.min(...limits) / 1000} s without the lock on ${strongLocks(first.effect)[0]!.relation}, and nothing tries again`,
      why: `one transaction that is longer than the limit is enough: the statement fails with 55P03 or 57014 and the deploy stops${rest}; a short limit is right, but only with several attempts`,
      wayOut: {
        text: "Let `lockstep migrate` run it, which tries again with growing pauses and says who holds the lock; or repeat the tool's own command when it ends with 55P03.",
      },
    };
  },
};

function givesUp({ effect, session, statement }: CheckedStatement): boolean {
  return (
    !session.failed &&
    waitIsBounded(session) &&
    !cannotSucceed(effect, session.inTransaction) &&
    !isConcurrent(statement) &&
    strongLocks(effect).length > 0
  );
}
