import { referrersOf } from "../lookup.ts";
import type { ObjectId, Relation, World } from "../model.ts";
import { isUsed } from "../query/uses.ts";
import { change } from "./context.ts";

/**
 * Takes out the policies, rewrite rules, triggers and entries in publications, of any table, that cannot be without a
 * relation or, where it is given, a column of it.
 */
export function dropUsers(world: World, id: ObjectId, column?: string): void {
  for (const user of referrersOf(world, id)) dropIn(world, user, id, column);
}

/** As `dropUsers`, on the relation itself: what names the column. */
export function dropOwnUsers(world: World, relation: Relation, column: string): void {
  dropIn(world, relation, relation.id, column);
  const { triggers, publications } = relation;
  const named = triggers.filter(
    ({ updateOf, when }) => !updateOf.includes(column) && !when.includes(column),
  );
  if (named.length < triggers.length) change(world, relation.id, { triggers: named });
  const published = publications.filter(
    ({ columns, filter }) =>
      columns?.includes(column) !== true && filter?.includes(column) !== true,
  );
  if (published.length < publications.length)
    change(world, relation.id, { publications: published });
}

function dropIn(world: World, user: Relation, id: ObjectId, column: string | undefined): void {
  const policies = user.policies.filter(({ uses }) => !isUsed(uses, id, column));
  const rules = user.rules.filter(({ uses }) => !isUsed(uses, id, column));
  const triggers = user.triggers.filter(({ from }) => column !== undefined || from !== id);
  if (policies.length < user.policies.length) change(world, user.id, { policies });
  if (rules.length < user.rules.length) change(world, user.id, { rules });
  if (triggers.length < user.triggers.length) change(world, user.id, { triggers });
}
