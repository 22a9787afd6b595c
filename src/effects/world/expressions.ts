import type { Node } from "@pgsql/types";
import { strings } from "./nodes.ts";

/**
 * Visits every node of a parse tree, outermost first. `visit` returns false to leave out what is below.
 * Nodes are the objects with one key, the node's type, in which the parser wraps everything of varying type.
 */
export function walk(tree: unknown, visit: (node: Node) => boolean | void): void {
  if (Array.isArray(tree)) {
    for (let index = 0; index < tree.length; index++) walk(tree[index], visit);
    return;
  }
  if (typeof tree !== "object" || tree === null) return;
  if (isNode(tree) && visit(tree as Node) === false) return;
  for (const key in tree) {
    const value = (tree as Record<string, unknown>)[key];
    if (typeof value === "object") walk(value, visit);
  }
}

/** True for an object whose one key is the name of a type. */
function isNode(tree: object): boolean {
  let isOne = false;
  for (const key in tree) {
    if (isOne || !isTypeName(key)) return false;
    isOne = true;
  }
  return isOne;
}

/** Node types are capitalised, fields are not. */
function isTypeName(key: string): boolean {
  const first = key.charCodeAt(0);
  return first >= 65 && first <= 90;
}

/** Names of the columns that an expression over one table refers to, each once, in order; `*` for a whole row. */
export function columnsIn(expression: Node | undefined): string[] {
  const found = new Set<string>();
  walk(expression, (node) => {
    if (!("ColumnRef" in node)) return;
    const { fields = [] } = node.ColumnRef;
    const last = fields.at(-1);
    found.add(last !== undefined && "A_Star" in last ? "*" : (strings(fields).at(-1) ?? ""));
  });
  return [...found];
}

/** The expression with every reference to column `from` made one to `to`; the same object when there is none. */
export function renameColumnIn<T>(tree: T, from: string, to: string): T {
  return rewrite(tree, (node) => {
    if (!("ColumnRef" in node)) return undefined;
    const { fields = [] } = node.ColumnRef;
    if (strings(fields).at(-1) !== from) return undefined;
    return {
      ColumnRef: { ...node.ColumnRef, fields: [...fields.slice(0, -1), { String: { sval: to } }] },
    };
  });
}

/** A tree in which nodes were replaced; what has no replaced node below it stays the same object. */
export function rewrite<T>(tree: T, replace: (node: Node) => Node | undefined): T {
  if (Array.isArray(tree)) {
    const items = tree.map((item: unknown) => rewrite(item, replace));
    return items.some((item, index) => item !== tree[index]) ? (items as T) : tree;
  }
  if (typeof tree !== "object" || tree === null) return tree;
  const entries = Object.entries(tree as object) as [string, unknown][];
  if (entries.length === 1 && isTypeName(entries[0]![0])) {
    const replaced = replace(tree as unknown as Node);
    if (replaced !== undefined) return replaced as T;
  }
  let changed = false;
  const next = entries.map(([key, value]): [string, unknown] => {
    const rewritten = rewrite(value, replace);
    if (rewritten !== value) changed = true;
    return [key, rewritten];
  });
  return changed ? (Object.fromEntries(next) as T) : tree;
}
