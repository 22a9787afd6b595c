import type { ReindexStmt } from "@pgsql/types";
import { byId, indexesOf, indexPartsOf, partitionsOf, type Relation } from "../../world/index.ts";
import type { EffectDraft } from "../draft.ts";
import { target } from "../names.ts";
import { isOn } from "./options.ts";

/**
 * REINDEX: Share on the table and AccessExclusive on the index; with CONCURRENTLY ShareUpdateExclusive on both
 * (indexcmds.c, ReindexIndex, ReindexTable, ReindexRelationConcurrently).
 */
export function predictReindex(draft: EffectDraft, statement: ReindexStmt): void {
  const concurrent = isOn(statement.params, "concurrently");
  if (concurrent)
    draft.fail(
      "in-transaction",
      "25001",
      "REINDEX CONCURRENTLY cannot run inside a transaction block",
    );
  if (statement.kind === "REINDEX_OBJECT_INDEX") reindexNamedIndex(draft, statement, concurrent);
  else if (statement.kind === "REINDEX_OBJECT_TABLE")
    reindexNamedTable(draft, statement, concurrent);
  else reindexMany(draft, statement, concurrent);
}

function reindexNamedIndex(draft: EffectDraft, statement: ReindexStmt, concurrent: boolean): void {
  const index = target(draft, statement.relation);
  if (index === undefined) return;
  if (index.index === undefined) {
    draft.fail("always", "42809", `"${index.name}" is not an index`);
    return;
  }
  if (index.kind === "partitioned index") {
    refuseInTransaction(draft, "REINDEX INDEX");
    const table = byId(draft.world, index.index.table);
    if (table !== undefined)
      draft.lock(table, concurrent ? "ShareUpdateExclusive" : "Share", "other");
  }
  rebuildIndex(draft, index, concurrent, "self");
}

function rebuildIndex(
  draft: EffectDraft,
  index: Relation,
  concurrent: boolean,
  role: "self" | "index",
): void {
  if (index.kind === "partitioned index") {
    for (const part of indexPartsOf(draft.world, index.id))
      rebuildIndex(draft, part, concurrent, "index");
    return;
  }
  const table = byId(draft.world, index.index!.table);
  if (table === undefined) return;
  if (concurrent && isExclusion(table, index)) {
    draft.fail(
      "always",
      "0A000",
      "concurrent index creation for exclusion constraints is not supported",
    );
    return;
  }
  draft.lock(table, concurrent ? "ShareUpdateExclusive" : "Share", "other");
  // The old index is dropped at the end, when nobody uses it any more: that needs AccessExclusive on it.
  draft.lock(index, "AccessExclusive", role);
  buildAgain(draft, table, index, concurrent);
}

/** An exclusion constraint's rows are compared with each other afterwards (index.c, IndexCheckExclusion). */
function buildAgain(
  draft: EffectDraft,
  table: Relation,
  index: Relation,
  concurrent: boolean,
): void {
  draft.build(table, index, concurrent);
  if (isExclusion(table, index)) draft.scan(table);
}

function isExclusion({ constraints }: Relation, { index }: Relation): boolean {
  return constraints.some(({ kind, name }) => kind === "exclusion" && name === index?.constraint);
}

function reindexNamedTable(draft: EffectDraft, statement: ReindexStmt, concurrent: boolean): void {
  const table = target(draft, statement.relation);
  if (table === undefined) return;
  if (
    table.kind !== "table" &&
    table.kind !== "partitioned table" &&
    table.kind !== "materialized view"
  ) {
    draft.fail("always", "42809", `"${table.name}" is not a table or materialized view`);
    return;
  }
  if (table.kind === "partitioned table") refuseInTransaction(draft, "REINDEX TABLE");
  rebuildTable(draft, table, concurrent, "self");
}

function rebuildTable(
  draft: EffectDraft,
  table: Relation,
  concurrent: boolean,
  role: "self" | "partition" | "other",
): void {
  if (table.kind === "partitioned table") {
    draft.lock(table, concurrent ? "ShareUpdateExclusive" : "Share", role);
    for (const partition of partitionsOf(draft.world, table.id)) {
      // All are locked before the first is rebuilt, with CONCURRENTLY too (indexcmds.c, ReindexPartitions).
      draft.lock(partition, "Share", "partition");
      rebuildTable(draft, partition, concurrent, "partition");
    }
    return;
  }
  draft.lock(table, concurrent ? "ShareUpdateExclusive" : "Share", role);
  for (const index of indexesOf(draft.world, table.id)) {
    // Those of exclusion constraints are passed over, with a warning.
    if (concurrent && isExclusion(table, index)) {
      draft.lock(index, "ShareUpdateExclusive", "index");
      continue;
    }
    draft.lock(index, "AccessExclusive", "index");
    buildAgain(draft, table, index, concurrent);
  }
}

/** SCHEMA and DATABASE: each table in a transaction of its own. SYSTEM: catalogs only. */
function reindexMany(draft: EffectDraft, statement: ReindexStmt, concurrent: boolean): void {
  const { kind, name } = statement;
  const word =
    kind === "REINDEX_OBJECT_SCHEMA"
      ? "SCHEMA"
      : kind === "REINDEX_OBJECT_SYSTEM"
        ? "SYSTEM"
        : "DATABASE";
  refuseInTransaction(draft, `REINDEX ${word}`);
  if (word === "SYSTEM") return;
  if (word === "SCHEMA" && name !== undefined && !draft.world.schemas.has(name)) {
    draft.missing(`schema "${name}"`, "3F000");
    return;
  }
  for (const table of draft.world.relations.values())
    if (word === "DATABASE" || table.schema === name)
      if (table.kind === "table" || table.kind === "materialized view")
        rebuildTable(draft, table, concurrent, "other");
}

function refuseInTransaction(draft: EffectDraft, what: string): void {
  draft.fail("in-transaction", "25001", `${what} cannot run inside a transaction block`);
}
