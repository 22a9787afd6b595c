import type { RelationRole } from "../../effect.ts";
import {
  byId,
  childrenOf,
  columnsIn,
  findType,
  foreignKeysTo,
  indexesOf,
  indexPartsOf,
  isUsed,
  partitionsOf,
  referrersOf,
  relationName,
  sequencesOf,
  viewsOf,
  type Relation,
  type TypeUse,
  type WorldColumn,
} from "../../world/index.ts";
import { walk } from "../../world/expressions.ts";
import { dottedName, strings } from "../../world/nodes.ts";
import { sequencesNamed } from "../../world/sequence-calls.ts";
import type { EffectDraft } from "../draft.ts";

/**
 * What goes with the objects that a DROP names, as dependency.c finds it: parts of an object always, others only with
 * CASCADE. Locks are noted while it is found out; everything that is dropped or loses a part is locked in AccessExclusive.
 */
export class DropClosure {
  readonly #draft: EffectDraft;
  readonly #cascade: boolean;
  readonly #roots: ReadonlySet<number>;
  readonly #dropped = new Set<number>();
  readonly #droppedColumns = new Set<string>();
  #refused: string | undefined;

  /** @param roots relations that the statement itself names */
  constructor(draft: EffectDraft, cascade: boolean, roots: readonly Relation[] = []) {
    this.#draft = draft;
    this.#cascade = cascade;
    this.#roots = new Set(roots.map(({ id }) => id));
  }

  /** Notes the failure when something that is not named stands in the way without CASCADE. */
  finish(what: string): void {
    if (this.#refused !== undefined)
      this.#draft.fail(
        "always",
        "2BP01",
        `cannot drop ${what} because other objects depend on it: ${this.#refused}`,
      );
  }

  relation(relation: Relation, role: RelationRole = "self"): void {
    if (this.#dropped.has(relation.id)) return;
    this.#dropped.add(relation.id);
    this.#draft.lock(relation, "AccessExclusive", role);
    if (relation.index !== undefined) {
      this.#index(relation);
      return;
    }
    this.#parts(relation);
    this.#dependents(relation);
  }

  /** An index goes with those of the partitions that belong to it; its table is locked too (index.c, index_drop). */
  #index(relation: Relation): void {
    const { world } = this.#draft;
    const table = byId(world, relation.index!.table);
    if (table !== undefined && !this.#dropped.has(table.id))
      this.#draft.lock(table, "AccessExclusive", "other");
    for (const part of indexPartsOf(world, relation.id)) this.relation(part, "index");
    for (const child of table === undefined ? [] : foreignKeysTo(world, table.id))
      for (const constraint of child.constraints)
        if (
          constraint.kind === "foreign-key" &&
          constraint.references.table === table!.id &&
          sameColumns(relation.index!.columns, constraint.references.columns) &&
          !this.#dropped.has(child.id) &&
          this.#isOnlyKey(table!, relation)
        )
          this.#dependent(`constraint ${constraint.name} on table ${child.name}`, () =>
            this.#loses(child, "foreign-key-child"),
          );
  }

