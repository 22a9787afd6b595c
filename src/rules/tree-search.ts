import type { Node } from "@pgsql/types";

type Kind = Node extends infer One ? (One extends One ? keyof One : never) : never;
type Body<K extends Kind> = Extract<Node, Record<K, unknown>>[K];

/** Every node of this kind at any depth of a parse tree, outermost first. */
export function* nodesOf<K extends Kind>(tree: unknown, kind: K): Generator<Body<K>> {
  if (Array.isArray(tree)) {
    for (const item of tree) yield* nodesOf(item, kind);
  } else if (tree !== null && typeof tree === "object") {
    for (const [key, value] of Object.entries(tree)) {
      if (key === kind) yield value as Body<K>;
      yield* nodesOf(value, kind);
    }
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
  return [...nodesOf(tree, "FuncCall")].map(({ funcname = [] }) => {
    const last = funcname.at(-1);
    return last !== undefined && "String" in last ? (last.String.sval ?? "") : "";
  });
}
