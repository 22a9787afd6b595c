import { byId, childrenOf, type Relation, type WorldConstraint } from "../../world/index.ts";
import { hasOtherSource, isCopyOf } from "../../world/inherited.ts";
import { changeOf, roleOfChild, type Plan } from "./plan.ts";

/**
 * The children are looked up, and locked, with ONLY too: the constraint becomes their own. Theirs are gone on from where
 * the constraint goes, not where it stays: as the child's own, or as another parent's (tablecmds.c,
 * dropconstraint_internal).
 */
export function dropFromChildren(
  plan: Plan,
  relation: Relation,
  constraint: WorldConstraint,
  recurse: boolean,
): void {
  if (constraint.noInherit) return;
  for (const child of childrenOf(plan.world, relation.id)) {
    plan.draft.lock(child, plan.mode, roleOfChild(child));
    const entry = changeOf(plan, child);
    const copy = entry.constraints.find((candidate) => isCopyOf(candidate, constraint));
    if (copy === undefined) continue;
    const inherited = hasOtherSource(child, copy, relation.id, (id) => {
      const parent = byId(plan.world, id);
      return parent === undefined ? [] : changeOf(plan, parent).constraints;
    });
    const local = copy.local || (!recurse && !inherited);
    const stays = local || inherited;
    entry.constraints = entry.constraints.flatMap((candidate) =>
      candidate !== copy ? candidate : stays ? { ...copy, inherited, local } : [],
    );
    if (stays) continue;
    if (copy.kind === "not-null")
      entry.columns = entry.columns.map((column) =>
        column.name === copy.column ? { ...column, notNull: false } : column,
      );
    dropFromChildren(plan, child, copy, true);
  }
}
