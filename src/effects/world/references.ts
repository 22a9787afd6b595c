import type { ObjectId, Relation } from "./model.ts";

/** What a relation refers to by its foreign keys. */
export function keysTo({ constraints }: Relation): ObjectId[] {
  const found: ObjectId[] = [];
  for (let index = 0; index < constraints.length; index++) {
    const constraint = constraints[index]!;
    if (constraint.kind === "foreign-key") found.push(constraint.references.table);
  }
  return found;
}

/** What it refers to in any other way. */
export function partOf(relation: Relation): ObjectId[] {
  const found: ObjectId[] = relation.inherits.length === 0 ? [] : [...relation.inherits];
  if (relation.partitionOf !== undefined) found.push(relation.partitionOf.parent);
  if (relation.ownedBy !== undefined) found.push(relation.ownedBy.table);
  if (relation.index !== undefined) {
    found.push(relation.index.table);
    if (relation.index.partOf !== undefined) found.push(relation.index.partOf);
  }
  const { policies, rules, triggers, view } = relation;
  if (view !== undefined) for (const read of view.reads) found.push(read.relation);
  if (policies.length > 0)
    for (const { uses } of policies) for (const use of uses) found.push(use.relation);
  if (rules.length > 0)
    for (const { uses } of rules) for (const use of uses) found.push(use.relation);
  if (triggers.length > 0)
    for (const { from } of triggers) if (from !== undefined) found.push(from);
  if (relation.ofType !== undefined) found.push(relation.ofType);
  return found;
}

/** True when two versions of a relation refer to the same objects, as far as it costs nothing to tell. */
export function sameReferences(a: Relation, b: Relation): boolean {
  return (
    a.constraints === b.constraints &&
    a.index === b.index &&
    a.inherits === b.inherits &&
    a.partitionOf === b.partitionOf &&
    a.ownedBy === b.ownedBy &&
    a.view === b.view &&
    a.policies === b.policies &&
    a.rules === b.rules &&
    a.triggers === b.triggers &&
    a.ofType === b.ofType
  );
}
