import type { QualifiedName } from "../sql/index.ts";
import { columnIn, scopeOf, type Scope, type Tables } from "./columns-in-scope.ts";

/** Where the values of a parameter come from. */
export type ValueSource =
  /** A column's value in a row that is there; `many` for an array of them. */
  | {
      readonly from: "row";
      readonly relation: QualifiedName;
      readonly column: string;
      readonly many: boolean;
    }
  /** A column's value in a row that is to come; rows of one statement are numbered from 0. */
  | {
      readonly from: "new-row";
      readonly relation: QualifiedName;
      readonly column: string;
      readonly row: number;
    }
  /** How many rows, and after how many. */
  | { readonly from: "limit" }
  | { readonly from: "offset" }
  /** Any: it is only given back, or compared with another one that is the same. */
  | { readonly from: "any" }
  /** A condition that is a value itself. */
  | { readonly from: "true" };

type Node = Readonly<Record<string, unknown>>;

/** Of two values of one type: what stands on one side may stand on the other. */
const comparisons = new Set([
  "=",
  "<>",
  "!=",
  "<",
  "<=",
  ">",
  ">=",
  "~~",
  "~~*",
  "!~~",
  "!~~*",
  "@>",
  "<@",
  "&&",
  "+",
  "-",
  "*",
]);
/** Functions of one text that give a text of its kind. */
const transparent = new Set(["lower", "upper", "btrim", "ltrim", "rtrim"]);

/**
 * Which column each parameter of a statement belongs to: it is compared with it, or written into it.
 * @param node the tree of one SELECT, INSERT, UPDATE, DELETE or MERGE
 * @returns by the parameter's number; one of which nothing is known is missing
 */
export function sourcesOf(node: unknown, tables: Tables): ReadonlyMap<number, ValueSource> {
  const search = new Search(tables);
  search.look(node, { scopes: [], ctes: new Set() }, undefined);
  return search.found;
}

/** Numbers of all parameters of a statement. */
export function parametersOf(node: unknown): ReadonlySet<number> {
  const numbers = new Set<number>();
  JSON.stringify(node, (name, value: unknown) => {
    if (name === "ParamRef") numbers.add(Number((value as Node)["number"]));
    return value;
  });
  return numbers;
}

interface Around {
  /** Innermost last. */
  readonly scopes: readonly Scope[];
  readonly ctes: ReadonlySet<string>;
}

class Search {
  readonly found = new Map<number, ValueSource>();
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** @param aim where a value goes that stands here */
  look(value: unknown, around: Around, aim: ValueSource | undefined): void {
    if (Array.isArray(value)) {
      for (const one of value as readonly unknown[]) this.look(one, around, aim);
      return;
    }
    if (typeof value !== "object" || value === null) return;
    for (const [kind, inner] of Object.entries(value as Node)) {
      const node = inner as Node;
      if (kind === "ParamRef") this.#meet(node, aim);
      else if (kind === "SelectStmt") this.#select(node, around, undefined);
      else if (kind === "InsertStmt") this.#insert(node, around);
      else if (kind === "UpdateStmt") this.#update(node, around);
      else if (kind === "DeleteStmt") this.#delete(node, around);
      else if (kind === "MergeStmt") this.#merge(node, around);
      else if (kind === "A_Expr") this.#expression(node, around);
      else if (kind === "BoolExpr") this.#conditions(node["args"], around);
      else if (kind === "CaseExpr") this.#case(node, around, aim);
      else if (kind === "FuncCall")
        this.look(node["args"], around, isTransparent(node) ? aim : undefined);
      else if (kind === "JoinExpr") {
        this.#conditions([node["quals"]], around);
        this.look([node["larg"], node["rarg"]], around, undefined);
      } else if (["TypeCast", "CoalesceExpr", "A_ArrayExpr", "List"].includes(kind))
        this.look(node["arg"] ?? node["args"] ?? node["elements"] ?? node["items"], around, aim);
      else this.look(inner, around, undefined);
    }
  }

