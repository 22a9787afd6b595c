import type { Node } from "@pgsql/types";
import type { RelationRole } from "../../effect.ts";
import type { LockMode } from "../../lock-modes.ts";
import { byId, childrenOf, indexesOf, type Relation } from "../../world/index.ts";
import type { EffectDraft } from "../draft.ts";
import { partitionRole } from "../names.ts";
import { comparisons } from "./conditions.ts";
import { partitionsFor } from "./pruning.ts";

/**
 * The locks that planning takes for a table in a query, beyond the one on its name: on its indexes (plancat.c,
 * get_relation_info; those of a partitioned table since Postgres 16) and, unless ONLY, on children and on the partitions
 * that constants in `where` leave (inherit.c), each in the same mode.
 */
export function planTable(
  draft: EffectDraft,
  relation: Relation,
  mode: LockMode,
  options: { readonly only: boolean; readonly where?: Node | undefined },
): readonly Relation[] {
  const planned: Relation[] = [];
  const plan = (table: Relation, role: RelationRole | undefined) => {
    planned.push(table);
    if (role !== undefined) draft.lock(table, mode, role);
    else if (table.kind === "partitioned table") lockParents(draft, table);
    for (const index of indexesOf(draft.world, table.id))
      if (index.kind === "index" || options.only || draft.world.major >= 16)
        draft.lock(index, mode, "index");
    if (options.only) return;
    const isPartitioned = table.kind === "partitioned table";
    const next = isPartitioned
      ? partitionsFor(draft.world, table, comparisons(options.where))
      : childrenOf(draft.world, table.id);
    for (const child of next) plan(child, isPartitioned ? partitionRole(child) : "child");
  };
  plan(relation, undefined);
  return planned;
}

/** The constraint of a partition that has partitions itself is made from its parents' (plancat.c, set_baserel_partition_constraint). */
function lockParents(draft: EffectDraft, { partitionOf }: Relation): void {
  const parent = partitionOf && byId(draft.world, partitionOf.parent);
  if (parent === undefined) return;
  draft.lock(parent, "AccessShare", "partition-parent");
  lockParents(draft, parent);
}
