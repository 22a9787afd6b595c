import type { ClusterStmt, RefreshMatViewStmt, VacuumStmt } from "@pgsql/types";
import { byId, childrenOf, indexesOf, partitionsOf, type Relation } from "../../world/index.ts";
import type { EffectDraft } from "../draft.ts";
import { target } from "../names.ts";
import { predictQuery } from "../query/index.ts";
import { rangeName, strings } from "../../world/nodes.ts";
import { whyUnclusterable } from "./clusterable.ts";
import { isOn } from "./options.ts";

/** New storage for a table or materialized view and for its indexes (cluster.c, finish_heap_swap). */
function rewriteAll(draft: EffectDraft, relation: Relation): void {
  draft.rewrite(relation);
  for (const index of indexesOf(draft.world, relation.id)) {
    draft.lock(index, "AccessExclusive", "index");
    draft.build(relation, index);
  }
}

/** CLUSTER: AccessExclusive and a rewrite in the order of an index (cluster.c). */
export function predictCluster(draft: EffectDraft, statement: ClusterStmt): void {
  if (statement.relation === undefined) {
    draft.fail("in-transaction", "25001", "CLUSTER cannot run inside a transaction block");
    for (const index of draft.world.relations.values()) {
      const table = index.index?.clustered === true && byId(draft.world, index.index.table);
      if (table) clusterTable(draft, table, "other");
    }
    if (!draft.knowsAll) draft.unknown("which tables were clustered before is not all known");
    return;
  }
  const table = target(draft, statement.relation);
  if (table === undefined) return;
  if (table.kind === "partitioned table") {
    if (draft.world.major < 15) {
      draft.fail("always", "0A000", "cannot cluster a partitioned table");
      return;
    }
    draft.fail("in-transaction", "25001", "CLUSTER cannot run inside a transaction block");
  }
  const { indexname: wanted } = statement;
  const index = indexesOf(draft.world, table.id).find(({ name, index: facts }) =>
    wanted === undefined ? facts?.clustered === true : name === wanted,
  );
  if (index === undefined) {
    if (wanted !== undefined) draft.missing(`index "${wanted}" for table "${table.name}"`, "42704");
    else if (draft.knowsAll)
      draft.fail(
        "always",
        "42704",
        `there is no previously clustered index for table "${table.name}"`,
      );
    else
      draft.unknown(
        `whether ${table.name} was clustered before is not known: without, CLUSTER fails`,
      );
    if (draft.knowsAll || wanted !== undefined) return;
  }
  const problem = index && whyUnclusterable(index);
  if (problem !== undefined) draft.fail("always", "0A000", problem);
  clusterTable(draft, table, "self");
}

function clusterTable(draft: EffectDraft, table: Relation, role: "self" | "other"): void {
  for (const each of leavesOf(draft, table)) {
    draft.lock(each, "AccessExclusive", each === table ? role : "partition");
    rewriteAll(draft, each);
  }
}

function leavesOf(draft: EffectDraft, table: Relation): readonly Relation[] {
  if (table.kind !== "partitioned table") return [table];
  return partitionsOf(draft.world, table.id).flatMap((partition) => leavesOf(draft, partition));
}

/** VACUUM and ANALYZE (vacuum.c, analyze.c). */
export function predictVacuum(draft: EffectDraft, statement: VacuumStmt): void {
  const isVacuum = statement.is_vacuumcmd === true;
  const full = isVacuum && isOn(statement.options, "full");
  const analyze = !isVacuum || isOn(statement.options, "analyze");
  if (isVacuum)
    draft.fail("in-transaction", "25001", "VACUUM cannot run inside a transaction block");
  const named = (statement.rels ?? []).flatMap((node) =>
    "VacuumRelation" in node ? [node.VacuumRelation.relation] : [],
  );
  const all = [...draft.world.relations.values()].filter(isStored);
  for (const node of statement.rels ?? []) {
    if (!("VacuumRelation" in node)) continue;
    const { relation: range, va_cols: columns } = node.VacuumRelation;
    const table = range && draft.find(rangeName(range));
    for (const name of strings(columns))
      if (
        table !== undefined &&
        isStored(table) &&
        table.columns.every((column) => column.name !== name)
      )
        draft.missing(`column "${name}" of relation "${table.name}"`, "42703");
  }
  const tables = named.length === 0 ? all : named.flatMap((range) => target(draft, range) ?? []);
  for (const table of tables) {
    if (isVacuum) vacuum(draft, table, full, named.length > 0);
    if (analyze) analyzeTable(draft, table, named.length > 0);
  }
}

