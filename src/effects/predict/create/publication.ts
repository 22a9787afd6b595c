import type { AlterPublicationStmt, CreatePublicationStmt, Node } from "@pgsql/types";
import { childrenOf, type Relation } from "../../world/index.ts";
import type { EffectDraft } from "../draft.ts";
import { isTable, target } from "../names.ts";

/** CREATE PUBLICATION: ShareUpdateExclusive on each table that is listed, and on its children (publicationcmds.c). */
export function predictCreatePublication(
  draft: EffectDraft,
  { pubobjects }: CreatePublicationStmt,
): void {
  lockTables(draft, pubobjects);
}

/** ALTER PUBLICATION: tables added, removed and kept are locked alike. */
export function predictAlterPublication(draft: EffectDraft, statement: AlterPublicationStmt): void {
  lockTables(draft, statement.pubobjects);
  const { action, pubobjects = [], pubname = "" } = statement;
  if (action === "AP_SetObjects" && pubobjects.length > 0)
    draft.unknown(
      `which tables publication ${pubname} has so far is not known: they are locked too`,
    );
}

function lockTables(draft: EffectDraft, objects: readonly Node[] | undefined): void {
  for (const node of objects ?? []) {
    if (!("PublicationObjSpec" in node)) continue;
    const { relation } = node.PublicationObjSpec.pubtable ?? {};
    if (relation === undefined) continue;
    const table = target(draft, relation);
    if (table === undefined) continue;
    if (!isTable(table) || table.kind === "foreign table") {
      draft.fail("always", "22023", `cannot add relation "${table.name}" to publication`);
      continue;
    }
    draft.lock(table, "ShareUpdateExclusive");
    if (relation.inh === true) lockChildren(draft, table);
  }
}

/** Partitions are published through their parent and stay unlocked. */
function lockChildren(draft: EffectDraft, table: Relation): void {
  for (const child of childrenOf(draft.world, table.id)) {
    if (child.partitionOf !== undefined) continue;
    draft.lock(child, "ShareUpdateExclusive", "child");
    lockChildren(draft, child);
  }
}
