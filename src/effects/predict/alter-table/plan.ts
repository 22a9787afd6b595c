import type { Constraint } from "@pgsql/types";
import type { RelationRole } from "../../effect.ts";
import { noEffect } from "../../effect.ts";
import type { LockMode } from "../../lock-modes.ts";
import { childrenOf, indexesOf, relationName } from "../../world/index.ts";
import type { ObjectId, Relation, World, WorldColumn, WorldConstraint } from "../../world/index.ts";
import { EffectDraft } from "../draft.ts";
import type { PredictInput } from "../input.ts";

/** What one ALTER TABLE does to one table, while it is worked out: the entry of tablecmds.c's work queue. */
export interface TableChange {
  readonly relation: Relation;
  /** As they are after the subcommands seen so far. */
  columns: WorldColumn[];
  constraints: WorldConstraint[];
  /** What it inherits from. */
  parents: readonly ObjectId[];
  /** Every row is to be written again. */
  rewrite: boolean;
  /** Every row is to be checked against a new constraint. */
  verify: boolean;
  /** Columns that got another type, with or without a rewrite. */
  readonly retyped: Set<string>;
  /** Columns that this statement adds. */
  readonly added: Set<string>;
  /** What is said of the whole table once at the most. */
  readonly replaced: Set<"access method" | "persistence" | "tablespace">;
  /** Indexes that are gone. */
  readonly dropped: Set<ObjectId>;
  /** Indexes that are dropped and made again for a change of type, decided on when it is known whether rows are rewritten. */
  readonly remade: Map<ObjectId, Relation>;
  /** Names of new indexes. */
  readonly built: string[];
}

/** Foreign keys whose rows are to be looked up when all catalogs are changed. */
export interface ForeignKeyCheck {
  readonly child: Relation;
  readonly parent: Relation;
}

interface LaterConstraint {
  readonly constraint: Constraint;
  readonly add: () => void;
}

/** One ALTER TABLE while it is worked out. */
export interface Plan {
  readonly draft: EffectDraft;
  readonly world: World;
  readonly major: number;
  readonly statement: PredictInput["statement"];
  readonly searchPath: readonly string[];
  /** The lock that the statement takes on the table that it names and on what it recurses to. */
  readonly mode: LockMode;
  readonly tables: Map<ObjectId, TableChange>;
  readonly checks: ForeignKeyCheck[];
  /** Constraints written behind new columns, which come in the passes of their kinds. */
  readonly later: LaterConstraint[];
  /** Views that were dropped along. */
  readonly gone: Set<ObjectId>;
}

/** An empty draft. Nothing that is altered runs another statement, so none is ever predicted within it. */
export function startDraft(input: PredictInput): EffectDraft {
  return new EffectDraft(input, () => noEffect);
}

export function startPlan(input: PredictInput, mode: LockMode): Plan {
  const draft = startDraft(input);
  const { world, statement } = input;
  const { searchPath } = draft;
  const { major } = world;
  return {
    draft,
    world,
    major,
    statement,
    searchPath,
    mode,
    tables: new Map(),
    checks: [],
    later: [],
    gone: new Set(),
  };
}

/** The entry of a table, made on first use. */
export function changeOf(plan: Plan, relation: Relation): TableChange {
  const known = plan.tables.get(relation.id);
  if (known !== undefined) return known;
  const made: TableChange = {
    relation,
    columns: [...relation.columns],
    constraints: [...relation.constraints],
    parents: relation.inherits,
    rewrite: false,
    verify: false,
    retyped: new Set(),
    added: new Set(),
    replaced: new Set(),
    dropped: new Set(),
    remade: new Map(),
    built: [],
  };
  plan.tables.set(relation.id, made);
  return made;
}

/** The statement cannot succeed. */
export function refuse(plan: Plan, sqlState: string, message: string): void {
  plan.draft.fail("always", sqlState, message);
}