function isStored({ kind }: Relation): boolean {
  return kind === "table" || kind === "partitioned table" || kind === "materialized view";
}

function vacuum(draft: EffectDraft, table: Relation, full: boolean, isNamed: boolean): void {
  if (!isStored(table)) return;
  const parts = isNamed ? partsOf(draft, table) : [table];
  for (const part of parts) {
    if (part.kind === "partitioned table") continue;
    const role =
      part === table ? (isNamed ? "self" : "other") : part.partitionOf ? "partition" : "child";
    if (full) {
      draft.lock(part, "AccessExclusive", role);
      rewriteAll(draft, part);
    } else {
      draft.lock(part, "ShareUpdateExclusive", role);
      draft.lockIndexes(part, "RowExclusive");
    }
  }
}

/** Partitions are vacuumed along, since Postgres 18 children of an inheritance parent too (vacuum.c, expand_vacuum_rel). */
function partsOf(draft: EffectDraft, table: Relation): readonly Relation[] {
  if (table.kind === "partitioned table") return leavesOf(draft, table);
  if (draft.world.major < 18) return [table];
  return [table, ...childrenOf(draft.world, table.id).flatMap((child) => partsOf(draft, child))];
}

/** ANALYZE: ShareUpdateExclusive, a sample of rows; children of an inheritance parent alike since Postgres 18. */
function analyzeTable(draft: EffectDraft, table: Relation, isNamed: boolean): void {
  if (!isStored(table)) return;
  draft.lock(table, "ShareUpdateExclusive", isNamed ? "self" : "other");
  if (table.kind !== "partitioned table") draft.lockIndexes(table, "AccessShare");
  if (!isNamed) return;
  for (const child of childrenOf(draft.world, table.id))
    if (child.partitionOf !== undefined) analyzePartition(draft, child);
    else analyzeChild(draft, child);
}

function analyzeChild(draft: EffectDraft, child: Relation): void {
  if (draft.world.major >= 18) {
    draft.lock(child, "ShareUpdateExclusive", "child");
    draft.lockIndexes(child, "AccessShare");
  } else draft.lock(child, "AccessShare", "child");
  for (const below of childrenOf(draft.world, child.id)) analyzeChild(draft, below);
}

function analyzePartition(draft: EffectDraft, partition: Relation): void {
  draft.lock(partition, "ShareUpdateExclusive", "partition");
  if (partition.kind !== "partitioned table") draft.lockIndexes(partition, "AccessShare");
  for (const below of partitionsOf(draft.world, partition.id)) analyzePartition(draft, below);
}

/** REFRESH MATERIALIZED VIEW: new storage under AccessExclusive, or a merge of differences under Exclusive (matview.c). */
export function predictRefresh(draft: EffectDraft, statement: RefreshMatViewStmt): void {
  const view = target(draft, statement.relation);
  if (view === undefined) return;
  const concurrent = statement.concurrent === true;
  if (view.kind !== "materialized view") {
    const what = view.kind === "table" ? "materialized view" : "table or materialized view";
    draft.fail("always", "42809", `"${view.name}" is not a ${what}`);
    return;
  }
  if (concurrent && statement.skipData === true) {
    draft.fail(
      "always",
      "42601",
      "REFRESH options CONCURRENTLY and WITH NO DATA cannot be used together",
    );
    return;
  }
  if (concurrent && view.view?.populated === false) {
    draft.fail(
      "always",
      "0A000",
      "CONCURRENTLY cannot be used when the materialized view is not populated",
    );
    return;
  }
  if (concurrent && !hasRowKey(draft, view)) {
    draft.fail("always", "55000", `cannot refresh materialized view "${view.name}" concurrently`);
    return;
  }
  draft.lock(view, concurrent ? "Exclusive" : "AccessExclusive");
  if (statement.skipData !== true) readSources(draft, view);
  if (concurrent) draft.lockIndexes(view, "RowExclusive");
  else rewriteAll(draft, view);
}

/** A unique index over whole columns and all rows. */
function hasRowKey(draft: EffectDraft, view: Relation): boolean {
  return indexesOf(draft.world, view.id).some(
    ({ index }) =>
      index?.unique === true &&
      index.valid &&
      index.predicate === undefined &&
      index.expressions.length === 0,
  );
}

function readSources(draft: EffectDraft, view: Relation): void {
  for (const { relation } of view.view?.reads ?? []) {
    const source = byId(draft.world, relation);
    if (source === undefined) continue;
    const range = { schemaname: source.schema, relname: source.name, inh: true };
    predictQuery(draft, { RangeVar: range }, "run", "view-source");
  }
}
