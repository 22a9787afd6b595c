import type { Node, SelectStmt } from "@pgsql/types";
import { indexesOf, type Relation, type World } from "../../world/index.ts";
import { columnOf, comparisons, conjuncts, literal } from "./conditions.ts";

/** The table whose rows are meant, and the names by which conditions may call it. */
export interface Subject {
  readonly relation: Relation;
  readonly alias: string | undefined;
}

/** Queries that the WITH clause names. */
export type WithQueries = ReadonlyMap<string, Node>;

/**
 * True when the text itself limits how many rows can match, whatever the table holds. That is so when, among the
 * conditions that must all hold,
 *
 * - every column of a unique index without a predicate is compared for equality with constants, or its first column with
 *   constants and a whole range (`BETWEEN 1 AND 1000`, `id > 5 AND id <= 1000`) of a one-column key;
 * - a column or the `ctid` is `IN` (or `=`, `= ANY (ARRAY(…))`) a query with a LIMIT, or a query of one row by the same rule;
 * - a condition is the constant false;
 * - the row is joined, by equality of any column, to a FROM or USING query that has a LIMIT.
 *
 * Anything else may match every row.
 */
export function isBounded(
  world: World,
  subject: Subject,
  where: Node | undefined,
  from: readonly Node[] = [],
  withQueries: WithQueries = new Map(),
): boolean {
  const mine = (found: { readonly qualifier: string | undefined } | undefined) =>
    found !== undefined &&
    (found.qualifier === undefined
      ? from.length === 0
      : found.qualifier === (subject.alias ?? subject.relation.name));
  const conditions = conjuncts(where);
  if (conditions.some((node) => "A_Const" in node && literal(node) === "false")) return true;
  const compared = comparisons(where).filter(mine);
  const equal = new Set(
    compared.filter(({ operator }) => operator === "=").map(({ column }) => column),
  );
  const has = (column: string, operators: readonly string[]) =>
    compared.some((item) => item.column === column && operators.includes(item.operator));
  const between = (column: string) => has(column, [">", ">="]) && has(column, ["<", "<="]);
  if (equal.has("ctid")) return true;
  for (const { index } of indexesOf(world, subject.relation.id)) {
    if (index?.unique !== true || index.predicate !== undefined) continue;
    if (index.columns.every((column) => column !== undefined && equal.has(column))) return true;
    const [only, ...rest] = index.columns;
    if (rest.length === 0 && only !== undefined && between(only)) return true;
  }
  return (
    conditions.some((node) => fromLimitedQuery(node, mine, withQueries)) ||
    joinsLimited(from, conditions, mine, withQueries)
  );
}

type Mine = (found: ReturnType<typeof columnOf>) => boolean;

/** `column IN (SELECT … LIMIT n)`, `column = (SELECT … LIMIT 1)`, `column = ANY (ARRAY(SELECT … LIMIT n))`. */
function fromLimitedQuery(node: Node, mine: Mine, withQueries: WithQueries): boolean {
  if ("SubLink" in node) {
    const { subLinkType, testexpr, subselect } = node.SubLink;
    return (
      subLinkType === "ANY_SUBLINK" &&
      mine(columnOf(testexpr)) &&
      isLimitedQuery(subselect, withQueries)
    );
  }
  if (!("A_Expr" in node) || !mine(columnOf(node.A_Expr.lexpr))) return false;
  const { kind, rexpr } = node.A_Expr;
  if (kind !== "AEXPR_OP" && kind !== "AEXPR_OP_ANY") return false;
  if (rexpr === undefined || !("SubLink" in rexpr)) return false;
  if (kind === "AEXPR_OP") return rexpr.SubLink.subLinkType === "EXPR_SUBLINK";
  return isLimitedQuery(rexpr.SubLink.subselect, withQueries);
}

/** FROM (or USING) holds a limited query, and a condition ties a column of the changed table to it by equality. */
function joinsLimited(
  from: readonly Node[],
  conditions: readonly Node[],
  mine: Mine,
  withQueries: WithQueries,
): boolean {
  const limited = new Set(
    from.flatMap((item) => {
      if ("RangeSubselect" in item && isLimitedQuery(item.RangeSubselect.subquery, withQueries))
        return item.RangeSubselect.alias?.aliasname ?? [];
      if (!("RangeVar" in item) || item.RangeVar.schemaname !== undefined) return [];
      const { relname = "", alias } = item.RangeVar;
      return isLimitedQuery(withQueries.get(relname), withQueries)
        ? (alias?.aliasname ?? relname)
        : [];
    }),
  );
  const isLimited = (node: Node | undefined) => limited.has(columnOf(node)?.qualifier ?? "");
  return conditions.some((node) => {
    if (!("A_Expr" in node) || node.A_Expr.kind !== "AEXPR_OP") return false;
    const { lexpr, rexpr } = node.A_Expr;
    return (
      (mine(columnOf(lexpr)) && isLimited(rexpr)) || (mine(columnOf(rexpr)) && isLimited(lexpr))
    );
  });
}

/** A query that can give only so many rows: it has a LIMIT, is a list of VALUES, or reads one that has. */
function isLimitedQuery(node: Node | undefined, withQueries: WithQueries): boolean {
  if (node === undefined || !("SelectStmt" in node)) return false;
  const select: SelectStmt = node.SelectStmt;
  if (select.limitCount !== undefined) {
    const isAll = "A_Const" in select.limitCount && select.limitCount.A_Const.isnull === true;
    return !isAll;
  }
  if (select.valuesLists !== undefined) return true;
  const [only, ...more] = select.fromClause ?? [];
  if (only === undefined || more.length > 0) return false;
  if ("RangeSubselect" in only) return isLimitedQuery(only.RangeSubselect.subquery, withQueries);
  if (!("RangeVar" in only) || only.RangeVar.schemaname !== undefined) return false;
  const named = withQueries.get(only.RangeVar.relname ?? "");
  return named !== node && isLimitedQuery(named, withQueries);
}