  #meet({ number }: Node, source: ValueSource | undefined): void {
    const own = Number(number);
    const known = this.found.get(own)?.from;
    if (source !== undefined && (known === undefined || known === "any" || known === "true"))
      this.found.set(own, source);
  }

  /** @param into columns that the rows go into */
  #select(node: Node, outer: Around, into: readonly (ValueSource | undefined)[] | undefined): void {
    const around = this.#within(node, outer, node["fromClause"]);
    const { targetList, valuesLists, limitCount, limitOffset, larg, rarg, ...others } = node;
    for (const [row, list] of asList(valuesLists).entries())
      for (const [index, item] of asList((list["List"] as Node | undefined)?.["items"]).entries())
        this.look(item, around, numbered(into?.[index], row));
    for (const [index, target] of asList(targetList).entries()) {
      this.look((target["ResTarget"] as Node)["val"], around, into?.[index] ?? { from: "any" });
    }
    this.look(limitCount, around, { from: "limit" });
    this.look(limitOffset, around, { from: "offset" });
    for (const half of [larg, rarg])
      if (half !== undefined) this.#select(half as Node, around, into);
    const { whereClause, havingClause, withClause: _seen, ...rest } = others;
    this.#conditions([whereClause, havingClause], around);
    this.look(Object.values(rest), around, undefined);
  }

  #insert(node: Node, outer: Around): void {
    const { relation, cols, selectStmt, onConflictClause } = node;
    const around = this.#within(node, outer, [{ RangeVar: relation }]);
    const scope = around.scopes.at(-1)!;
    const table = scope[0]?.relation;
    const names =
      cols === undefined
        ? table === undefined
          ? []
          : this.#tables.columnsOf(table)
        : asList(cols).map((one) => String((one["ResTarget"] as Node)["name"]));
    const into = names.map((column): ValueSource | undefined =>
      table === undefined ? undefined : { from: "new-row", relation: table, column, row: 0 },
    );
    const select = (selectStmt as Node | undefined)?.["SelectStmt"] as Node | undefined;
    if (select !== undefined) this.#select(select, { ...around, scopes: outer.scopes }, into);
    const conflict = (onConflictClause ?? {}) as Node;
    const excluded = {
      ...around,
      scopes: [...outer.scopes, [...scope, { ...scope[0]!, alias: "excluded" }]],
    };
    this.#assign(conflict["targetList"], excluded, table);
    this.#conditions([conflict["whereClause"]], excluded);
    this.#returning(node, around);
  }

  #update(node: Node, outer: Around): void {
    const { relation, fromClause, targetList, whereClause } = node;
    const around = this.#within(node, outer, [{ RangeVar: relation }, ...asList(fromClause)]);
    this.#assign(targetList, around, around.scopes.at(-1)?.[0]?.relation);
    this.#conditions([whereClause], around);
    this.look(fromClause, around, undefined);
    this.#returning(node, around);
  }

  #delete(node: Node, outer: Around): void {
    const { relation, usingClause, whereClause } = node;
    const around = this.#within(node, outer, [{ RangeVar: relation }, ...asList(usingClause)]);
    this.#conditions([whereClause], around);
    this.look(usingClause, around, undefined);
    this.#returning(node, around);
  }

  #merge(node: Node, outer: Around): void {
    const { relation, sourceRelation, joinCondition, mergeWhenClauses } = node;
    const around = this.#within(node, outer, [{ RangeVar: relation }, sourceRelation as Node]);
    const table = around.scopes.at(-1)?.[0]?.relation;
    this.look(sourceRelation, around, undefined);
    this.#conditions([joinCondition], around);
    for (const one of asList(mergeWhenClauses)) {
      const { targetList, values, condition } = one["MergeWhenClause"] as Node;
      this.#conditions([condition], around);
      if (values === undefined) this.#assign(targetList, around, table);
      for (const [index, value] of asList(values).entries()) {
        const column = (asList(targetList)[index]?.["ResTarget"] as Node | undefined)?.["name"];
        const isKnown = table !== undefined && typeof column === "string";
        this.look(
          value,
          around,
          isKnown ? { from: "new-row", relation: table, column, row: 0 } : undefined,
        );
      }
    }
  }

  #returning({ returningClause }: Node, around: Around): void {
    const { exprs } = (returningClause ?? {}) as Node;
    this.#select({ targetList: exprs }, around, undefined);
  }

  /** `SET column = value` and `SET (column, …) = (value, …)`. */
  #assign(targets: unknown, around: Around, table: QualifiedName | undefined): void {
    for (const target of asList(targets)) {
      const { name, val, indirection } = target["ResTarget"] as Node;
      const value = memberOf(val) ?? val;
      const isWhole = table !== undefined && indirection === undefined;
      this.look(
        value,
        around,
        isWhole ? { from: "row", relation: table, column: String(name), many: false } : undefined,
      );
    }
  }

  /** A scope of its own: the CTEs of a statement, then what it names in FROM. */
  #within(node: Node, outer: Around, from: unknown): Around {
    const list = asList((node["withClause"] as Node | undefined)?.["ctes"]);
    const named = list.map((one) => one["CommonTableExpr"] as Node);
    const ctes = new Set([...outer.ctes, ...named.map(({ ctename }) => String(ctename))]);
    for (const { ctequery } of named) this.look(ctequery, { ...outer, ctes }, undefined);
    return { ctes, scopes: [...outer.scopes, scopeOf(from, ctes, this.#tables)] };
  }

  /** What decides about rows: a value alone is one that lets them through. */
  #conditions(all: unknown, around: Around): void {
    for (const one of asList(all)) this.look(one, around, { from: "true" });
  }

  #case({ arg, args, defresult }: Node, around: Around, aim: ValueSource | undefined): void {
    this.look(arg, around, undefined);
    const subject = this.#column(arg, around);
    for (const one of asList(args)) {
      const { expr, result } = one["CaseWhen"] as Node;
      this.look(expr, around, subject);
      this.look(result, around, aim);
    }
    this.look(defresult, around, aim);
  }

  #expression(node: Node, around: Around): void {
    const { kind, name, lexpr, rexpr } = node;
    const operator = (asList(name).at(-1)?.["String"] as Node | undefined)?.["sval"];
    const fits = kind !== "AEXPR_OP" || comparisons.has(String(operator));
    if (!fits) {
      this.look([lexpr, rexpr], around, undefined);
      return;
    }
    if (operator === "=" && kind === "AEXPR_OP" && isBare(lexpr) && isBare(rexpr)) {
      this.look([lexpr, rexpr], around, { from: "any" });
      return;
    }
    const pairs = rowsOf(lexpr, rexpr);
    for (const [left, right] of pairs ?? [[lexpr, rexpr]]) this.#compare(left, right, around, kind);
  }

  #compare(left: unknown, right: unknown, around: Around, kind: unknown): void {
    const own = this.#column(left, around);
    const other = this.#column(right, around);
    const isMany = (kind === "AEXPR_OP_ANY" || kind === "AEXPR_OP_ALL") && !isList(right);
    // Its own side too: `coalesce(price, $1) > $2`.
    this.look(left, around, isMany ? own : (other ?? own));
    this.look(
      right,
      around,
      isMany && own?.from === "row" ? { ...own, many: true } : (own ?? other),
    );
  }

  /** The only column that stands in an expression. */
  #column(node: unknown, { scopes }: Around): ValueSource | undefined {
    const column = columnIn(node, scopes);
    return column === undefined ? undefined : { from: "row", ...column, many: false };
  }
}

