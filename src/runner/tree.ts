import type { ParseNode, Statement } from "../sql/index.ts";

/** A parse tree node's members, whose types depend on the node. */
export type Body = Readonly<Record<string, unknown>>;

/** The members of a statement's root node. */
export function bodyOf(statement: Pick<Statement, "node" | "kind">): Body {
  return (statement.node as unknown as Record<string, Body>)[statement.kind]!;
}

/** The members of a child node: `{ RangeVar: { … } }` gives `{ … }`. */
export function inside(node: unknown): Body {
  const [body] = Object.values((node ?? {}) as Record<string, Body>);
  return body ?? {};
}

/** A list member of a body, each entry without its node type. */
export function listOf(body: Body, member: string): readonly Body[] {
  return ((body[member] ?? []) as readonly ParseNode[]).map(inside);
}

/** Texts of a list of String nodes, e.g. the parts of a name. */
export function textsOf(nodes: unknown): readonly string[] {
  return ((nodes ?? []) as readonly unknown[]).map(
    (node) => (inside(node)["sval"] as string | undefined) ?? "",
  );
}
