import type { Catalog, Table } from "../../../catalog/index.ts";
import { loadedParser, parseLoaded, quoteIdent, type ParseNode } from "../../../sql/index.ts";
import { columnIn, named, sqlName, type WrittenName } from "../../lookup.ts";
import type { Source } from "./fill.ts";
import { isSteady } from "./repeatable.ts";
import { readsOwnRows, readsOwnTable, readsQuery } from "./unasked.ts";

/** The table whose rows are changed, and where names are looked up. */
export interface ChangedTable {
  readonly table: Table;
  /** What the statement calls it. */
  readonly alias: string;
  readonly catalog: Catalog;
  readonly searchPath: readonly string[];
  readonly major: number;
}

/** A query that reads other tables for one row of the changed one, which it calls `t`. */
export interface QueryForRow {
  readonly text: string;
  /** Columns of the changed row that it reads. */
  readonly columns: ReadonlySet<string>;
  /** Those of them from which its own columns are computed. */
  readonly computedFrom: ReadonlySet<string>;
  /** Columns of other tables that it reads. */
  readonly sources: readonly Source[];
  /** Tables that a query asks which does not look at the changed row: each batch asks them anew. */
  readonly anew: readonly Table[];
}

/** What somebody has to know of tables that each batch asks anew. */
export function askedAnew(tables: readonly Table[]): readonly string[] {
  return [...new Set(tables.map(sqlName))].map(
    (name) =>
      `each batch of the fill asks ${name} anew, and reads all of it unless an index serves the subquery's own conditions; one whose answer does not fit work_mem is read for each row (NOT IN): for a large table, NOT EXISTS or EXISTS with the row's own column, and an index on it`,
  );
}

/**
 * Rewrites a query that stands, or could stand, inside a statement that changes rows of a table: what it reads of the
 * changed row it reads of `t`, and no table of its own is called so.
 *
 * @returns why it cannot be asked once for each row with the same result, when it cannot
 */
export function queryForRow(text: string, changed: ChangedTable): QueryForRow | string {
  const [statement] = parseLoaded(text, "query");
  if (statement === undefined || !("SelectStmt" in statement.node)) return "it is no query";
  if (!isSteady(statement.node, changed.major, changed.searchPath))
    return "it depends on the moment, or on a function whose results are not known to stay the same";
  if (readsOwnTable(statement.node, changed)) return readsOwnRows(changed.table);
  const reader = new Reader(text, changed);
  try {
    reader.select(statement.node.SelectStmt, []);
  } catch (error) {
    if (error instanceof Unreadable) return error.message;
    throw error;
  }
  return reader.result();
}

/** Why a query cannot be read; never leaves this file. */
class Unreadable extends Error {}

type Select = Extract<ParseNode, { SelectStmt: unknown }>["SelectStmt"];
type Relation = Extract<ParseNode, { RangeVar: unknown }>["RangeVar"];

/** What the FROM of one query brings in. */
interface Scope {
  readonly items: readonly { readonly alias: string; readonly table: Table | undefined }[];
  /** Columns of its tables that stand somewhere, `alias column`. */
  readonly used: Set<string>;
  readsRow: boolean;
}

/** What the inner tables that are called as the changed row is called here become. */
const innerName = "t_inner";

