import { isTrue } from "./always-true.ts";
import { reachOf, type Reach } from "./batching/reach.ts";
import { inBatches } from "./batching/recipe.ts";
import { isSmallTable } from "./batching/small.ts";
import { isFilledByQuery, writtenBy, type Written } from "./batching/written.ts";
import type { Severity } from "./finding.ts";
import type { Rule, StatementInput } from "./rule.ts";
import { sizeOf, sizeWords } from "./size-words.ts";
import { subjectOf, type Subject } from "./subject.ts";

/** From here on it is minutes. */
const largeRows = 1_000_000;

/** An UPDATE, DELETE or INSERT … SELECT of (nearly) all of an existing table, in one transaction. */
export const unbatchedChange: Rule = {
  id: "unbatched-change",
  title: "Changes a whole table in one transaction",
  severity: "warning",
  kind: "hazard",
  kinds: ["DeleteStmt", "DoStmt", "InsertStmt", "MergeStmt", "SelectStmt", "UpdateStmt"],
  statement(input) {
    const [worst] = writtenBy(input)
      .flatMap((one) => verdictOn(input, one) ?? [])
      .sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
    return worst === undefined ? [] : [worst];
  },
};

const severities: readonly Severity[] = ["error", "warning", "info"];

function verdictOn(input: StatementInput, one: Written) {
  const { command, target, taken, change, text, inBlock } = one;
  const table = subjectOf(input, target);
  if (!table.existed) return undefined;
  const source = taken.relation === undefined ? table : subjectOf(input, taken.relation);
  const isOwn = change !== undefined;
  // What this file made itself holds few rows, unless it filled it from elsewhere.
  if (!isOwn && source.relation !== undefined && !source.existed)
    if (!isFilledByQuery(input, taken.relation!)) return undefined;
  const limited = change?.picked?.limitCount !== undefined;
  const reach = limited ? "few" : reachOf(taken, input.world, source.relation);
  const severity = severityOf(
    input,
    source,
    command === "delete" && reach === "whole" ? "part" : reach,
  );
  const { where } = taken;
  // DELETE without WHERE loses data, which is the thing to say about it.
  if (severity === undefined || (command === "delete" && isTrue(where))) return undefined;
  const size = sizeWords(input.context, source.name);
  const words = size === undefined ? "" : ` (${size})`;
  const code = change === undefined ? undefined : inBatches(text, change, table.relation, inBlock);
  return {
    at: input,
    severity,
    message: messageOf(
      command,
      isOwn ? table.name : `${source.name}${words} into ${table.name}`,
      isOwn ? words : "",
      isTrue(where) ? "every row" : shareOf(reach),
    ),
    why: whyOf(command),
    wayOut: {
      text: "Do it in batches of some thousand rows in key order, each its own transaction, with pauses, apart from the migration's DDL.",
      ...(code === undefined ? {} : { code }),
      needsPlan: true,
    },
  };
}

function severityOf(input: StatementInput, table: Subject, reach: Reach): Severity | undefined {
  if (reach === "few") return undefined;
  if (isSmallTable(input.context, table.name)) return undefined;
  const rows = sizeOf(input.context, table.name)?.rows;
  const large = rows !== undefined && rows >= largeRows;
  if (reach === "whole") return large ? "error" : "warning";
  return large ? "warning" : "info";
}

function messageOf(command: Written["command"], table: string, size: string, rows: string): string {
  if (command === "insert") return `one transaction copies ${rows} of ${table}`;
  return `one transaction ${command}s ${rows} of ${table}${size}`;
}

function shareOf(reach: Reach): string {
  return reach === "whole" ? "up to every row" : "an unknown share of the rows";
}

function whyOf(command: Written["command"]): string {
  const locked =
    command === "insert"
      ? "nothing of it is there until it commits"
      : "each row that it has reached stays locked until the end, and whoever writes one waits";
  return `${locked}; locks of earlier statements of the transaction are held as long, vacuum cannot clean up meanwhile, replicas fall behind, and a failure near the end throws all of it away`;
}
