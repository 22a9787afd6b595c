import { longTransactions as readLong } from "../../pg/index.ts";
import { quoteIdent } from "../../sql/index.ts";
import { each, type Diagnosis, type Examination } from "../examination.ts";

/** Times as long as a long one. */
const veryLong = 10;

/** Any lock of a transaction, a SELECT's too, makes ALTER TABLE on that table wait until the transaction ends. */
export const longTransactions: Examination = {
  name: "long-transactions",
  question: "Is no transaction open for more than a minute?",
  async examine({ database, facts, now, longSeconds }) {
    const open = await readLong(database, { olderThanSeconds: longSeconds });
    const seen = open.filter(({ pid }) => pid !== 0);
    const unseen: readonly Diagnosis[] = facts.seesOtherSessions
      ? []
      : [
          {
            verdict: "unknown",
            found: "the beginnings of other roles' transactions are hidden from this role",
            means: "there may be long ones",
            next: [`GRANT pg_monitor TO ${quoteIdent(facts.user)}`],
          },
        ];
    if (seen.length > 0) {
      const told = each(
        seen,
        ({ pid, user, application, state, transactionSeconds, query }): Diagnosis => ({
          verdict:
            transactionSeconds > longSeconds * veryLong || state.startsWith("idle")
              ? "danger"
              : "warning",
          object: `pid ${pid}`,
          found: `${user}${application === "" ? "" : ` (${application})`} ${state}, transaction open since ${since(now, transactionSeconds)}: ${query}`,
          means:
            "changes of the tables it has touched wait for its end; dead rows since its beginning stay",
          next: ["lockstep blockers"],
        }),
        "transaction",
      );
      return [...told, ...unseen];
    }
    if (unseen.length > 0) return unseen;
    return [{ verdict: "ok", found: `none open for more than ${longSeconds} s` }];
  },
};

/** The moment that so many seconds ago was. */
export function since(now: Date, seconds: number): string {
  return new Date(now.getTime() - seconds * 1_000).toISOString().replace(/\.\d+Z$/, "Z");
}
