import type { Alias, JoinExpr, Node, RangeVar, ResTarget, SelectStmt } from "@pgsql/types";
import { walk } from "../expressions.ts";
import { figureName } from "./figure-name.ts";
import { findRelation } from "../lookup.ts";
import type { ObjectId, Relation, TypeUse, World, WorldColumn } from "../model.ts";
import { rangeName, strings } from "../nodes.ts";
import { builtinType, sameType } from "../type-use.ts";
import { expressionType } from "./expression-type.ts";
import { resolveColumn, sourceNamed, type Scope, type ScopeColumn, type Source } from "./scope.ts";

/** What a query gives and what it reads. */
export interface QueryFacts {
  readonly columns: readonly { readonly name: string; readonly type: TypeUse | undefined }[];
  /** False when `*` stands for columns that are not known. */
  readonly columnsKnown: boolean;
  /** Columns by relation; a relation of which none is used has an empty set. */
  readonly reads: ReadonlyMap<ObjectId, ReadonlySet<string>>;
}

/** Follows the names of a SELECT through FROM, WITH, joins and subqueries. */
export function analyzeQuery(
  query: Node | undefined,
  world: World,
  searchPath: readonly string[],
): QueryFacts {
  const analysis = new Analysis(world, searchPath);
  const result = analysis.node(query, undefined, new Map());
  return {
    columns: result.columns.map(({ name, type }) => ({ name, type })),
    columnsKnown: result.known,
    reads: analysis.reads,
  };
}

interface Result {
  readonly columns: readonly ScopeColumn[];
  readonly known: boolean;
}

interface From {
  readonly sources: readonly Source[];
  readonly star: readonly ScopeColumn[];
}

type Named = ReadonlyMap<string, Result>;

const unknownResult: Result = { columns: [], known: false };

class Analysis {
  readonly reads = new Map<ObjectId, Set<string>>();
  readonly #world: World;
  readonly #searchPath: readonly string[];

  constructor(world: World, searchPath: readonly string[]) {
    this.#world = world;
    this.#searchPath = searchPath;
  }

  node(query: Node | undefined, outer: Scope | undefined, named: Named): Result {
    if (query === undefined) return unknownResult;
    if ("SelectStmt" in query) return this.#select(query.SelectStmt, outer, named);
    return unknownResult;
  }

