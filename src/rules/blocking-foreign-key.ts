import { listWords } from "./evaluate-locks.ts";
import { blockingWork, severityBySize, whyBlocking } from "./evaluate-work.ts";
import { safeAlterTable } from "./fix-alter-table.ts";
import { codeOf, stepsInstead } from "./fix-steps.ts";
import type { WayOut } from "./finding.ts";
import type { Rule, StatementInput, Verdict } from "./rule.ts";

export const blockingForeignKey: Rule = {
  id: "blocking-foreign-key",
  title: "Checks a foreign key while writes of both tables wait",
  severity: "error",
  kind: "hazard",
  work: ["foreign-key-check"],
  supersedes: ["blocking-scan", "fails-on-rows"],
  statement(input): Iterable<Verdict> {
    const found = blockingWork(input, (work) =>
      work.kind === "foreign-key-check" ? work.relation : undefined,
    );
    if (found === undefined) return [];
    const parents = input.effect.work.flatMap((work) =>
      work.kind === "foreign-key-check" ? work.parent : [],
    );
    return [
      {
        at: input,
        ...severityBySize(input.context, found.relations),
        message: `reads every row of ${listWords(found.relations)} to check it against ${listWords([...new Set(parents)])} while ${found.waiting} wait`,
        why: whyBlocking(input, found, "the last row has been checked"),
        wayOut: wayOut(input),
      },
    ];
  },
};

function wayOut(input: StatementInput): WayOut {
  const text =
    "Add the constraint NOT VALID, which checks new rows only, then VALIDATE it in a transaction of its own, which lets reads and writes go on.";
  const safe = safeAlterTable(input);
  if (safe === undefined) return { text, needsPlan: true };
  return safe.needsPlan
    ? { text, code: codeOf(safe.steps, input), needsPlan: true }
    : stepsInstead(input, text, safe.steps);
}