  /** False when another unique index of the same columns may be the one that the foreign key uses. */
  #isOnlyKey(table: Relation, index: Relation): boolean {
    return !indexesOf(this.#draft.world, table.id).some(
      (other) =>
        other.id !== index.id &&
        other.index?.unique === true &&
        sameColumns(other.index.columns, index.index!.columns),
    );
  }

  /** What a relation is made of, and what is locked because a part of it stands elsewhere. */
  #parts(relation: Relation): void {
    const { world } = this.#draft;
    for (const index of indexesOf(world, relation.id)) {
      this.#dropped.add(index.id);
      this.#draft.lock(index, "AccessExclusive", "index");
    }
    for (const partition of partitionsOf(world, relation.id)) this.relation(partition, "partition");
    for (const sequence of sequencesOf(world, relation.id)) this.relation(sequence, "sequence");
    // A foreign key that a partition has from its parent has no triggers of its own on the referenced table.
    for (const constraint of relation.constraints)
      if (constraint.kind === "foreign-key" && !constraint.inherited)
        this.#unreference(constraint.references.table);
    const parent = relation.partitionOf && byId(world, relation.partitionOf.parent);
    if (parent !== undefined && !this.#dropped.has(parent.id)) {
      this.#draft.lock(parent, "AccessExclusive", "partition-parent");
      // The default partition takes in rows of what is gone: its constraint changes (heap.c, heap_drop_with_catalog).
      for (const other of partitionsOf(world, parent.id))
        if (other.partitionOf?.isDefault === true && other.id !== relation.id)
          this.#draft.lock(other, "AccessExclusive", "default-partition");
    }
  }

  /** Triggers of a foreign key stand on the referenced table, and on its partitions. */
  #unreference(id: number): void {
    const parent = byId(this.#draft.world, id);
    if (parent === undefined || this.#dropped.has(id)) return;
    // Until 14 only the partitions at the bottom have triggers of the key.
    if (parent.kind !== "partitioned table" || this.#draft.world.major >= 15)
      this.#draft.lock(parent, "AccessExclusive", "foreign-key-parent");
    for (const partition of partitionsOf(this.#draft.world, id)) this.#unreference(partition.id);
  }

  #dependents(relation: Relation): void {
    const { world } = this.#draft;
    for (const child of childrenOf(world, relation.id))
      if (child.partitionOf === undefined)
        this.#dependent(`table ${child.name}`, () => this.relation(child, "child"), child);
    for (const child of foreignKeysTo(world, relation.id))
      if (child.id !== relation.id && child.partitionOf === undefined)
        this.#dependent(
          `a foreign key of table ${child.name}`,
          () => this.#loses(child, "foreign-key-child"),
          child,
        );
    this.#keysToParents(relation);
    this.#usersOf(relation);
    for (const view of viewsOf(world, relation.id))
      this.#dependent(`${view.kind} ${view.name}`, () => this.relation(view, "dependent"), view);
    if (relation.kind === "sequence") this.#usersOfSequence(relation);
    else if (relation.kind !== "composite type")
      this.type({ schema: relation.schema, name: relation.name });
  }

  /** Policies, rules and triggers of other tables, and typed tables; those that use a column where one is given. */
  #usersOf(relation: Relation, column?: string): void {
    for (const table of referrersOf(this.#draft.world, relation.id)) {
      const loses = () => this.#loses(table, "dependent");
      for (const { name, uses } of table.policies)
        if (isUsed(uses, relation.id, column))
          this.#dependent(`policy ${name} on table ${table.name}`, loses, table);
      for (const { name, uses } of table.rules)
        if (isUsed(uses, relation.id, column))
          this.#dependent(`rule ${name} on table ${table.name}`, loses, table);
      if (column !== undefined) continue;
      // A constraint trigger goes with the table after FROM, CASCADE or not (trigger.c, CreateTrigger: DEPENDENCY_AUTO).
      if (table.triggers.some(({ from }) => from === relation.id) && !this.#dropped.has(table.id))
        loses();
      if (table.ofType === relation.id)
        this.#dependent(`table ${table.name}`, () => this.relation(table, "dependent"), table);
    }
  }

  /** A foreign key that references a partitioned table depends on each of its partitions, and goes as a whole. */
  #keysToParents({ partitionOf }: Relation): void {
    const { world } = this.#draft;
    const parent = partitionOf && byId(world, partitionOf.parent);
    if (parent === undefined || this.#dropped.has(parent.id)) return;
    for (const child of foreignKeysTo(world, parent.id))
      if (child.partitionOf === undefined)
        this.#dependent(
          `a foreign key of table ${child.name}`,
          () => {
            this.#loses(child, "foreign-key-child");
            this.#unreference(parent.id);
          },
          child,
        );
    this.#keysToParents(parent);
  }

  #usersOfSequence(sequence: Relation): void {
    const owner = sequence.ownedBy;
    for (const table of this.#draft.world.relations.values())
      for (const column of table.columns) {
        if (!usesSequence(this.#draft, column, sequence)) continue;
        if (this.#dropped.has(table.id)) continue;
        const drop = () => this.#loses(table, "dependent");
        this.#dependent(`default value for column ${column.name} of table ${table.name}`, drop);
      }
    const goesToo =
      owner !== undefined && (this.#dropped.has(owner.table) || this.#roots.has(owner.table));
    if (owner === undefined || goesToo) return;
    const table = byId(this.#draft.world, owner.table);
    const column = table?.columns.find(({ name }) => name === owner.column);
    if (column?.identity !== undefined)
      this.#draft.fail(
        "always",
        "2BP01",
        `cannot drop sequence ${sequence.name} because column ${owner.column} of table ${table!.name} requires it`,
      );
  }

  /** A type goes: columns of it go, and domains over it, and functions that take or give it. */
  type(type: { readonly schema: string; readonly name: string }): void {
    const { world } = this.#draft;
    const is = (use: TypeUse | undefined) => use?.schema === type.schema && use.name === type.name;
    for (const table of world.relations.values())
      for (const column of table.columns)
        if (is(column.type) && !this.#dropped.has(table.id))
          this.#dependent(`column ${column.name} of table ${table.name}`, () =>
            this.column(table, column.name),
          );
    for (const domain of world.types.values())
      if (is(domain.domain?.base)) this.#dependent(`type ${domain.name}`, () => this.type(domain));
    for (const routines of world.routines.values())
      for (const routine of routines)
        if (routine.arguments.some(is) || is(routine.returns))
          this.#dependent(`${routine.kind} ${routine.name}`, () =>
            this.routine(relationName(routine), routine.name),
          );
  }

  /** A column goes with its indexes, constraints and the views that read it. */
  column(table: Relation, name: string): void {
    const key = `${table.id}.${name}`;
    if (this.#droppedColumns.has(key)) return;
    this.#droppedColumns.add(key);
    const { world } = this.#draft;
    this.#draft.lock(table, "AccessExclusive", "dependent");
    for (const child of childrenOf(world, table.id)) this.column(child, name);
    for (const index of indexesOf(world, table.id)) {
      const { columns, include, expressions, predicate } = index.index!;
      const within = [...expressions, predicate].flatMap(columnsIn);
      if ([...columns, ...include, ...within].includes(name)) this.relation(index, "index");
    }
    for (const constraint of table.constraints)
      if (constraint.kind === "foreign-key" && constraint.columns.includes(name))
        this.#unreference(constraint.references.table);
    for (const sequence of sequencesOf(world, table.id))
      if (sequence.ownedBy?.column === name) this.relation(sequence, "sequence");
    this.#usersOf(table, name);
    for (const { name: trigger, updateOf, when } of table.triggers)
      if (updateOf.includes(name) || when.includes(name))
        this.#dependent(`trigger ${trigger} on table ${table.name}`, () =>
          this.#loses(table, "dependent"),
        );
    for (const view of viewsOf(world, table.id)) {
      const read = view.view!.reads.find(({ relation }) => relation === table.id);
      if (read?.columns.includes(name) === true || read?.columns.includes("*") === true)
        this.#dependent(`${view.kind} ${view.name}`, () => this.relation(view, "dependent"), view);
    }
  }

  /** A routine goes: triggers, defaults, generated columns, checks, indexes, views and partition keys that call it depend on it. */
  routine(qualified: string, name: string): void {
    const calls = (tree: unknown) => callsRoutine(this.#draft, tree, qualified, name);
    this.#domainsCalling(calls);
    for (const table of this.#draft.world.relations.values()) {
      if (this.#dropped.has(table.id)) continue;
      for (const trigger of table.triggers)
        if (trigger.routine === qualified)
          this.#dependent(`trigger ${trigger.name} on ${table.kind} ${table.name}`, () => {
            if (trigger.forEachRow) this.#loses(table, "dependent");
            else this.#draft.lock(table, "AccessExclusive", "dependent");
          });
      for (const column of table.columns) {
        if (calls(column.default))
          this.#dependent(`default value for column ${column.name} of table ${table.name}`, () =>
            this.#loses(table, "dependent"),
          );
        if (calls(column.generated?.expression))
          this.#dependent(`column ${column.name} of table ${table.name}`, () =>
            this.column(table, column.name),
          );
      }
      for (const constraint of table.constraints)
        if (constraint.kind === "check" && calls(constraint.expression))
          this.#dependent(`constraint ${constraint.name} on table ${table.name}`, () =>
            this.#loses(table, "dependent"),
          );
      if (table.index !== undefined && calls([table.index.expressions, table.index.predicate]))
        this.#dependent(`index ${table.name}`, () => this.relation(table, "index"));
      if (calls(table.view?.query) || calls(table.partitioning?.expressions))
        this.#dependent(`${table.kind} ${table.name}`, () => this.relation(table, "dependent"));
    }
  }

  /** A domain goes with the routine that its default calls; of one that a CHECK calls only that goes. */
  #domainsCalling(calls: (tree: unknown) => boolean): void {
    for (const type of this.#draft.world.types.values()) {
      if (type.domain === undefined) continue;
      if (calls(type.domain.default)) this.#dependent(`type ${type.name}`, () => this.type(type));
      for (const { name, expression } of type.domain.checks)
        if (calls(expression))
          this.#dependent(`constraint ${name} of domain ${type.name}`, () => {});
    }
  }

  #loses(table: Relation, role: RelationRole): void {
    this.#draft.lock(table, "AccessExclusive", role);
    for (const partition of partitionsOf(this.#draft.world, table.id))
      this.#loses(partition, "partition");
  }

  #dependent(what: string, drop: () => void, relation?: Relation): void {
    if (relation !== undefined && (this.#dropped.has(relation.id) || this.#roots.has(relation.id)))
      return;
    if (this.#cascade) drop();
    else this.#refused ??= what;
  }
}

function sameColumns(
  a: readonly (string | undefined)[],
  b: readonly (string | undefined)[],
): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}

function usesSequence(draft: EffectDraft, column: WorldColumn, sequence: Relation): boolean {
  return sequencesNamed(column.default).some((name) => draft.find(name)?.id === sequence.id);
}

function callsRoutine(draft: EffectDraft, tree: unknown, qualified: string, name: string): boolean {
  let found = false;
  walk(tree, (node) => {
    if (!("FuncCall" in node)) return;
    const called = dottedName(strings(node.FuncCall.funcname));
    if (called.name !== name) return;
    const schemas = called.schema === undefined ? draft.searchPath : [called.schema];
    if (schemas.some((schema) => relationName({ schema, name }) === qualified)) found = true;
  });
  return found;
}

/** The type of the world that a name means, with the relation that a composite type has. */
export function findDroppedType(
  draft: EffectDraft,
  name: { readonly schema?: string | undefined; readonly name: string },
): { readonly schema: string; readonly name: string } | undefined {
  return findType(draft.world, name, draft.searchPath);
}
