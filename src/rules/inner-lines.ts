import { qualifiedName } from "../sql/index.ts";
import { bodyLineOf, programOf } from "./batching/program.ts";
import type { CheckedStatement } from "./rule.ts";

/**
 * ` (lines 14 and 20)`: where the statements of a DO block stand that name what a message is about, a relation that the
 * block locks or works on, and its column where the message names one. Empty when there is none, and for other statements.
 */
export function innerLines({ statement, effect }: CheckedStatement, message: string): string {
  if (!("DoStmt" in statement.node)) return "";
  const first = bodyLineOf(statement);
  if (first === undefined) return "";
  const told = [...effect.locks, ...effect.work]
    .map(({ relation }): string => relation)
    .filter((relation) => message.includes(relation));
  const columns = told.flatMap((relation) => columnNamed(message, relation) ?? []);
  const own = (programOf(statement)?.statements ?? []).filter(({ node }) => namesOne(node, told));
  const closer = own.filter(({ node }) => columns.some((column) => holds(node, column)));
  const lines = (closer.length > 0 ? closer : own).map(({ line }) => first + line - 1);
  const found = [...new Set(lines)].toSorted((a, b) => a - b);
  if (found.every((line) => line === statement.line)) return "";
  const last = found.pop()!;
  return found.length === 0 ? ` (line ${last})` : ` (lines ${found.join(", ")} and ${last})`;
}

/** `token` in a message about `public.session.token`. */
function columnNamed(message: string, relation: string): string | undefined {
  const rest = message.slice(message.indexOf(relation) + relation.length);
  const [, quoted, plain] = /^\.(?:"((?:[^"]|"")+)"|([\p{L}_][\p{L}\p{N}_$]*))/u.exec(rest) ?? [];
  return quoted?.replaceAll('""', '"') ?? plain;
}

/** True when a tree has the text as the value of a field. */
function holds(tree: unknown, text: string): boolean {
  if (typeof tree !== "object" || tree === null) return tree === text;
  return Object.values(tree).some((value) => holds(value, text));
}

/** True when a tree names one of the relations; most statements hold theirs without the wrapper of a node. */
function namesOne(tree: unknown, relations: readonly string[]): boolean {
  if (Array.isArray(tree)) return tree.some((item) => namesOne(item, relations));
  if (typeof tree !== "object" || tree === null) return false;
  const { schemaname, relname } = tree as { schemaname?: unknown; relname?: unknown };
  if (typeof relname === "string") {
    const isOne = (relation: string) =>
      typeof schemaname === "string"
        ? relation === qualifiedName(schemaname, relname)
        : relation.endsWith(`.${qualifiedName(relname)}`);
    if (relations.some(isOne)) return true;
  }
  return Object.values(tree).some((value) => namesOne(value, relations));
}