/** What one of several columns that are set together gets. */
function memberOf(value: unknown): unknown {
  const several = ((value ?? {}) as Node)["MultiAssignRef"] as Node | undefined;
  const row = ((several?.["source"] ?? {}) as Node)["RowExpr"] as Node | undefined;
  return asList(row?.["args"])[Number(several?.["colno"] ?? 1) - 1];
}

function asList(value: unknown): readonly Node[] {
  return Array.isArray(value) ? (value as readonly Node[]).filter((one) => one !== undefined) : [];
}

/** A parameter, with or without a type. */
function isBare(node: unknown): boolean {
  const { ParamRef: parameter, TypeCast: cast } = (node ?? {}) as Readonly<
    Record<string, Node | undefined>
  >;
  return parameter !== undefined || (cast !== undefined && isBare(cast["arg"]));
}

function isTransparent({ funcname }: Node): boolean {
  const name = (asList(funcname).at(-1)?.["String"] as Node | undefined)?.["sval"];
  return transparent.has(String(name));
}

function isList(node: unknown): boolean {
  const {
    A_ArrayExpr: array,
    List: list,
    TypeCast: cast,
  } = (node ?? {}) as Readonly<Record<string, Node | undefined>>;
  return array !== undefined || list !== undefined || (cast !== undefined && isList(cast["arg"]));
}

/** `(a, b) = ($1, $2)` and `(a, b) IN (($1, $2), …)`, member by member. */
function rowsOf(
  left: unknown,
  right: unknown,
): readonly (readonly [unknown, unknown])[] | undefined {
  const members = (node: unknown) => {
    const row = ((node ?? {}) as Node)["RowExpr"] as Node | undefined;
    return row === undefined ? undefined : asList(row["args"]);
  };
  const own = members(left);
  if (own === undefined) return undefined;
  const list = (((right ?? {}) as Node)["List"] as Node | undefined)?.["items"];
  const others = list === undefined ? [right] : asList(list);
  return others.flatMap((other) =>
    (members(other) ?? []).flatMap((one, index) =>
      own[index] === undefined ? [] : [[own[index], one] as const],
    ),
  );
}

function numbered(source: ValueSource | undefined, row: number): ValueSource | undefined {
  return source?.from === "new-row" ? { ...source, row } : source;
}