  #select(select: SelectStmt, outer: Scope | undefined, around: Named): Result {
    const named = new Map(around);
    for (const node of select.withClause?.ctes ?? [])
      if ("CommonTableExpr" in node) this.#commonTable(node.CommonTableExpr, outer, named);
    if (select.larg !== undefined && select.rarg !== undefined) {
      const left = this.#select(select.larg, outer, named);
      const right = this.#select(select.rarg, outer, named);
      return { columns: unite(left.columns, right.columns), known: left.known && right.known };
    }
    if (select.valuesLists !== undefined) return this.#values(select.valuesLists, outer, named);
    const { sources, star } = this.#from(select.fromClause ?? [], outer, named);
    const scope: Scope = { sources, star, outer };
    const { whereClause, groupClause, havingClause, windowClause, sortClause } = select;
    const { distinctClause, limitCount, limitOffset } = select;
    this.#use(
      [whereClause, groupClause, havingClause, windowClause, sortClause, distinctClause],
      scope,
      named,
    );
    this.#use([limitCount, limitOffset], scope, named);
    return this.#targets(select.targetList ?? [], scope, named);
  }

  #commonTable(
    table: Extract<Node, { CommonTableExpr: unknown }>["CommonTableExpr"],
    outer: Scope | undefined,
    named: Map<string, Result>,
  ): void {
    const name = table.ctename ?? "";
    const aliases = strings(table.aliascolnames);
    const query = table.ctequery;
    // A recursive query sees its own columns, named by its first branch.
    const first =
      query !== undefined && "SelectStmt" in query && query.SelectStmt.larg !== undefined
        ? this.#select(query.SelectStmt.larg, outer, named)
        : undefined;
    if (first !== undefined) named.set(name, renamed(first, aliases));
    named.set(name, renamed(this.node(query, outer, named), aliases));
  }

  #values(lists: readonly Node[], outer: Scope | undefined, named: Named): Result {
    const scope: Scope = { sources: [], star: [], outer };
    this.#use(lists, scope, named);
    const [first] = lists;
    const items = first !== undefined && "List" in first ? (first.List.items ?? []) : [];
    return {
      known: true,
      columns: items.map((item, index) => ({
        name: `column${index + 1}`,
        type: this.#type(item, scope, named),
        origins: [],
      })),
    };
  }

  #targets(targets: readonly Node[], scope: Scope, named: Named): Result {
    const columns: ScopeColumn[] = [];
    let known = true;
    for (const node of targets) {
      if (!("ResTarget" in node)) continue;
      const expanded = this.#star(node.ResTarget, scope);
      if (expanded === undefined) columns.push(this.#target(node.ResTarget, scope, named));
      else {
        for (const column of expanded.columns) this.#read(column);
        columns.push(...expanded.columns);
        known &&= expanded.known;
      }
    }
    return { columns, known };
  }

  #target(target: ResTarget, scope: Scope, named: Named): ScopeColumn {
    this.#use(target.val, scope, named);
    return {
      name: target.name ?? figureName(target.val) ?? "?column?",
      type: this.#type(target.val, scope, named),
      origins: [],
    };
  }

  /** Columns of `*` or `table.*`; undefined for any other target. */
  #star({ val }: ResTarget, scope: Scope): Result | undefined {
    if (val === undefined || !("ColumnRef" in val)) return undefined;
    const { fields = [] } = val.ColumnRef;
    const last = fields.at(-1);
    if (last === undefined || !("A_Star" in last)) return undefined;
    const qualifier = strings(fields).at(-1);
    if (qualifier === undefined)
      return { columns: scope.star, known: scope.sources.every((source) => source.known) };
    return sourceNamed(scope, qualifier) ?? unknownResult;
  }

  #from(items: readonly Node[], outer: Scope | undefined, named: Named): From {
    const sources: Source[] = [];
    const star: ScopeColumn[] = [];
    for (const item of items) {
      const scope: Scope = { sources, star, outer };
      const next = this.#fromItem(item, scope, named);
      sources.push(...next.sources);
      star.push(...next.star);
    }
    return { sources, star };
  }

  #fromItem(item: Node, lateral: Scope, named: Named): From {
    if ("RangeVar" in item) return single(this.#range(item.RangeVar, named));
    if ("RangeSubselect" in item) {
      const { subquery, alias } = item.RangeSubselect;
      return single(aliased(this.node(subquery, lateral, named), alias, ""));
    }
    if ("JoinExpr" in item) return this.#join(item.JoinExpr, lateral, named);
    if ("RangeTableSample" in item && item.RangeTableSample.relation !== undefined)
      return this.#fromItem(item.RangeTableSample.relation, lateral, named);
    if ("RangeFunction" in item) {
      this.#use(item.RangeFunction.functions, lateral, named);
      return single(functionSource(item.RangeFunction));
    }
    this.#use(item, lateral, named);
    return single({ name: "", schema: undefined, columns: [], known: false });
  }

  #range(range: RangeVar, named: Named): Source {
    const table = range.schemaname === undefined ? named.get(range.relname ?? "") : undefined;
    if (table !== undefined) return aliased(table, range.alias, range.relname ?? "");
    const relation = findRelation(this.#world, rangeName(range), this.#searchPath);
    if (relation === undefined) return aliased(unknownResult, range.alias, range.relname ?? "");
    if (!this.reads.has(relation.id)) this.reads.set(relation.id, new Set());
    const columns = columnsToRead(relation).map((column) => ({
      name: column.name,
      type: column.typeKnown ? column.type : undefined,
      // What a sequence has is there as long as the sequence.
      origins: relation.kind === "sequence" ? [] : [{ relation: relation.id, column: column.name }],
    }));
    return aliased({ columns, known: true }, range.alias, relation.name);
  }

  #join(join: JoinExpr, lateral: Scope, named: Named): From {
    const left = this.#from(join.larg === undefined ? [] : [join.larg], lateral, named);
    const beside: Scope = {
      sources: [...lateral.sources, ...left.sources],
      star: [...lateral.star, ...left.star],
      outer: lateral.outer,
    };
    const right =
      join.rarg === undefined
        ? { sources: [], star: [] }
        : this.#fromItem(join.rarg, beside, named);
    const shared = join.isNatural
      ? left.star.map(({ name }) => name).filter((name) => right.star.some((c) => c.name === name))
      : strings(join.usingClause);
    const merged = shared.flatMap((name) => mergeColumn(name, left.star, right.star) ?? []);
    for (const column of merged) this.#read(column);
    const rest = (columns: readonly ScopeColumn[]) =>
      columns.filter(({ name }) => !shared.includes(name));
    const star = [...merged, ...rest(left.star), ...rest(right.star)];
    const sources = [...left.sources, ...right.sources];
    this.#use(join.quals, { sources, star, outer: beside }, named);
    if (join.alias === undefined) return { sources, star };
    const known = sources.every((source) => source.known);
    return single(aliased({ columns: star, known }, join.alias, ""));
  }

  #type(expression: Node | undefined, scope: Scope, named: Named): TypeUse | undefined {
    return expressionType(expression, {
      world: this.#world,
      searchPath: this.#searchPath,
      column: (path) => resolveColumn(scope, path)?.type,
      subquery: (query) => this.node(query, scope, named).columns[0]?.type,
    });
  }

  /** Notes every column that an expression, or a list of clauses, refers to. */
  #use(tree: unknown, scope: Scope, named: Named): void {
    walk(tree, (node) => {
      if ("SelectStmt" in node) {
        this.node(node, scope, named);
        return false;
      }
      if (!("ColumnRef" in node)) return true;
      const column = resolveColumn(scope, strings(node.ColumnRef.fields));
      if (column !== undefined) this.#read(column);
      return false;
    });
  }

  #read({ origins }: ScopeColumn): void {
    for (const { relation, column } of origins) this.reads.get(relation)?.add(column);
  }
}

