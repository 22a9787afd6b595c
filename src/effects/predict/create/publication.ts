import type { AlterPublicationStmt, CreatePublicationStmt, Node } from "@pgsql/types";
import { childrenOf, type Publication, type Relation } from "../../world/index.ts";
import type { EffectDraft } from "../draft.ts";
import { isTable, target } from "../names.ts";

/** CREATE PUBLICATION: ShareUpdateExclusive on each table that is listed, and on its children (publicationcmds.c). */
export function predictCreatePublication(
  draft: EffectDraft,
  { pubname = "", pubobjects }: CreatePublicationStmt,
): void {
  if (draft.world.publications.has(pubname))
    draft.fail("always", "42710", `publication "${pubname}" already exists`);
  else lockTables(draft, pubobjects);
}

/** ALTER PUBLICATION: tables added, removed and kept are locked alike; SET removes all that it does not name. */
export function predictAlterPublication(draft: EffectDraft, statement: AlterPublicationStmt): void {
  const { action, pubobjects = [], pubname = "" } = statement;
  const publication = draft.world.publications.get(pubname);
  if (publication === undefined) {
    draft.missing(`publication "${pubname}"`, "42704");
    return;
  }
  if (pubobjects.length === 0) return;
  if (publication.allTables) {
    draft.fail("always", "55000", `publication "${pubname}" is defined as FOR ALL TABLES`);
    return;
  }
  const tables = lockTables(draft, pubobjects);
  if (action === "AP_SetObjects") lockPublished(draft, publication);
  else refuseTables(draft, publication, tables, action === "AP_AddObjects");
}

/** A table that is to be added must not be in it, one that is to be taken out must. */
function refuseTables(
  draft: EffectDraft,
  { name }: Publication,
  tables: readonly Relation[],
  isAdd: boolean,
): void {
  for (const table of tables) {
    const isIn = table.publications.some(({ publication }) => publication === name);
    if (isAdd && isIn)
      draft.fail(
        "always",
        "42710",
        `relation "${table.name}" is already member of publication "${name}"`,
      );
    if (!isAdd && !isIn)
      draft.missing(`relation "${table.name}" as part of the publication`, "42704");
  }
}

function lockPublished(draft: EffectDraft, { name }: Publication): void {
  for (const table of draft.world.relations.values())
    if (table.publications.some(({ publication }) => publication === name))
      draft.lock(table, "ShareUpdateExclusive", "other");
}

/** Locks the tables that are named; returns them. */
function lockTables(draft: EffectDraft, objects: readonly Node[] | undefined): readonly Relation[] {
  const found: Relation[] = [];
  for (const node of objects ?? []) {
    if (!("PublicationObjSpec" in node)) continue;
    const { relation } = node.PublicationObjSpec.pubtable ?? {};
    if (relation === undefined) continue;
    const table = target(draft, relation);
    if (table === undefined) continue;
    // What is not written to the WAL cannot be published (pg_publication.c, check_publication_add_relation).
    if (!isTable(table) || table.kind === "foreign table" || table.persistence !== "permanent") {
      draft.fail("always", "22023", `cannot add relation "${table.name}" to publication`);
      continue;
    }
    found.push(table);
    draft.lock(table, "ShareUpdateExclusive");
    if (relation.inh === true) lockChildren(draft, table);
  }
  return found;
}

/** Partitions are published through their parent and stay unlocked. */
function lockChildren(draft: EffectDraft, table: Relation): void {
  for (const child of childrenOf(draft.world, table.id)) {
    if (child.partitionOf !== undefined) continue;
    draft.lock(child, "ShareUpdateExclusive", "child");
    lockChildren(draft, child);
  }
}
