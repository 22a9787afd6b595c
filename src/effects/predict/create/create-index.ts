import type { IndexElem, IndexStmt, Node } from "@pgsql/types";
import { qualifiedName, type QualifiedName } from "../../../sql/index.ts";
import {
  byId,
  columnsIn,
  overlayWorld,
  fold,
  indexesOf,
  partitionsOf,
  relationName,
  volatilityOf,
  walk,
  type Relation,
  type World,
} from "../../world/index.ts";
import { chosenName, indexDefinition, sameIndex } from "../../world/fold/indexes.ts";
import { refuseMissingAccessMethod, refuseMissingTablespace } from "../access.ts";
import type { EffectDraft } from "../draft.ts";
import { refuseUnclassed } from "../key-types.ts";
import { partitionRole, target } from "../names.ts";
import { predictQuery } from "../query/index.ts";

/** CREATE INDEX: Share on the table and its partitions, ShareUpdateExclusive with CONCURRENTLY (indexcmds.c). */
export function predictCreateIndex(draft: EffectDraft, statement: IndexStmt): void {
  const concurrent = statement.concurrent === true;
  if (concurrent)
    draft.fail(
      "in-transaction",
      "25001",
      "CREATE INDEX CONCURRENTLY cannot run inside a transaction block",
    );
  const table = target(draft, statement.relation);
  if (table === undefined) return;
  const isPartitioned = table.kind === "partitioned table";
  if (!isPartitioned && table.kind !== "table" && table.kind !== "materialized view") {
    draft.fail("always", "42809", `cannot create index on relation "${table.name}"`);
    return;
  }
  const keys = keysOf(statement);
  if (!columnsExist(draft, table, statement, keys)) return;
  refuseMissingTablespace(draft, statement.tableSpace);
  refuseMissingAccessMethod(draft, statement.accessMethod);
  if (draft.fails) return;
  draft.lock(table, concurrent ? "ShareUpdateExclusive" : "Share");
  const name = statement.idxname;
  if (isPartitioned && concurrent) {
    draft.fail(
      "always",
      "0A000",
      `cannot create index on partitioned table "${table.name}" concurrently`,
    );
    return;
  }
  // Partitions are locked before anything is looked at (utility.c), and the name comes last (index.c, index_create).
  if (statement.relation?.inh === true) lockPartitions(draft, table);
  if (!isAllowed(draft, table, statement, keys)) return;
  const there = name === undefined ? undefined : draft.find({ schema: table.schema, name });
  if (there !== undefined) {
    if (statement.if_not_exists !== true)
      draft.fail("always", "42P07", `relation "${there.name}" already exists`);
    return;
  }
  const index = (plain: string) => qualifiedName(table.schema, plain);
  const expressions = [...keys.flatMap(({ expr }) => expr ?? []), ...predicates(statement)];
  buildOn(draft, table, statement, {
    concurrent,
    expressions,
    nameOn:
      name === undefined || isPartitioned
        ? chosenNames(draft, table, statement)
        : () => index(name),
  });
  if (statement.unique === true)
    draft.fail(
      "on-rows",
      "23505",
      `could not create unique index ${name === undefined ? `on "${table.name}"` : `"${name}"`}`,
      table,
    );
}

function keysOf({ indexParams = [] }: IndexStmt): readonly IndexElem[] {
  return indexParams.flatMap((node) => ("IndexElem" in node ? [node.IndexElem] : []));
}

function predicates({ whereClause }: IndexStmt): readonly Node[] {
  return whereClause === undefined ? [] : [whereClause];
}

function columnsExist(
  draft: EffectDraft,
  table: Relation,
  statement: IndexStmt,
  keys: readonly IndexElem[],
): boolean {
  const include = (statement.indexIncludingParams ?? []).flatMap((node) =>
    "IndexElem" in node ? (node.IndexElem.name ?? []) : [],
  );
  const used = [
    ...keys.flatMap(({ name, expr }) => name ?? columnsIn(expr)),
    ...columnsIn(statement.whereClause),
    ...include,
  ];
  const known = new Set([...table.columns.map(({ name }) => name), "*", table.name, "ctid"]);
  const missing = used.find((name) => !known.has(name));
  if (missing === undefined) return true;
  draft.missing(`column "${missing}"`, "42703");
  return false;
}

