import type { Node, RangeVar, ResTarget, SelectStmt, WithClause } from "@pgsql/types";
import { columnNames, nodesOf } from "../tree-search.ts";

/** An UPDATE or DELETE, as the batching rules look at it. */
export interface Change {
  readonly command: "update" | "delete";
  readonly relation: RangeVar;
  readonly where: Node | undefined;
  /** Columns that an UPDATE sets. */
  readonly sets: ReadonlySet<string>;
  /** How an UPDATE sets them. */
  readonly assignments: readonly ResTarget[];
  /** What it computes and the condition that rows must meet, apart from how many of them it picks. */
  readonly expressions: readonly unknown[];
  /** True when rows of other tables decide which rows are changed: FROM or USING, apart from CTEs. */
  readonly joins: boolean;
  /** Names of what stands in FROM or USING, CTEs too. */
  readonly joined: ReadonlySet<string>;
  /** The sub-select or CTE on the same table that picks the rows with LIMIT or OFFSET. */
  readonly picked: SelectStmt | undefined;
}

/** @returns undefined for other statements */
export function changeOf(node: Node): Change | undefined {
  if ("UpdateStmt" in node) {
    const { relation, whereClause, targetList = [], fromClause, withClause } = node.UpdateStmt;
    const assignments = targetList.flatMap((one) => ("ResTarget" in one ? [one.ResTarget] : []));
    const picked = pickIn(node.UpdateStmt, relation!);
    return {
      command: "update",
      relation: relation!,
      where: whereClause,
      sets: new Set(assignments.map(({ name = "" }) => name)),
      assignments,
      expressions: [targetList, picked === undefined ? whereClause : picked.whereClause],
      joins: joinsOthers(fromClause, withClause),
      joined: namesOf(fromClause),
      picked,
    };
  }
  if (!("DeleteStmt" in node)) return undefined;
  const { relation, whereClause, usingClause, withClause } = node.DeleteStmt;
  const picked = pickIn(node.DeleteStmt, relation!);
  return {
    command: "delete",
    relation: relation!,
    where: whereClause,
    sets: new Set(),
    assignments: [],
    expressions: [picked === undefined ? whereClause : picked.whereClause],
    joins: joinsOthers(usingClause, withClause),
    joined: namesOf(usingClause),
    picked,
  };
}

/** True when a changed row is no longer among those that the pick looks at: the matching set shrinks as it goes. */
export function shrinks({ command, sets, picked }: Change): boolean {
  if (command === "delete") return true;
  const looked = columnNames(picked?.whereClause);
  return [...sets].some((column) => looked.has(column));
}

/** True when rows are left out at the head: any OFFSET but a constant 0. */
export function hasOffset(pick: SelectStmt): boolean {
  const { limitOffset } = pick;
  if (limitOffset === undefined) return false;
  if (!("A_Const" in limitOffset)) return true;
  const { ival, isnull } = limitOffset.A_Const;
  return isnull !== true && (ival?.ival ?? 0) !== 0;
}

function joinsOthers(from: readonly Node[] = [], withClause: WithClause | undefined): boolean {
  const ctes = new Set(
    (withClause?.ctes ?? []).flatMap((cte) =>
      "CommonTableExpr" in cte ? [cte.CommonTableExpr.ctename] : [],
    ),
  );
  return from.some((item) => !("RangeVar" in item) || !ctes.has(item.RangeVar.relname));
}

/** The names by which the items of a FROM are called. */
export function namesOf(from: readonly Node[] = []): ReadonlySet<string> {
  const aliases = nodesOf(from, "Alias").map(({ aliasname = "" }) => aliasname);
  const tables = nodesOf(from, "RangeVar").flatMap(({ alias, relname = "" }) => [
    alias?.aliasname ?? relname,
  ]);
  return new Set([...aliases, ...tables]);
}

function pickIn(tree: unknown, relation: RangeVar): SelectStmt | undefined {
  for (const select of nodesOf(tree, "SelectStmt")) {
    const limited = select.limitCount !== undefined || select.limitOffset !== undefined;
    const { fromClause = [] } = select;
    const same = nodesOf(fromClause, "RangeVar").some(
      ({ relname, schemaname }) =>
        relname === relation.relname &&
        (schemaname ?? relation.schemaname) === (relation.schemaname ?? schemaname),
    );
    if (limited && same) return select;
  }
  return undefined;
}
