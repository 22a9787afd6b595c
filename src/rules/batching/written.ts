import type { Node, RangeVar } from "@pgsql/types";
import type { StatementSource } from "../fix-source.ts";
import type { StatementInput } from "../rule.ts";
import { nodesOf } from "../tree-search.ts";
import { changeOf, namesOf, type Change } from "./change.ts";
import { sourceOf } from "./found.ts";
import { programOf } from "./program.ts";
import type { Condition } from "./reach.ts";

/** A statement that writes rows, as far as their number is concerned. */
export interface Written {
  readonly command: "update" | "delete" | "insert" | "merge";
  /** The table that is written to. */
  readonly target: RangeVar;
  /** Which rows are taken, and of which table: the target's own, or those that are copied or merged into it. */
  readonly taken: Condition;
  /** Undefined for INSERT and MERGE. */
  readonly change: Change | undefined;
  readonly text: StatementSource;
  readonly inBlock: boolean;
}

/** What a statement writes by itself, or, for a DO block, outside of its loops: those have rules of their own. */
export function writtenBy({ statement, text }: StatementInput): readonly Written[] {
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
  if (change !== undefined) {
    const { command, relation } = change;
    return [{ command, target: relation, taken: change, change, text, inBlock }];
  }
  const copied = copyOf(node) ?? mergeOf(node);
  return copied === undefined ? [] : [{ ...copied, change: undefined, text, inBlock }];
}

/** INSERT … SELECT, with the condition of its SELECT. */
function copyOf(node: Node): Pick<Written, "command" | "target" | "taken"> | undefined {
  if (!("InsertStmt" in node)) return undefined;
  const { relation, selectStmt, withClause } = node.InsertStmt;
  if (relation === undefined || selectStmt === undefined || !("SelectStmt" in selectStmt))
    return undefined;
  const { whereClause, fromClause = [], limitCount } = selectStmt.SelectStmt;
  const readsTable = fromClause.some((item) => "RangeVar" in item || "JoinExpr" in item);
  const queries = new Map(
    [...(withClause?.ctes ?? []), ...(selectStmt.SelectStmt.withClause?.ctes ?? [])].flatMap(
      (cte) =>
        "CommonTableExpr" in cte && cte.CommonTableExpr.ctequery !== undefined
          ? [[cte.CommonTableExpr.ctename, cte.CommonTableExpr.ctequery] as const]
          : [],
    ),
  );
  const tables = nodesOf(fromClause, "RangeVar");
  const queryOf = ({ schemaname, relname }: RangeVar) =>
    schemaname === undefined ? queries.get(relname) : undefined;
  // Rows that another change of the statement gives back are as many as that one changes.
  const readsGiven = tables.map(queryOf).some((query) => query && !("SelectStmt" in query));
  if (!readsTable || readsGiven || limitCount !== undefined) return undefined;
  const [first] = tables;
  const query = first === undefined ? undefined : queryOf(first);
  const inner = query !== undefined && "SelectStmt" in query ? query.SelectStmt : undefined;
  if (inner?.limitCount !== undefined) return undefined;
  const from = inner?.fromClause ?? fromClause;
  const [source] = nodesOf(from, "RangeVar");
  const joined = tables.length > 1 || inner !== undefined ? namesOf(from) : new Set<string>();
  const taken = { where: whereClause ?? inner?.whereClause, relation: source, joined };
  return { command: "insert", target: relation, taken };
}

function mergeOf(node: Node): Pick<Written, "command" | "target" | "taken"> | undefined {
  if (!("MergeStmt" in node)) return undefined;
  const { relation, sourceRelation } = node.MergeStmt;
  if (relation === undefined || sourceRelation === undefined || !("RangeVar" in sourceRelation))
    return undefined;
  const taken = { where: undefined, relation: sourceRelation.RangeVar, joined: new Set<string>() };
  return { command: "merge", target: relation, taken };
}

/** True when a table of this file has been given rows of unknown number: those of a query, or of a file. */
export function isFilledByQuery({ before }: StatementInput, table: RangeVar): boolean {
  const isIt = (one: RangeVar | undefined) => one?.relname === table.relname;
  return before.some(({ statement: { node } }) => {
    if ("CreateTableAsStmt" in node) return isIt(node.CreateTableAsStmt.into?.rel);
    if ("SelectStmt" in node) return isIt(node.SelectStmt.intoClause?.rel);
    if ("CopyStmt" in node) return isIt(node.CopyStmt.relation);
    if ("DoStmt" in node || "CallStmt" in node) return true;
    if (!("InsertStmt" in node) || !isIt(node.InsertStmt.relation)) return false;
    return nodesOf(node.InsertStmt.selectStmt, "RangeVar").length > 0;
  });
}