/** Rules of CREATE INDEX that the catalog decides. */
function isAllowed(
  draft: EffectDraft,
  table: Relation,
  statement: IndexStmt,
  keys: readonly IndexElem[],
): boolean {
  const { world, searchPath } = draft;
  for (const [place, node] of [
    ...keys.flatMap(({ expr }) => (expr === undefined ? [] : [["expression", expr] as const])),
    ...predicates(statement).map((node) => ["predicate", node] as const),
  ]) {
    const volatility = volatilityOf(node, world, searchPath, table);
    if (volatility === "unknown")
      draft.unknown(`whether functions in the index ${place} are immutable is not known`);
    else if (volatility !== "immutable") {
      draft.fail("always", "42P17", `functions in index ${place} must be marked IMMUTABLE`);
      return false;
    }
  }
  const typeOf = (name: string) => table.columns.find((column) => column.name === name)?.type;
  if (refuseUnclassed(draft, statement.accessMethod ?? "btree", keys, typeOf)) return false;
  const used = [
    ...keys.flatMap(({ name, expr }) => (name === undefined ? columnsIn(expr) : [name])),
    ...predicates(statement).flatMap(columnsIn),
    ...(statement.indexIncludingParams ?? []).flatMap((node) =>
      "IndexElem" in node ? (node.IndexElem.name ?? []) : [],
    ),
  ];
  if (
    table.columns.some(
      ({ name, generated }) => generated?.kind === "virtual" && used.includes(name),
    )
  ) {
    draft.fail("always", "0A000", "indexes on virtual generated columns are not supported");
    return false;
  }
  const columns = keys.flatMap(({ name }) => name ?? []);
  const made = [table, ...(statement.relation?.inh === true ? partitionsBelow(world, table) : [])];
  const fits = made.every(({ partitioning }) =>
    (partitioning?.columns ?? []).every((column) => columns.includes(column)),
  );
  if (statement.unique !== true || fits) return true;
  draft.fail(
    "always",
    "0A000",
    "unique constraint on partitioned table must include all partitioning columns",
  );
  return false;
}

function lockPartitions(draft: EffectDraft, table: Relation): void {
  for (const partition of partitionsBelow(draft.world, table))
    draft.lock(partition, "Share", partitionRole(partition));
}

/** Partitions of all levels: a unique index has to hold the keys of those that are partitioned themselves. */
function partitionsBelow(world: World, table: Relation): readonly Relation[] {
  return partitionsOf(world, table.id).flatMap((one) => [one, ...partitionsBelow(world, one)]);
}

interface Build {
  /** Name of the new index of a table. */
  readonly nameOn: (table: Relation) => QualifiedName | undefined;
  readonly concurrent: boolean;
  readonly expressions: readonly Node[];
}

/** The index of a partitioned table is one for each partition, unless ONLY or an index that fits is there. */
function buildOn(draft: EffectDraft, table: Relation, statement: IndexStmt, build: Build): void {
  if (table.kind !== "partitioned table") {
    draft.build(table, build.nameOn(table), build.concurrent);
    let calls = false;
    walk(build.expressions, (node) => {
      if ("FuncCall" in node) calls = true;
    });
    if (calls) predictQuery(draft, build.expressions, "run");
    return;
  }
  if (statement.relation?.inh !== true) return;
  for (const partition of partitionsOf(draft.world, table.id)) {
    if (partition.kind === "foreign table") {
      if (statement.unique === true)
        draft.fail(
          "always",
          "42809",
          `cannot create unique index on partitioned table "${table.name}"`,
        );
      continue;
    }
    const fitting = fittingIndex(draft, partition, statement);
    if (fitting === undefined) buildOn(draft, partition, statement, build);
    else draft.lock(fitting, "Share", "index");
  }
}

/** The names that Postgres chooses, as they are after the statement. */
function chosenNames(draft: EffectDraft, table: Relation, statement: IndexStmt): Build["nameOn"] {
  if (table.kind !== "partitioned table") {
    const name = chosenName(draft, table, statement);
    return () => name;
  }
  const after = overlayWorld(draft.world);
  fold({ node: { IndexStmt: statement } }, after, { searchPath: draft.searchPath });
  return (table) => {
    const made = indexesOf(after, table.id).find(({ id }) => byId(draft.world, id) === undefined);
    return made === undefined ? undefined : relationName(made);
  };
}

function fittingIndex(
  draft: EffectDraft,
  partition: Relation,
  statement: IndexStmt,
): Relation | undefined {
  const definition = indexDefinition(statement, partition);
  return indexesOf(draft.world, partition.id).find(({ index }) => {
    if (index === undefined || index.partOf !== undefined || !index.valid) return false;
    return sameIndex(index, { ...index, ...definition });
  });
}
