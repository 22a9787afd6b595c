import { outsideTransaction } from "./fix-steps.ts";
import type { Rule, StatementInput, Verdict } from "./rule.ts";

export const failsInTransaction: Rule = {
  id: "fails-in-transaction",
  title: "Postgres refuses it in the transaction it would run in",
  severity: "error",
  kind: "hazard",
  axis: "failures",
  supersedes: ["*"],
  statement(input): Iterable<Verdict> {
    const { effect, session } = input;
    const failure = effect.failures.find(({ when }) => when === "in-transaction");
    if (failure === undefined || !session.inTransaction || session.failed) return [];
    const code = failure.sqlState === undefined ? "" : ` (SQLSTATE ${failure.sqlState})`;
    return [
      {
        at: input,
        message: `fails in its transaction: ${failure.message}`,
        why: `${whose(input)}${code}`,
        wayOut: { text: wayOutText(input, failure.sqlState) },
      },
    ];
  },
};

/** SQLSTATE of unsafe_new_enum_value_usage. */
const newEnumValue = "55P04";

/** How the statement reaches the server. */
type Sent = Pick<StatementInput, "transaction" | "file">;

function wayOutText(input: Sent, sqlState: string | undefined): string {
  return sqlState === newEnumValue
    ? `Use the value only after the transaction that adds it has been committed. ${outsideTransaction(input)}`
    : outsideTransaction(input);
}

function whose({ transaction, file }: Sent): string {
  switch (transaction) {
    case "file":
      return `the migration tool runs ${file} in one transaction`;
    case "deploy":
      return "the migration tool runs all pending files in one transaction";
    case "query":
      return `${file} reaches the server as one query of several statements, which is one transaction`;
    case "units":
    case "statement":
      return "a transaction is open at this point of the file";
  }
}
