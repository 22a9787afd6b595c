import { qualifiedName } from "../../sql/index.ts";
import { findRelation, type Break, searchPathOf } from "../../effects/index.ts";
import type { CheckedStatement, FileInput } from "../rule.ts";

/** True when a view takes the old name's place in the same transaction: the known shim for RENAME TABLE. */
export function hasShim(input: FileInput, at: CheckedStatement, { object, how }: Break): boolean {
  if (how !== "renamed" && how !== "moved") return false;
  if (input.world.relations.get(object)?.kind !== "view" || !at.session.inTransaction) return false;
  return input.statements.some(
    ({ statement, session }) =>
      "ViewStmt" in statement.node &&
      statement.index > at.statement.index &&
      session.transaction === at.session.transaction &&
      nameOf(input, statement.node.ViewStmt.view, session) === object,
  );
}

function nameOf(
  { world }: FileInput,
  range: { readonly relname?: string; readonly schemaname?: string } | undefined,
  session: CheckedStatement["session"],
): string | undefined {
  const name = { schema: range?.schemaname, name: range?.relname ?? "" };
  const found = findRelation(world, name, searchPathOf(session));
  return found === undefined ? undefined : qualifiedName(found.schema, found.name);
}
