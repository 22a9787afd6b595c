import type { SessionProblem } from "../effects/index.ts";
import type { Severity } from "./finding.ts";
import type { FileInput, Rule, Verdict } from "./rule.ts";

export const transactionControl: Rule = {
  id: "transaction-control",
  title: "Transactions or settings that do not do what the text says",
  severity: "warning",
  kind: "hazard",
  *file(input): Iterable<Verdict> {
    for (const problem of input.problems) {
      const there = input.statements.filter(({ statement }) => statement.line === problem.line);
      const at = there.find(({ statement }) => control.has(statement.kind)) ?? there[0];
      // At the COMMIT of a transaction that failed, the failure is what there is to say.
      if (at === undefined || at.session.failed) continue;
      yield {
        at,
        severity: severityOf(problem, input),
        message: problem.message,
        why: reasons[problem.kind],
        wayOut: { text: waysOut[problem.kind] },
      };
    }
  },
};

const control = new Set(["TransactionStmt", "VariableSetStmt", "SelectStmt"]);

function severityOf({ kind }: SessionProblem, { transaction }: FileInput): Severity {
  switch (kind) {
    case "never-committed":
    case "savepoint-outside-transaction":
      return "error";
    case "commit-without-begin":
      return transaction === "file" || transaction === "deploy" ? "error" : "warning";
    case "rolled-back":
      return "info";
    case "begin-in-transaction":
    case "local-outside-transaction":
      return "warning";
  }
}

type Words = Readonly<Record<SessionProblem["kind"], string>>;

const reasons: Words = {
  "begin-in-transaction":
    "transactions do not nest: the first COMMIT ends both, and the statements after it run outside any",
  "commit-without-begin":
    "what was meant to succeed or fail as one does not, and a failure later leaves half of it behind",
  "never-committed": "the statements seem to work, and nothing of them is there afterwards",
  "rolled-back": "a migration that undoes its own work is recorded as applied all the same",
  "local-outside-transaction":
    "SET LOCAL ends with its transaction, which here is the statement itself",
  "savepoint-outside-transaction": "a savepoint is a point inside a transaction",
};

const waysOut: Words = {
  "begin-in-transaction": "Take this BEGIN out, or use SAVEPOINT for what may be undone by itself.",
  "commit-without-begin":
    "Take it out: what runs the file commits. Where the file must commit half-way, part it in two migrations.",
  "never-committed": "End the transaction with COMMIT.",
  "rolled-back": "Take it out, or commit what is to stay.",
  "local-outside-transaction": "Use SET without LOCAL, or put BEGIN before it.",
  "savepoint-outside-transaction": "Put BEGIN before it, or take the savepoint out.",
};
