import { listWords } from "./evaluate-locks.ts";
import { blockingWork, severityBySize, whyBlocking } from "./evaluate-work.ts";
import { addsRequiredColumn } from "./fails-on-rows.ts";
import type { WayOut } from "./finding.ts";
import { safeAlterTable } from "./fix-alter-table.ts";
import { attachAfterCheck } from "./fix-partition.ts";
import { outOfProgram } from "./fix-program.ts";
import { domainConstraintLater } from "./fix-scan.ts";
import { codeOf, stepsInstead } from "./fix-steps.ts";
import type { Rule, StatementInput, Verdict } from "./rule.ts";

export const blockingScan: Rule = {
  id: "blocking-scan",
  title: "Reads a whole table while its readers or writers wait",
  severity: "error",
  kind: "hazard",
  work: ["scan"],
  supersedes: ["fails-on-rows", "avoidable-strong-lock"],
  statement(input): Iterable<Verdict> {
    // What it reads for a materialized view is the view's matter; a required column fails before anybody waits long.
    if (input.statement.kind === "RefreshMatViewStmt" || addsRequiredColumn(input)) return [];
    const found = blockingWork(input, (work) => (work.kind === "scan" ? work.relation : undefined));
    if (found === undefined) return [];
    return [
      {
        at: input,
        ...severityBySize(input.context, found.relations),
        message: `reads all of ${listWords(found.relations)} while ${found.waiting} wait`,
        why: whyBlocking(input, found, "every row has been read"),
        wayOut: wayOut(input),
      },
    ];
  },
};

function wayOut(input: StatementInput): WayOut {
  const safe = safeAlterTable(input);
  if (safe !== undefined) {
    const text =
      "Let the check hold for new rows first, and prove it for the old ones with VALIDATE, which lets reads and writes go on; each step in a transaction of its own.";
    return safe.needsPlan
      ? { text, code: codeOf(safe.steps, input), needsPlan: true }
      : stepsInstead(input, text, safe.steps);
  }
  return (
    domainConstraintLater(input) ??
    attachAfterCheck(input) ??
    outOfProgram(input) ?? {
      text: "There is no form that does this online: `lockstep plan` parts it into phases, or run it while nobody uses the table.",
      needsPlan: true,
    }
  );
}
