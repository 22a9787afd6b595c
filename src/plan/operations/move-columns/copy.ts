import type { Table } from "../../../catalog/index.ts";
import type { MovedColumn } from "../../dual-writes/index.ts";
import { loadedParser, type ParseNode, type Statement } from "../../../sql/index.ts";
import type { WrittenName } from "../../lookup.ts";

type Select = Extract<ParseNode, { SelectStmt: unknown }>["SelectStmt"];

/** A query that gives columns of one table. */
export interface Copy {
  /** The table that it reads, as it is written, and what the query calls it. */
  readonly from: WrittenName;
  readonly alias: string;
  /** Where each of its columns comes to. */
  readonly columns: readonly MovedColumn[];
  readonly where: { readonly text: string; readonly tree: ParseNode } | undefined;
}

/** Where a copy goes to, and its query; undefined for a statement that copies nothing. */
export function queryIn(node: ParseNode): { into: WrittenName; query: Select } | undefined {
  if ("InsertStmt" in node) {
    const { relation, selectStmt } = node.InsertStmt;
    if (relation === undefined || selectStmt === undefined || !("SelectStmt" in selectStmt))
      return undefined;
    const query = selectStmt.SelectStmt;
    return query.valuesLists === undefined ? { into: relation, query } : undefined;
  }
  if (!("CreateTableAsStmt" in node)) return undefined;
  const { into, query, objtype } = node.CreateTableAsStmt;
  if (objtype !== "OBJECT_TABLE" || into?.rel === undefined || query === undefined)
    return undefined;
  return "SelectStmt" in query ? { into: into.rel, query: query.SelectStmt } : undefined;
}

/** The table that a copy reads, when it reads one alone. */
export function sourceOf({ fromClause = [] }: Select): WrittenName | undefined {
  const [only, ...more] = fromClause;
  return only !== undefined && more.length === 0 && "RangeVar" in only ? only.RangeVar : undefined;
}

/**
 * Reads a copy of rows of one table, column by column.
 *
 * @param target the table that it goes to
 * @returns what is in the way, in words that follow "the copy"
 */
export function readCopy({ node, sql }: Statement, target: Table): Copy | string {
  const { query } = queryIn(node)!;
  const [only] = query.fromClause ?? [];
  if (only === undefined || !("RangeVar" in only)) return "reads more than one table";
  const more = Object.keys(query).filter((clause) => !plain.has(clause));
  if (more.length > 0) return "joins, groups, sorts or limits rows";
  const { RangeVar: from } = only;
  const alias = from.alias?.aliasname ?? from.relname ?? "";
  const given = namesGiven(node) ?? target.columns.map(({ name }) => name);
  const columns: MovedColumn[] = [];
  for (const [n, part] of (query.targetList ?? []).entries()) {
    const value = "ResTarget" in part ? part.ResTarget.val : undefined;
    const column = value !== undefined && "ColumnRef" in value ? value.ColumnRef.fields : undefined;
    const last = column?.at(-1);
    if (last === undefined || !("String" in last) || given[n] === undefined)
      return "computes what it copies, or takes all columns by *";
    columns.push({ from: last.String.sval ?? "", to: given[n] });
  }
  const { whereClause: tree } = query;
  const where = tree && { text: whereIn(sql), tree };
  return { from, alias, columns, where };
}

/** Fields of a tree of `SELECT columns FROM table WHERE condition`. */
const plain: ReadonlySet<string> = new Set([
  "targetList",
  "fromClause",
  "whereClause",
  "limitOption",
  "op",
]);

function namesGiven(node: ParseNode): readonly string[] | undefined {
  if (!("InsertStmt" in node)) return undefined;
  return node.InsertStmt.cols?.map((part) =>
    "ResTarget" in part ? (part.ResTarget.name ?? "") : "",
  );
}

/** The condition's text: up to ON CONFLICT, RETURNING or WITH DATA. */
function whereIn(sql: string): string {
  const tokens = loadedParser()
    .scanSync(sql)
    .tokens.filter(({ tokenName }) => !tokenName.endsWith("COMMENT"));
  let depth = 0;
  let from: number | undefined;
  let to = 0;
  for (const { text, end } of tokens) {
    if (text === "(" || text === "[") depth++;
    else if (text === ")" || text === "]") depth--;
    const word = depth === 0 ? text.toUpperCase() : "";
    if (from !== undefined && behind.has(word)) break;
    if (from === undefined && word === "WHERE") from = end;
    to = end;
  }
  return Buffer.from(sql, "utf8").toString("utf8", from, to).trim();
}

const behind: ReadonlySet<string> = new Set([";", "ON", "RETURNING", "WITH"]);
