import type { TruncateStmt } from "@pgsql/types";
import type { RelationRole } from "../../effect.ts";
import {
  byId,
  childrenOf,
  foreignKeysTo,
  indexesOf,
  sequencesOf,
  type Relation,
  type World,
} from "../../world/index.ts";
import type { EffectDraft } from "../draft.ts";
import { target } from "../names.ts";
import { fireTriggers } from "../query/row-triggers.ts";

/** TRUNCATE: AccessExclusive on the tables, their children, with CASCADE on tables that reference them (tablecmds.c). */
export function predictTruncate(draft: EffectDraft, statement: TruncateStmt): void {
  const tables = new Map<number, { readonly table: Relation; readonly role: RelationRole }>();
  const take = (table: Relation, role: RelationRole, recurse: boolean) => {
    if (tables.has(table.id)) return;
    tables.set(table.id, { table, role });
    if (!recurse) return;
    for (const child of childrenOf(draft.world, table.id))
      take(child, child.partitionOf === undefined ? "child" : "partition", true);
  };
  for (const node of statement.relations ?? []) {
    if (!("RangeVar" in node)) continue;
    const table = target(draft, node.RangeVar);
    if (table === undefined) continue;
    const recurse = node.RangeVar.inh === true;
    if (
      table.kind !== "table" &&
      table.kind !== "partitioned table" &&
      table.kind !== "foreign table"
    ) {
      draft.fail("always", "42809", `"${table.name}" is not a table`);
      continue;
    }
    if (!recurse && table.kind === "partitioned table") {
      draft.fail("always", "42809", "cannot truncate only a partitioned table");
      continue;
    }
    take(table, "self", recurse);
  }
  const cascade = statement.behavior === "DROP_CASCADE";
  for (const { table } of tables.values())
    for (const child of referrersOf(draft.world, table)) {
      if (tables.has(child.id)) continue;
      if (cascade) take(child, "foreign-key-child", true);
      else {
        draft.fail(
          "always",
          "0A000",
          `cannot truncate a table referenced in a foreign key constraint: table "${child.name}" references "${table.name}"`,
        );
        return;
      }
    }
  if (draft.fails) return;
  for (const { table, role } of tables.values()) empty(draft, table, role, statement.restart_seqs);
}

/** Tables with a foreign key to the table, or to the partitioned table that it is a partition of. */
function referrersOf(world: World, table: Relation): readonly Relation[] {
  const above = table.partitionOf && byId(world, table.partitionOf.parent);
  return [
    ...foreignKeysTo(world, table.id),
    ...(above === undefined ? [] : referrersOf(world, above)),
  ];
}

function empty(
  draft: EffectDraft,
  table: Relation,
  role: RelationRole,
  restart: boolean | undefined,
): void {
  draft.lock(table, "AccessExclusive", role);
  fireTriggers({ draft }, table, "truncate");
  if (restart === true)
    for (const sequence of sequencesOf(draft.world, table.id))
      draft.lock(sequence, "AccessExclusive", "sequence");
  // A partitioned table has no storage, and its indexes are left alone.
  if (table.kind !== "table") return;
  draft.rewrite(table, true);
  for (const index of indexesOf(draft.world, table.id)) {
    draft.lock(index, "AccessExclusive", "index");
    draft.build(table, index);
  }
}
