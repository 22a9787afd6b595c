import type { Node, RangeVar } from "@pgsql/types";
import { changeOf, type Change } from "./batching/change.ts";
import { sourceOf } from "./batching/found.ts";
import { programOf } from "./batching/program.ts";
import { reachOf, type Reach } from "./batching/reach.ts";
import { inBatches } from "./batching/recipe.ts";
import { isSmallTable } from "./batching/small.ts";
import type { StatementSource } from "./fix-source.ts";
import type { Severity } from "./finding.ts";
import type { Rule, StatementInput } from "./rule.ts";
import { sizeOf, sizeWords } from "./size-words.ts";
import { subjectOf, type Subject } from "./subject.ts";
import { nodesOf } from "./tree-search.ts";

/** From here on it is minutes. */
const largeRows = 1_000_000;

/** An UPDATE, DELETE or INSERT … SELECT of (nearly) all of an existing table, in one transaction. */
export const unbatchedChange: Rule = {
  id: "unbatched-change",
  title: "Changes a whole table in one transaction",
  severity: "warning",
  kind: "hazard",
  *statement(input) {
    const [worst] = changesIn(input)
      .flatMap((one) => verdictOn(input, one) ?? [])
      .sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
    if (worst !== undefined) yield worst;
  },
};

const severities: readonly Severity[] = ["error", "warning", "info"];

interface Written {
  readonly command: "update" | "delete" | "insert";
  readonly relation: RangeVar;
  readonly where: Node | undefined;
  readonly change: Change | undefined;
  readonly text: StatementSource;
  readonly inBlock: boolean;
}

/** What the statement changes by itself, or, for a DO block, outside of its loops: those have rules of their own. */
function changesIn(input: StatementInput): readonly Written[] {
  const { statement, text } = input;
  if (!("DoStmt" in statement.node))
    return [statement.node, ...parts(statement.node)].flatMap((node) => written(node, text, false));
  const inner = programOf(statement)?.statements ?? [];
  return inner
    .filter(({ loop }) => loop === undefined)
    .flatMap(({ node, sql }) => written(node, sourceOf(sql), true));
}

/** Statements in the WITH of another change rows too, whatever the other does (manual 7.8.4). */
function parts(node: Node): readonly Node[] {
  const outer =
    ("SelectStmt" in node && node.SelectStmt) ||
    ("InsertStmt" in node && node.InsertStmt) ||
    ("UpdateStmt" in node && node.UpdateStmt) ||
    ("DeleteStmt" in node && node.DeleteStmt) ||
    ("MergeStmt" in node && node.MergeStmt) ||
    undefined;
  return (outer?.withClause?.ctes ?? []).flatMap((cte) =>
    "CommonTableExpr" in cte && cte.CommonTableExpr.ctequery !== undefined
      ? [cte.CommonTableExpr.ctequery]
      : [],
  );
}

function written(node: Node, text: StatementSource, inBlock: boolean): readonly Written[] {
  const change = changeOf(node);
  const found = change ?? copyOf(node);
  return found === undefined ? [] : [{ ...found, change, text, inBlock }];
}

function verdictOn(input: StatementInput, one: Written) {
  const { command, relation, where, change, text, inBlock } = one;
  const table = subjectOf(input, relation);
  if (!table.existed) return undefined;
  const limited = change?.picked?.limitCount !== undefined;
  const reach = limited ? "few" : reachOf(where, input.world, table.relation);
  const severity = severityOf(
    input,
    table,
    command === "delete" && reach === "whole" ? "part" : reach,
  );
  // DELETE without WHERE loses data, which is the thing to say about it.
  if (severity === undefined || (command === "delete" && where === undefined)) return undefined;
  const size = sizeWords(input.context, table.name);
  const words = size === undefined ? "" : ` (${size})`;
  const code = change === undefined ? undefined : inBatches(text, change, table.relation, inBlock);
  return {
    at: input,
    severity,
    message: messageOf(
      command,
      table.name,
      words,
      where === undefined ? "every row" : shareOf(reach),
    ),
    why: whyOf(command),
    wayOut: {
      text: "Do it in batches of some thousand rows in key order, each its own transaction, with pauses, apart from the migration's DDL.",
      ...(code === undefined ? {} : { code }),
      needsPlan: true,
    },
  };
}

/** INSERT … SELECT, with the condition of its SELECT. */
function copyOf(node: Node) {
  if (!("InsertStmt" in node)) return undefined;
  const { relation, selectStmt, withClause } = node.InsertStmt;
  if (relation === undefined || selectStmt === undefined || !("SelectStmt" in selectStmt))
    return undefined;
  const { whereClause, fromClause = [], limitCount } = selectStmt.SelectStmt;
  const readsTable = fromClause.some((item) => "RangeVar" in item || "JoinExpr" in item);
  // Rows that another change of the statement gives back are as many as that one changes.
  const given = new Set(
    (withClause?.ctes ?? []).flatMap((cte) =>
      "CommonTableExpr" in cte &&
      cte.CommonTableExpr.ctequery !== undefined &&
      !("SelectStmt" in cte.CommonTableExpr.ctequery)
        ? [cte.CommonTableExpr.ctename]
        : [],
    ),
  );
  const readsGiven = [...nodesOf(fromClause, "RangeVar")].some(
    ({ schemaname, relname }) => schemaname === undefined && given.has(relname),
  );
  if (!readsTable || readsGiven || limitCount !== undefined) return undefined;
  return { command: "insert" as const, relation, where: whereClause };
}

function severityOf(input: StatementInput, table: Subject, reach: Reach): Severity | undefined {
  if (reach === "few") return undefined;
  if (isSmallTable(input.context, table.name)) return undefined;
  const rows = sizeOf(input.context, table.name)?.rows;
  const large = rows !== undefined && rows >= largeRows;
  if (reach === "whole") return large ? "error" : "warning";
  return large ? "warning" : "info";
}

function messageOf(
  command: "update" | "delete" | "insert",
  table: string,
  size: string,
  rows: string,
): string {
  if (command === "insert") return `one transaction copies ${rows} of a table into ${table}${size}`;
  return `one transaction ${command}s ${rows} of ${table}${size}`;
}

function shareOf(reach: Reach): string {
  return reach === "whole" ? "up to every row" : "an unknown share of the rows";
}

function whyOf(command: "update" | "delete" | "insert"): string {
  const locked =
    command === "insert"
      ? "nothing of it is there until it commits"
      : "each row that it has reached stays locked until the end, and whoever writes one waits";
  return `${locked}; locks of earlier statements of the transaction are held as long, vacuum cannot clean up meanwhile, replicas fall behind, and a failure near the end throws all of it away`;
}
