import { createHash } from "node:crypto";
import { loadParser } from "../sql/index.ts";

/**
 * Gives printed SQL a key that is equal for texts Postgres itself holds for the same.
 *
 * What the deparser prints is not always what it prints again after the text was parsed, as a restore of a
 * dump does. `status IN ('a', 'b')` on a varchar column prints as `ANY ((ARRAY['a'::character varying,
 * 'b'::character varying])::text[])` and after a restore as `ANY (ARRAY[('a'::character varying)::text,
 * ('b'::character varying)::text])`; nested ANDs and ORs come back flat. The key is the parse tree with these
 * two differences removed; a text in which neither can occur is its own key.
 */
export interface ExpressionKeys {
  /** Key of an expression; null stays null. */
  expression(text: string | null): string | null;
  /** Key of a statement or a query, such as a view's definition. */
  statement(text: string): string;
}

/** A node of a parse tree as JSON. */
type Tree = { readonly [key: string]: unknown };

/**
 * Keys by SQL text, kept between comparisons: a plan compares the same schema many times. They are digests,
 * so that even the longest view costs little, and forgotten when there are very many.
 */
const known = new Map<string, string>();
const mostKnown = 50_000;

export async function expressionKeys(): Promise<ExpressionKeys> {
  const { parseSync } = await loadParser();
  const keyOf = (text: string, sql: string): string => {
    if (!mayVary(text)) return text;
    let key = known.get(sql);
    if (key === undefined) {
      key = treeKey(parseSync, sql) ?? text;
      if (known.size >= mostKnown) known.clear();
      known.set(sql, key);
    }
    return key;
  };
  return {
    expression: (text) => (text === null ? null : keyOf(text, `SELECT ${text}`)),
    statement: (text) => keyOf(text, text),
  };
}

/** A text without arrays and without AND or OR prints the same after a restore. */
function mayVary(text: string): boolean {
  return text.includes("ARRAY[") || text.includes(" AND ") || text.includes(" OR ");
}

/** Undefined for what the grammar of the newest major does not accept: the text itself must do then. */
function treeKey(parse: (sql: string) => unknown, sql: string): string | undefined {
  try {
    const tree = JSON.stringify(simplify(parse(sql)));
    return createHash("sha256").update(tree).digest("base64");
  } catch {
    return undefined;
  }
}

/** Fields of the parse tree that say where, not what. */
const positions: ReadonlySet<string> = new Set([
  "location",
  "stmt_location",
  "stmt_len",
  "list_start",
  "list_end",
  "rexpr_list_start",
  "rexpr_list_end",
]);

function simplify(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(simplify);
  if (typeof node !== "object" || node === null) return node;
  const simple: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node as Tree))
    if (!positions.has(key)) simple[key] = simplify(value);
  return flattenBoolean(castElements(simple));
}

/** `(ARRAY[a, b])::t[]` as `ARRAY[a::t, b::t]`. */
function castElements(node: Record<string, unknown>): Record<string, unknown> {
  const cast = node["TypeCast"] as { arg?: Tree; typeName?: Tree } | undefined;
  const array = cast?.arg?.["A_ArrayExpr"] as { elements?: readonly unknown[] } | undefined;
  const bounds = cast?.typeName?.["arrayBounds"] as readonly unknown[] | undefined;
  if (array?.elements === undefined || bounds?.length !== 1) return node;
  const { arrayBounds: _, ...typeName } = cast!.typeName!;
  const elements = array.elements.map((arg) => ({ TypeCast: { arg, typeName } }));
  return { A_ArrayExpr: { ...array, elements } };
}

function flattenBoolean(node: Record<string, unknown>): Record<string, unknown> {
  const outer = node["BoolExpr"] as BooleanNode | undefined;
  if (outer === undefined || outer.boolop === "NOT_EXPR") return node;
  const args = outer.args.flatMap((arg) => {
    const inner = (arg as Tree)["BoolExpr"] as BooleanNode | undefined;
    return inner !== undefined && inner.boolop === outer.boolop ? inner.args : [arg];
  });
  return { BoolExpr: { ...outer, args } };
}

interface BooleanNode {
  readonly boolop: string;
  readonly args: readonly unknown[];
}
