import { changeOf } from "./batching/change.ts";
import { reachOf, type Reach } from "./batching/reach.ts";
import { inBatches } from "./batching/recipe.ts";
import { isSmallTable } from "./batching/small.ts";
import type { Severity } from "./finding.ts";
import type { Rule, StatementInput } from "./rule.ts";
import { sizeOf, sizeWords } from "./size-words.ts";
import { subjectOf, type Subject } from "./subject.ts";

/** From here on it is minutes. */
const largeRows = 1_000_000;

/** An UPDATE, DELETE or INSERT … SELECT of (nearly) all of an existing table, in one transaction. */
export const unbatchedChange: Rule = {
  id: "unbatched-change",
  title: "A whole table changed in one transaction",
  severity: "warning",
  kind: "hazard",
  *statement(input) {
    const found = changeOf(input.statement.node) ?? copyOf(input);
    if (found === undefined) return;
    const table = subjectOf(input, found.relation);
    if (!table.existed) return;
    const reach = reachOf(found.where, input.world, table.relation);
    const severity = severityOf(input, table, reach);
    // DELETE without WHERE loses data, which is the thing to say about it.
    if (severity === undefined || (found.command === "delete" && found.where === undefined)) return;
    const size = sizeWords(input.context, table.name);
    const words = size === undefined ? "" : ` (${size})`;
    const code =
      found.command === "insert" ? undefined : inBatches(input.text, found, table.relation);
    yield {
      at: input,
      severity,
      message: messageOf(found.command, table.name, words, reach),
      why: whyOf(found.command),
      wayOut: {
        text: "Do it in batches of some thousand rows in key order, each its own transaction, with pauses, apart from the migration's DDL.",
        ...(code === undefined ? {} : { code }),
        needsPlan: true,
      },
    };
  },
};

/** INSERT … SELECT, with the condition of its SELECT. */
function copyOf({ statement: { node } }: StatementInput) {
  if (!("InsertStmt" in node)) return undefined;
  const { relation, selectStmt } = node.InsertStmt;
  if (relation === undefined || selectStmt === undefined || !("SelectStmt" in selectStmt))
    return undefined;
  const { whereClause, fromClause = [], limitCount } = selectStmt.SelectStmt;
  const readsTable = fromClause.some((item) => "RangeVar" in item || "JoinExpr" in item);
  if (!readsTable || limitCount !== undefined) return undefined;
  return { command: "insert" as const, relation, where: whereClause };
}

function severityOf(input: StatementInput, table: Subject, reach: Reach): Severity | undefined {
  if (reach === "few") return undefined;
  if (isSmallTable(input.context, table.name)) return undefined;
  const rows = sizeOf(input.context, table.name)?.rows;
  if (rows !== undefined && rows >= largeRows && reach === "whole") return "error";
  return reach === "whole" ? "warning" : "info";
}

function messageOf(
  command: "update" | "delete" | "insert",
  table: string,
  size: string,
  reach: Reach,
): string {
  const rows = reach === "whole" ? "every row" : "an unknown share of the rows";
  if (command === "insert") return `one transaction copies ${rows} of a table into ${table}${size}`;
  return `one transaction ${command}s ${rows} of ${table}${size}`;
}

function whyOf(command: "update" | "delete" | "insert"): string {
  const locked =
    command === "insert"
      ? "nothing of it is there until it commits"
      : "each row that it has reached stays locked until the end, and whoever writes one waits";
  return `${locked}; locks of earlier statements of the transaction are held as long, vacuum cannot clean up meanwhile, replicas fall behind, and a failure near the end throws all of it away`;
}
