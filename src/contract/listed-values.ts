import { parseSql } from "../sql/index.ts";
import type { ContractBody, ContractColumn, ContractTable } from "./contract.ts";

type Node = Readonly<Record<string, unknown>>;

/**
 * Fills in which values the code can write to a column that plays an enum, from the contract's own
 * `CHECK (status IN ('new', 'paid'))`, where the source did not say so itself.
 */
export async function withListedValues<Body extends Pick<ContractBody, "tables">>(
  body: Body,
): Promise<Body> {
  const tables = await Promise.all(body.tables.map(fill));
  return { ...body, tables };
}

async function fill(table: ContractTable): Promise<ContractTable> {
  const lists = new Map<string, readonly string[]>();
  for (const { definition } of table.checks) {
    if (!definition.startsWith("CHECK (") || !definition.includes("ARRAY[")) continue;
    const [statement] = await parseSql(`SELECT ${definition.slice("CHECK ".length)}`, table.name);
    const target = statement === undefined ? undefined : selected(statement.node);
    for (const [column, values] of conjuncts(target).flatMap(listed))
      if (!lists.has(column)) lists.set(column, values);
  }
  if (lists.size === 0) return table;
  const columns = table.columns.map((column): ContractColumn => {
    const values = column.values ?? lists.get(column.name) ?? null;
    return { ...column, values };
  });
  return { ...table, columns };
}

function selected(node: object): Node | undefined {
  const select = member(node as Node, "SelectStmt");
  const [target] = list(select?.["targetList"]);
  return target && member(member(target, "ResTarget"), "val");
}

/** What must all hold. */
function conjuncts(node: Node | undefined): readonly Node[] {
  if (node === undefined) return [];
  const and = member(node, "BoolExpr");
  return and?.["boolop"] === "AND_EXPR" ? list(and["args"]).flatMap(conjuncts) : [node];
}

/** `column = ANY (ARRAY['a', 'b'])`, whatever is cast. */
function listed(node: Node): readonly (readonly [column: string, values: readonly string[]])[] {
  const any = member(node, "A_Expr");
  const operator = list(any?.["name"]).map((name) => member(name, "String")?.["sval"]);
  if (any?.["kind"] !== "AEXPR_OP_ANY" || operator.join() !== "=") return [];
  const fields = list(member(bare(member(any, "lexpr")), "ColumnRef")?.["fields"]);
  const column = member(fields.at(-1), "String")?.["sval"];
  const elements = list(member(bare(member(any, "rexpr")), "A_ArrayExpr")?.["elements"]);
  const values = elements.map(
    (element) => member(member(bare(element), "A_Const"), "sval")?.["sval"] ?? "",
  );
  const texts = elements.every(
    (element) => member(bare(element), "A_Const")?.["sval"] !== undefined,
  );
  return typeof column === "string" && values.length > 0 && texts
    ? [[column, values.map(String)]]
    : [];
}

function bare(node: Node | undefined): Node | undefined {
  const cast = member(node, "TypeCast");
  return cast === undefined ? node : bare(member(cast, "arg"));
}

function member(node: Node | undefined, name: string): Node | undefined {
  const value = node?.[name];
  return typeof value === "object" && value !== null ? (value as Node) : undefined;
}

function list(value: unknown): readonly Node[] {
  return Array.isArray(value) ? (value as readonly Node[]) : [];
}