/** The statement fails when a row of `relation` says so. Tables of the file itself hold what the file puts there. */
export function mayFail(plan: Plan, sqlState: string, message: string, relation: Relation): void {
  if (plan.draft.existing.has(relation.id)) plan.draft.fail("on-rows", sqlState, message, relation);
}

/** What is done with the rows of `relation` is not known; of no interest for tables of the file itself. */
export function unsure(plan: Plan, relation: Relation, reason: string): void {
  if (plan.draft.existing.has(relation.id)) plan.draft.unknown(reason);
}

/** The column as the subcommands before have left it; when it is not there the statement fails. */
export function columnOf(plan: Plan, change: TableChange, name: string): WorldColumn | undefined {
  const column = change.columns.find((candidate) => candidate.name === name);
  if (column === undefined)
    plan.draft.missing(`column "${name}" of relation "${change.relation.name}"`, "42703");
  return column;
}

export function replaceColumn(change: TableChange, column: WorldColumn): void {
  change.columns = change.columns.map((old) => (old.name === column.name ? column : old));
}

/** True for relations whose rows are kept here. */
export function hasRows({ kind }: Relation): boolean {
  return kind === "table" || kind === "materialized view";
}

export function roleOfChild(child: Relation): RelationRole {
  if (child.partitionOf === undefined) return "child";
  return child.partitionOf.isDefault ? "default-partition" : "partition";
}

/** Partitions and inheriting tables of all levels, each once (pg_inherits.c, find_all_inheritors). */
export function descendantsOf(world: World, relation: Relation): Relation[] {
  const found = new Map<ObjectId, Relation>();
  const visit = ({ id }: Relation): void => {
    for (const child of childrenOf(world, id)) {
      if (found.has(child.id)) continue;
      found.set(child.id, child);
      visit(child);
    }
  };
  visit(relation);
  return [...found.values()];
}

/** Tables that hold the rows of a relation: itself, or the partitions of a partitioned table. */
export function leavesOf(world: World, relation: Relation): Relation[] {
  if (relation.kind !== "partitioned table") return [relation];
  return descendantsOf(world, relation).filter(hasRows);
}

/** The descendants, locked as the statement locks the table itself. */
export function lockDescendants(plan: Plan, relation: Relation): Relation[] {
  const found = descendantsOf(plan.world, relation);
  for (const child of found) plan.draft.lock(child, plan.mode, roleOfChild(child));
  return found;
}

/** Indexes of the table that the statement has not dropped. */
export function remainingIndexes(plan: Plan, change: TableChange): readonly Relation[] {
  return indexesOf(plan.world, change.relation.id).filter(({ id }) => !change.dropped.has(id));
}

/** Puts a foreign-key check into the effect, with the locks of the query that does it (ri_triggers.c, RI_Initial_Check). */
export function checkForeignKey(plan: Plan, { child, parent }: ForeignKeyCheck): void {
  const { draft, world } = plan;
  // Rows of tables that inherit from the parent are no keys (ri_triggers.c, RI_Initial_Check: ONLY).
  const parts = parent.kind === "partitioned table" ? descendantsOf(world, parent) : [];
  const involved = [child, parent, ...parts];
  for (const relation of involved) {
    if (relation !== child && relation !== parent)
      draft.lock(relation, "AccessShare", roleOfChild(relation));
    // A partitioned child is checked partition by partition and not queried itself.
    if (relation === child && child.kind === "partitioned table") continue;
    const change = plan.tables.get(relation.id);
    for (const index of indexesOf(world, relation.id)) {
      // Before 16 the planner did not open the indexes of a partitioned table (plancat.c, get_relation_info).
      if (index.kind === "partitioned index" && plan.major < 16) continue;
      if (change?.dropped.has(index.id)) continue;
      draft.lock(index, "AccessShare", "index");
    }
  }
  if (!draft.existing.has(child.id)) return;
  draft.add({
    ...noEffect,
    work: [
      {
        kind: "foreign-key-check",
        relation: relationName(child),
        parent: relationName(parent),
      },
    ],
  });
}
