import type { Node, RuleStmt, SelectStmt } from "@pgsql/types";
import { findRelation } from "../lookup.ts";
import type { Relation, RelationUse, World } from "../model.ts";
import { rangeName } from "../nodes.ts";
import { analyzeQuery } from "./analyze.ts";

/** What expressions over the rows of a table use, as a policy has them. */
export function usesOfExpressions(
  expressions: readonly (Node | undefined)[],
  table: Relation,
  world: World,
  searchPath: readonly string[],
): readonly RelationUse[] {
  const conditions = expressions.filter((expression) => expression !== undefined);
  if (conditions.length === 0) return [];
  const query = selectOf({ from: [rangeOf(table)], targets: conditions });
  return usesOf([query], table, world, searchPath);
}

/** What the condition and the actions of a rewrite rule use; OLD and NEW are rows of its own table. */
export function usesOfRule(
  rule: RuleStmt,
  table: Relation,
  world: World,
  searchPath: readonly string[],
): readonly RelationUse[] {
  const rows = [rangeOf(table, "old"), rangeOf(table, "new")];
  const conditions = rule.whereClause === undefined ? [] : [rule.whereClause];
  const queries = [selectOf({ from: rows, targets: conditions })];
  const written: RelationUse[] = [];
  for (const action of rule.actions ?? []) {
    const { query, target, columns } = asQuery(action);
    if (query !== undefined) queries.push(selectOf({ from: rows, targets: [subquery(query)] }));
    const relation = target === undefined ? undefined : findRelation(world, target, searchPath);
    if (relation !== undefined)
      written.push({ relation: relation.id, columns: columns(relation, query) });
  }
  return usesOf(queries, table, world, searchPath, written);
}

/** Uses of queries, joined by relation; the own table counts only by its columns. */
function usesOf(
  queries: readonly Node[],
  table: Relation,
  world: World,
  searchPath: readonly string[],
  others: readonly RelationUse[] = [],
): readonly RelationUse[] {
  const found = new Map<number, Set<string>>();
  const add = (relation: number, columns: Iterable<string>) => {
    const known = found.get(relation) ?? new Set();
    for (const column of columns) known.add(column);
    found.set(relation, known);
  };
  for (const query of queries)
    for (const [relation, columns] of analyzeQuery(query, world, searchPath).reads)
      add(relation, columns);
  for (const { relation, columns } of others) add(relation, columns);
  return [...found]
    .filter(([relation, columns]) => relation !== table.id || columns.size > 0)
    .map(([relation, columns]) => ({ relation, columns: [...columns] }));
}

interface Action {
  /** What it reads, as a SELECT. */
  readonly query: Node | undefined;
  /** What it writes to, with the columns that are set. */
  readonly target: ReturnType<typeof rangeName> | undefined;
  readonly columns: (target: Relation, query: Node | undefined) => readonly string[];
}

const noColumns = () => [];

/** An action of a rule as a query that reads the same. */
function asQuery(action: Node): Action {
  if ("SelectStmt" in action) return { query: action, target: undefined, columns: noColumns };
  if ("InsertStmt" in action) {
    const { relation, selectStmt, cols } = action.InsertStmt;
    const named = targetNames(cols);
    return {
      query: selectStmt,
      target: rangeName(relation),
      columns: (target, query) =>
        cols === undefined
          ? target.columns.slice(0, widthOf(query) ?? target.columns.length).map(({ name }) => name)
          : named,
    };
  }
  if ("UpdateStmt" in action) {
    const { relation, targetList, fromClause = [], whereClause } = action.UpdateStmt;
    const values = (targetList ?? []).flatMap((node) =>
      "ResTarget" in node && node.ResTarget.val !== undefined ? [node.ResTarget.val] : [],
    );
    const from = relation === undefined ? fromClause : [{ RangeVar: relation }, ...fromClause];
    return {
      query: selectOf({ from, targets: values, where: whereClause }),
      target: rangeName(relation),
      columns: () => targetNames(targetList),
    };
  }
  if ("DeleteStmt" in action) {
    const { relation, usingClause = [], whereClause } = action.DeleteStmt;
    const from = relation === undefined ? usingClause : [{ RangeVar: relation }, ...usingClause];
    return {
      query: selectOf({ from, targets: [], where: whereClause }),
      target: rangeName(relation),
      columns: noColumns,
    };
  }
  return { query: undefined, target: undefined, columns: noColumns };
}

function targetNames(targets: readonly Node[] | undefined): readonly string[] {
  return (targets ?? []).flatMap((node) =>
    "ResTarget" in node && node.ResTarget.name !== undefined ? [node.ResTarget.name] : [],
  );
}

/** How many values a source of rows gives; undefined where a `*` hides it. */
function widthOf(query: Node | undefined): number | undefined {
  if (query === undefined || !("SelectStmt" in query)) return undefined;
  const [values] = query.SelectStmt.valuesLists ?? [];
  const list =
    values !== undefined && "List" in values ? values.List.items : query.SelectStmt.targetList;
  return list?.some(isStar) === true ? undefined : list?.length;
}

function isStar(node: Node): boolean {
  const value = "ResTarget" in node ? node.ResTarget.val : node;
  if (value === undefined || !("ColumnRef" in value)) return false;
  const last = value.ColumnRef.fields?.at(-1);
  return last !== undefined && "A_Star" in last;
}

function rangeOf({ schema, name }: Relation, alias?: string): Node {
  return {
    RangeVar: {
      schemaname: schema,
      relname: name,
      inh: true,
      relpersistence: "p",
      ...(alias !== undefined && { alias: { aliasname: alias } }),
    },
  };
}

function selectOf(parts: {
  readonly from: readonly Node[];
  readonly targets: readonly Node[];
  readonly where?: Node | undefined;
}): { readonly SelectStmt: SelectStmt } {
  return {
    SelectStmt: {
      op: "SETOP_NONE",
      limitOption: "LIMIT_OPTION_DEFAULT",
      fromClause: [...parts.from],
      targetList: parts.targets.map((val) => ({ ResTarget: { val } })),
      ...(parts.where !== undefined && { whereClause: parts.where }),
    },
  };
}

function subquery(subselect: Node): Node {
  return { SubLink: { subLinkType: "ARRAY_SUBLINK", subselect } };
}

/** Uses with another name for a column; the same list when none has it. */
export function renameInUses(
  uses: readonly RelationUse[],
  relation: number,
  name: (column: string) => string,
): readonly RelationUse[] {
  return uses.map((use) =>
    use.relation === relation ? { ...use, columns: use.columns.map(name) } : use,
  );
}

/** True when one of them uses the relation or, where a column is given, that column. */
export function isUsed(uses: readonly RelationUse[], relation: number, column?: string): boolean {
  return uses.some(
    (use) => use.relation === relation && (column === undefined || use.columns.includes(column)),
  );
}
