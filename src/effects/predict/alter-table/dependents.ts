import type { Node } from "@pgsql/types";
import type { Relation, Trigger, WorldColumn } from "../../world/index.ts";
import { byId, columnsIn, indexesOf, isUsed, referrersOf, viewsOf } from "../../world/index.ts";
import { sequencesNamed } from "../../world/sequence-calls.ts";
import { remainingIndexes, type Plan, type TableChange } from "./plan.ts";

/** True when a change of the column concerns the index: as key, INCLUDE, or within an expression or the predicate. */
export function indexUses({ index }: Relation, column: string): boolean {
  if (index === undefined) return false;
  return (
    index.columns.includes(column) ||
    index.include.includes(column) ||
    usesInExpression({ index }, column)
  );
}

/** True when the column stands within an expression or the predicate of the index. */
export function usesInExpression({ index }: Pick<Relation, "index">, column: string): boolean {
  return [...(index?.expressions ?? []), index?.predicate].some((expression) =>
    mentions(expression, column),
  );
}

function mentions(expression: Node | undefined, column: string): boolean {
  const columns = columnsIn(expression);
  return columns.includes(column) || columns.includes("*");
}

/** Indexes of the table that depend on the column. */
export function indexesUsing(plan: Plan, change: TableChange, column: string): Relation[] {
  return remainingIndexes(plan, change).filter((index) => indexUses(index, column));
}

/** Columns generated from this one. */
export function generatedFrom(change: TableChange, column: string): WorldColumn[] {
  return change.columns.filter(
    ({ name, generated }) => name !== column && mentions(generated?.expression, column),
  );
}

/** Views whose query depends on the column. */
export function viewsUsing({ world, gone }: Plan, relation: Relation, column: string): Relation[] {
  const views = viewsOf(world, relation.id).filter(({ id }) => !gone.has(id));
  return views.filter((view) =>
    (view.view?.reads ?? []).some(
      (read) =>
        read.relation === relation.id &&
        (read.columns.includes(column) || read.columns.includes("*")),
    ),
  );
}

/** Relations with a policy, a rule or a trigger that uses the column. */
export function holdersUsing({ world }: Plan, relation: Relation, column: string): Relation[] {
  return [...new Set([relation, ...referrersOf(world, relation.id)])].filter(
    ({ id, policies, rules, triggers }) =>
      [...policies, ...rules].some(({ uses }) => isUsed(uses, relation.id, column)) ||
      (id === relation.id && triggers.some((trigger) => triggerUses(trigger, column))),
  );
}

export function triggerUses({ updateOf, when }: Trigger, column: string): boolean {
  return updateOf.includes(column) || when.includes(column);
}

/** Locks a view that is dropped along, its indexes, and all views over it. */
export function dropViews(plan: Plan, views: readonly Relation[]): void {
  const { draft, world } = plan;
  const seen = new Set<number>();
  const visit = (view: Relation): void => {
    if (seen.has(view.id)) return;
    seen.add(view.id);
    plan.gone.add(view.id);
    draft.lock(view, "AccessExclusive", "dependent");
    for (const index of indexesOf(world, view.id)) draft.lock(index, "AccessExclusive", "index");
    viewsOf(world, view.id).forEach(visit);
  };
  views.forEach(visit);
}

/** Tables with a column whose default takes its value from the sequence. */
export function defaultsUsing({ world, draft }: Plan, sequence: Relation): Relation[] {
  return [...world.relations.values()].filter((relation) =>
    relation.columns.some(
      (column) =>
        !(relation.id === sequence.ownedBy?.table && column.name === sequence.ownedBy.column) &&
        sequencesNamed(column.default).some((name) => draft.find(name)?.id === sequence.id),
    ),
  );
}

/** The table that a foreign key references. */
export function parentOf(
  { world }: Plan,
  constraint: { readonly references: { readonly table: number } },
): Relation | undefined {
  return byId(world, constraint.references.table);
}
