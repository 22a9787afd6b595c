import type { Work } from "../effects/index.ts";
import { listWords } from "./evaluate-locks.ts";
import { blockingWork, severityBySize, whyBlocking } from "./evaluate-work.ts";
import { addsRequiredColumn } from "./fails-on-rows.ts";
import type { WayOut } from "./finding.ts";
import { safeAlterTable } from "./fix-alter-table.ts";
import { concurrently } from "./fix-concurrently.ts";
import { outOfProgram } from "./fix-program.ts";
import { codeOf, stepsInstead } from "./fix-steps.ts";
import { indexOfPartitions } from "./partitioned-index-recipe.ts";
import type { Rule, StatementInput, Verdict } from "./rule.ts";

export const blockingIndexBuild: Rule = {
  id: "blocking-index-build",
  title: "Builds an index while writers or readers of its table wait",
  severity: "error",
  kind: "hazard",
  work: ["index-build"],
  supersedes: ["blocking-scan", "avoidable-strong-lock", "fails-on-rows"],
  statement(input): Iterable<Verdict> {
    // What TRUNCATE leaves has no rows to sort.
    if (["RefreshMatViewStmt", "TruncateStmt"].includes(input.statement.kind)) return [];
    const found = blockingWork(input, built);
    if (found === undefined) return [];
    const again = input.effect.work.some((work) => work.kind === "index-build" && work.again);
    return [
      {
        at: input,
        ...severityBySize(input.context, found.relations),
        message: `builds an index of ${listWords(found.relations)}${again ? " again" : ""}${alsoRead(input)} while ${found.waiting} wait`,
        why: whyBlocking(input, found, "every row has been read and sorted into the index"),
        wayOut: wayOut(input),
      },
    ];
  },
};

/** A check of every row beside the build (SET NOT NULL, say), which this finding speaks of too. */
function alsoRead(input: StatementInput): string {
  if (addsRequiredColumn(input)) return "";
  const read = blockingWork(input, (work) => (work.kind === "scan" ? work.relation : undefined));
  return read === undefined ? "" : `, and reads all of ${listWords(read.relations)} to check it,`;
}

function built(work: Work): string | undefined {
  return work.kind === "index-build" && !work.concurrent ? work.relation : undefined;
}

function wayOut(input: StatementInput): WayOut {
  const { kind } = input.statement;
  if (kind === "IndexStmt" || kind === "ReindexStmt") {
    const online =
      "CONCURRENTLY lets reads and writes go on; it cannot run in a transaction, and takes about twice as long.";
    return (
      indexOfPartitions(input) ??
      concurrently(input, online) ?? {
        text: "Build it again online, index by index, with REINDEX INDEX CONCURRENTLY.",
      }
    );
  }
  const safe = safeAlterTable(input);
  if (safe === undefined)
    return (
      outOfProgram(input) ?? {
        text: "There is no form that builds this online: `lockstep plan` moves to a new column or table, or run it while nobody uses the table.",
        needsPlan: true,
      }
    );
  const text =
    "Build the index first with CONCURRENTLY, which lets reads and writes go on, then give it to the constraint, which takes a moment.";
  // The steps keep a required column as it is: that it fails on rows is told beside.
  return safe.needsPlan || addsRequiredColumn(input)
    ? { text, code: codeOf(safe.steps, input), needsPlan: true }
    : stepsInstead(input, text, safe.steps);
}
