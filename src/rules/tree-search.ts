import type { Node } from "@pgsql/types";

type Kind = Node extends infer One ? (One extends One ? keyof One : never) : never;
type Body<K extends Kind> = Extract<Node, Record<K, unknown>>[K];

/** Every node of this kind at any depth of a parse tree, outermost first. */
export function nodesOf<K extends Kind>(tree: unknown, kind: K): readonly Body<K>[] {
  const found: Body<K>[] = [];
  collect(tree, kind, found);
  return found;
}

function collect<K extends Kind>(tree: unknown, kind: K, found: Body<K>[]): void {
  if (typeof tree !== "object" || tree === null) return;
  if (Array.isArray(tree)) {
    for (let index = 0; index < tree.length; index++) collect(tree[index], kind, found);
    return;
  }
  // Nodes inherit nothing that could be listed, and this costs less than their keys as a list.
  for (const key in tree) {
    const value = (tree as Record<string, unknown>)[key];
    if (key === kind) found.push(value as Body<K>);
    if (typeof value === "object") collect(value, kind, found);
  }
}

/** Names of the columns that an expression mentions, without their tables. */
export function columnNames(tree: unknown): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { fields = [] } of nodesOf(tree, "ColumnRef")) {
    const last = fields.at(-1);
    if (last !== undefined && "String" in last) names.add(last.String.sval ?? "");
  }
  return names;
}

/** Last part of each called function's name. */
export function calledFunctions(tree: unknown): readonly string[] {
  return nodesOf(tree, "FuncCall").map(({ funcname = [] }) => {
    const last = funcname.at(-1);
    return last !== undefined && "String" in last ? (last.String.sval ?? "") : "";
  });
}
