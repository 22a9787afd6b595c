import type { Break } from "../../effects/index.ts";
import { qualifiedName, type Statement } from "../../sql/index.ts";
import type { CheckedStatement, FileInput } from "../rule.ts";
import { partsOf } from "../subject.ts";

/** True when another object has the name at the end of the file: the one that had it is gone, or has another name. */
export function isReplaced({ before, world }: FileInput, { object, how }: Break): boolean {
  if (how !== "dropped" && how !== "renamed" && how !== "moved") return false;
  const [relation, type] = [world.relations.get(object), world.types.get(object)];
  return (
    (relation !== undefined && relation.id !== before.relations.get(object)?.id) ||
    (type !== undefined && type.id !== before.types.get(object)?.id) ||
    (before.routines.has(object) && world.routines.has(object))
  );
}

/** True when a later statement of the same transaction gives the name to another object. */
export function isRemade(input: FileInput, at: CheckedStatement, one: Break): boolean {
  if (!at.session.inTransaction || !isReplaced(input, one)) return false;
  return input.statements.some(
    ({ statement, session }) =>
      statement.index > at.statement.index &&
      session.transaction === at.session.transaction &&
      qualifiedName(nameMade(statement)) === one.object.slice(one.object.indexOf(".") + 1),
  );
}

/** Name, without its schema, that a statement gives to something. */
function nameMade({ node }: Statement): string {
  if ("RenameStmt" in node) return node.RenameStmt.newname ?? "";
  if ("ViewStmt" in node) return node.ViewStmt.view?.relname ?? "";
  if ("CreateTableAsStmt" in node) return node.CreateTableAsStmt.into?.rel?.relname ?? "";
  if ("CreateStmt" in node) return node.CreateStmt.relation?.relname ?? "";
  if ("CreateEnumStmt" in node) return node.CreateEnumStmt.typeName?.flatMap(partsOf).at(-1) ?? "";
  if ("CreateDomainStmt" in node)
    return node.CreateDomainStmt.domainname?.flatMap(partsOf).at(-1) ?? "";
  if ("CreateFunctionStmt" in node)
    return node.CreateFunctionStmt.funcname?.flatMap(partsOf).at(-1) ?? "";
  return "";
}

/**
 * What is missing of a dropped object when something of its name stands in its place at the end: nothing, for a view,
 * type or routine that was made again with all that it had.
 */
export function missingInReplacement(
  { before, world }: FileInput,
  dropped: Break,
): readonly Break[] {
  const { object } = dropped;
  const relation = { old: before.relations.get(object), new: world.relations.get(object) };
  if (relation.old !== undefined && relation.new !== undefined) {
    const left = new Set(relation.new.columns.map(({ name }) => name));
    return relation.old.columns
      .filter(({ name }) => !left.has(name))
      .map(({ name }) => ({ object: `${object}.${qualifiedName(name)}`, how: "dropped" as const }));
  }
  const type = { old: before.types.get(object), new: world.types.get(object) };
  if (type.old !== undefined && type.new !== undefined) {
    const labels = new Set(type.new.labels);
    return type.old.labels
      .filter((label) => !labels.has(label))
      .map((label) => ({ object: `${object}.${label}`, how: "enum-value-dropped" as const }));
  }
  const routines = world.routines.get(object) ?? [];
  const old = before.routines.get(object);
  if (old === undefined) return [dropped];
  const forms = new Set(routines.map(formOf));
  return old.every((one) => forms.has(formOf(one))) ? [] : [dropped];
}

/** What a caller writes: the types of the arguments. */
function formOf(routine: {
  readonly arguments: readonly { readonly name: string; readonly array: boolean }[];
}): string {
  return routine.arguments.map(({ name, array }) => `${name}${array ? "[]" : ""}`).join(", ");
}
