import { renameColumnIn } from "../expressions.ts";
import { byId, referrersOf } from "../lookup.ts";
import type { ObjectId, Relation, World, WorldConstraint } from "../model.ts";
import { isUsed, renameInUses } from "../query/uses.ts";
import { change } from "./context.ts";

/** A column's new name in policies, rules, triggers, publications and ON DELETE SET lists. */
export function renameInUsers(world: World, id: ObjectId, from: string, to: string): void {
  const name = (column: string) => (column === from ? to : column);
  const own = byId(world, id);
  if (own === undefined) return;
  const { triggers, publications, policies, constraints } = own;
  change(world, id, {
    triggers: triggers.map((trigger) => ({
      ...trigger,
      updateOf: trigger.updateOf.map(name),
      when: trigger.when.map(name),
    })),
    publications: publications.map((published) => ({
      ...published,
      columns: published.columns?.map(name),
      filter: published.filter?.map(name),
    })),
    policies: policies.map((policy) => ({
      ...policy,
      using: renameColumnIn(policy.using, from, to),
      check: renameColumnIn(policy.check, from, to),
    })),
    constraints: constraints.map((constraint) => renameInAction(constraint, name)),
  });
  for (const user of new Set([id, ...referrersOf(world, id).map((relation) => relation.id)]))
    renameIn(world, byId(world, user), id, name);
}

function renameInAction(
  constraint: WorldConstraint,
  name: (column: string) => string,
): WorldConstraint {
  return constraint.kind === "foreign-key" && constraint.onDeleteColumns.length > 0
    ? { ...constraint, onDeleteColumns: constraint.onDeleteColumns.map(name) }
    : constraint;
}

function renameIn(
  world: World,
  user: Relation | undefined,
  relation: ObjectId,
  name: (column: string) => string,
): void {
  if (user === undefined) return;
  const { policies, rules } = user;
  if (![...policies, ...rules].some(({ uses }) => isUsed(uses, relation))) return;
  change(world, user.id, {
    policies: policies.map((each) => ({ ...each, uses: renameInUses(each.uses, relation, name) })),
    rules: rules.map((each) => ({ ...each, uses: renameInUses(each.uses, relation, name) })),
  });
}
