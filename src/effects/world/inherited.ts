import type { ObjectId, Relation, WorldConstraint } from "./model.ts";

/** The constraint of a child that one of its parent is merged with: NOT NULL goes by the column, others by the name. */
export function isCopyOf(candidate: WorldConstraint, original: WorldConstraint): boolean {
  if (!candidate.inherited || candidate.kind !== original.kind) return false;
  if (candidate.kind === "not-null" && original.kind === "not-null")
    return candidate.column === original.column;
  if (candidate.kind === "foreign-key" && original.kind === "foreign-key")
    return (
      candidate.references.table === original.references.table &&
      candidate.columns.join("\0") === original.columns.join("\0")
    );
  return candidate.name === original.name;
}

/**
 * True when another parent than this one gives the child the constraint too (`coninhcount` is above one).
 * @param constraintsOf the constraints that a table has by then
 */
export function hasOtherSource(
  child: Relation,
  constraint: WorldConstraint,
  parent: ObjectId,
  constraintsOf: (id: ObjectId) => readonly WorldConstraint[],
): boolean {
  const copied = { ...constraint, inherited: true };
  return child.inherits.some(
    (id) =>
      id !== parent &&
      constraintsOf(id).some((other) => !other.noInherit && isCopyOf(copied, other)),
  );
}
