import { breaksBetween, findRelation, type Break, type Relation } from "../../effects/index.ts";
import { qualifiedName } from "../../catalog/index.ts";
import type { CheckedStatement, FileInput } from "../rule.ts";
import { searchPathOf } from "../search-path.ts";

/**
 * The breaks of a statement that are still there when its transaction commits: a view that is dropped and made again
 * in one transaction was never missing. Where the transaction ends with its file, what stands at the end of the file
 * counts; otherwise every break of the statement.
 */
export function standingBreaks(input: FileInput, at: CheckedStatement): readonly Break[] {
  const { breaks } = at.effect;
  const lastOf = input.statements.at(-1);
  const endsWithFile =
    at.session.inTransaction && lastOf?.session.transaction === at.session.transaction;
  if (breaks.length === 0 || !endsWithFile) return breaks;
  const standing = breaksBetween(input.before, input.world, input.existing);
  return breaks.flatMap(({ object }) => standing.filter((one) => one.object === object));
}

/** The view that takes an old name's place in the same transaction: the known shim for RENAME TABLE. */
export function shimFor(
  input: FileInput,
  at: CheckedStatement,
  { object, how }: Break,
): Relation | undefined {
  if (how !== "renamed" && how !== "moved") return undefined;
  const view = input.world.relations.get(object);
  if (view?.kind !== "view") return undefined;
  const isMade = input.statements.some(
    ({ statement, session }) =>
      "ViewStmt" in statement.node &&
      statement.index > at.statement.index &&
      at.session.inTransaction &&
      session.transaction === at.session.transaction &&
      nameOf(input, statement.node.ViewStmt.view, session) === object,
  );
  return isMade ? view : undefined;
}

function nameOf(
  { world }: FileInput,
  range: { relname?: string; schemaname?: string } | undefined,
  session: CheckedStatement["session"],
): string | undefined {
  const name = { schema: range?.schemaname, name: range?.relname ?? "" };
  const found = findRelation(world, name, searchPathOf(session));
  return found === undefined ? undefined : qualifiedName(found.schema, found.name);
}