class Reader {
  readonly #changed: ChangedTable;
  readonly #bytes: Buffer;
  readonly #words: readonly {
    readonly text: string;
    readonly start: number;
    readonly end: number;
  }[];
  readonly #edits: { readonly from: number; readonly to: number; readonly text: string }[] = [];
  readonly #columns = new Set<string>();
  #computedFrom: ReadonlySet<string> = new Set();
  readonly #sources: Source[] = [];
  readonly #anew: Table[] = [];

  constructor(text: string, changed: ChangedTable) {
    this.#changed = changed;
    this.#bytes = Buffer.from(text, "utf8");
    this.#words = loadedParser()
      .scanSync(text)
      .tokens.filter(({ tokenName }) => !tokenName.endsWith("COMMENT"));
  }

  result(): QueryForRow {
    const pieces: string[] = [];
    let at = 0;
    for (const { from, to, text } of this.#edits.toSorted((a, b) => a.from - b.from)) {
      pieces.push(this.#bytes.toString("utf8", at, from), text);
      at = to;
    }
    const end = this.#words.at(-1)!.end;
    const text = `${pieces.join("")}${this.#bytes.toString("utf8", at, end)}`;
    return {
      text,
      columns: this.#columns,
      computedFrom: this.#computedFrom,
      sources: this.#sources,
      anew: this.#anew,
    };
  }

  select(select: Select, outer: readonly Scope[]): void {
    if (select.withClause !== undefined || select.larg !== undefined)
      throw new Unreadable("it has WITH or UNION");
    if (select.limitCount !== undefined || select.limitOffset !== undefined)
      throw new Unreadable("which rows its LIMIT means is chance");
    const items = (select.fromClause ?? []).flatMap((item) => this.#itemsOf(item));
    const scope: Scope = { items, used: new Set(), readsRow: false };
    const scopes = [scope, ...outer];
    const { fromClause, targetList, ...rest } = select;
    this.#walk(targetList, scopes);
    if (outer.length === 0) this.#computedFrom = new Set(this.#columns);
    this.#walk(fromClause, scopes);
    this.#walk(rest, scopes);
    for (const item of items)
      if (scope.readsRow) requireIndex(item, scope.used);
      else this.#anew.push(item.table!);
  }

  /** Relations of a FROM item. */
  #itemsOf(item: ParseNode): Scope["items"] {
    if ("JoinExpr" in item && item.JoinExpr.alias === undefined)
      return [item.JoinExpr.larg, item.JoinExpr.rarg].flatMap((side) =>
        side === undefined ? [] : this.#itemsOf(side),
      );
    if (!("RangeVar" in item)) throw new Unreadable(readsQuery);
    return [this.#relation(item.RangeVar)];
  }

  #relation(relation: Relation): Scope["items"][number] {
    const { catalog, searchPath } = this.#changed;
    const table = named(catalog.tables, relation as WrittenName, searchPath);
    if (table === undefined) throw new Unreadable(`${relation.relname} is no table`);
    const alias = relation.alias?.aliasname ?? relation.relname ?? "";
    if (alias === "t") this.#rename(relation);
    return { alias, table };
  }

  /** Calls a relation of the query otherwise: its name would hide the changed row. */
  #rename({ location = 0, alias }: Relation): void {
    let at = this.#words.findIndex(({ start }) => start === location);
    while (this.#words[at + 1]?.text === ".") at += 2;
    const { end } = this.#words[at]!;
    if (alias === undefined) {
      this.#edits.push({ from: end, to: end, text: ` AS ${innerName}` });
      return;
    }
    at++;
    while (this.#words[at]!.text === "*" || this.#words[at]!.text.toUpperCase() === "AS") at++;
    const word = this.#words[at]!;
    this.#edits.push({ from: word.start, to: word.end, text: innerName });
  }

  #walk(tree: unknown, scopes: readonly Scope[]): void {
    if (Array.isArray(tree)) for (const item of tree) this.#walk(item, scopes);
    if (typeof tree !== "object" || tree === null || Array.isArray(tree)) return;
    const node = tree as ParseNode;
    if ("SelectStmt" in node) this.select(node.SelectStmt, scopes);
    else if ("ColumnRef" in node) this.#column(node.ColumnRef, scopes);
    else for (const value of Object.values(tree)) this.#walk(value, scopes);
  }

  #column(
    { fields = [], location = 0 }: Extract<ParseNode, { ColumnRef: unknown }>["ColumnRef"],
    scopes: readonly Scope[],
  ): void {
    const names = fields.map((field) => ("String" in field ? (field.String.sval ?? "") : "*"));
    const name = names.at(-1)!;
    const qualifier = names.at(-2);
    for (const { items, used } of scopes)
      for (const { alias, table } of items)
        if (qualifier === undefined ? columnIn(table!, name) !== undefined : alias === qualifier) {
          used.add(`${alias} ${name}`);
          this.#sources.push({ table: table!, column: name });
          if (qualifier === "t")
            this.#replace(location, names.length, `${innerName}.${quoteIdent(name)}`);
          return;
        }
    const { alias, table } = this.#changed;
    if (name === "*" && qualifier === undefined) return;
    if (columnIn(table, name) === undefined || (qualifier ?? alias) !== alias)
      throw new Unreadable(`${names.join(".")} is not a column of ${sqlName(table)}`);
    for (const scope of scopes) scope.readsRow = true;
    this.#columns.add(name);
    this.#replace(location, names.length, `t.${quoteIdent(name)}`);
  }

  /** A name of so many parts. */
  #replace(from: number, parts: number, text: string): void {
    const first = this.#words.findIndex(({ start }) => start === from);
    this.#edits.push({ from, to: this.#words[first + (parts - 1) * 2]!.end, text });
  }
}

/** A table that is asked for each row has to be found in by an index. */
function requireIndex({ alias, table }: Scope["items"][number], used: ReadonlySet<string>): void {
  const isFound = table!.indexes.some(({ valid, predicate, keys }) => {
    const first = keys[0]?.column;
    return valid && predicate === null && first != null && used.has(`${alias} ${first}`);
  });
  if (!isFound)
    throw new Unreadable(
      `each row would read all of ${sqlName(table!)}: no index begins with a column by which it is asked`,
    );
}