/** Sequences have columns that are the same for all (sequence.h). */
function columnsToRead({
  kind,
  columns,
}: Relation): readonly Pick<WorldColumn, "name" | "type" | "typeKnown">[] {
  return kind === "sequence" ? sequenceColumns : columns;
}

const sequenceColumns = (
  [
    ["last_value", "int8"],
    ["log_cnt", "int8"],
    ["is_called", "bool"],
  ] as const
).map(([name, type]) => ({ name, type: builtinType(type, [], false), typeKnown: true }));

function single(source: Source): From {
  return { sources: [source], star: source.columns };
}

function renamed({ columns, known }: Result, aliases: readonly string[]): Result {
  return {
    known,
    columns: columns.map((column, index) => ({ ...column, name: aliases[index] ?? column.name })),
  };
}

function aliased(result: Result, alias: Alias | undefined, name: string): Source {
  const { columns, known } = renamed(result, strings(alias?.colnames));
  return { name: alias?.aliasname ?? name, schema: undefined, columns, known };
}

/** A function in FROM: its columns are known where they are written. */
function functionSource(range: Extract<Node, { RangeFunction: unknown }>["RangeFunction"]): Source {
  const names = strings(range.alias?.colnames);
  const columns = names.map((name) => ({ name, type: undefined, origins: [] }));
  return {
    name: range.alias?.aliasname ?? "",
    schema: undefined,
    columns,
    known: names.length > 0 && range.coldeflist === undefined,
  };
}

function mergeColumn(
  name: string,
  left: readonly ScopeColumn[],
  right: readonly ScopeColumn[],
): ScopeColumn | undefined {
  const a = left.find((column) => column.name === name);
  const b = right.find((column) => column.name === name);
  if (a === undefined || b === undefined) return undefined;
  const type = a.type !== undefined && b.type !== undefined && sameType(a.type, b.type);
  return { name, type: type ? a.type : undefined, origins: [...a.origins, ...b.origins] };
}

/** Columns of a UNION: names of the first branch; the type where both have the same. */
function unite(left: readonly ScopeColumn[], right: readonly ScopeColumn[]): ScopeColumn[] {
  return left.map((column, index) => {
    const other = right[index]?.type;
    const same = column.type !== undefined && other !== undefined && sameType(column.type, other);
    return { name: column.name, type: same ? column.type : undefined, origins: [] };
  });
}
