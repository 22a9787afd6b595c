import { qualifiedName, type QualifiedName } from "../../catalog/index.ts";
import type { ObjectId, Relation, Routine, World, WorldType } from "./model.ts";

/** Objects that were put or removed, as they were before: undefined for one that did not exist. */
export interface Changes {
  readonly relations: Map<ObjectId, Relation | undefined>;
  readonly types: Map<ObjectId, WorldType | undefined>;
  readonly routines: Map<ObjectId, Routine | undefined>;
}

/** What is derived from a world's maps, made on first use and kept up to date by `put…` and `remove…`. */
interface Derived {
  readonly relations: Map<ObjectId, Relation>;
  readonly types: Map<ObjectId, WorldType>;
  readonly routines: Map<ObjectId, Routine>;
  /** For each relation the relations that refer to it: indexes, children, foreign keys, sequences, views. */
  readonly referrers: Map<ObjectId, Set<ObjectId>>;
  /** How many constraints of tables have a name, by qualified name: Postgres keeps them apart within a schema. */
  readonly constraintNames: Map<QualifiedName, number>;
  recording: Changes | undefined;
}

const derivedOf = new WeakMap<World, Derived>();

/** A world of one empty schema, `public`. `complete` says that nothing else exists. */
export function createWorld(options: {
  readonly major: number;
  readonly complete: boolean;
}): World {
  return {
    ...options,
    schemas: new Set(["public"]),
    relations: new Map(),
    types: new Map(),
    routines: new Map(),
    extensions: new Set(),
    uncertain: [],
    counter: { next: 1 },
  };
}

/** A snapshot: later changes of either world are not seen in the other. */
export function copyWorld(world: World): World {
  return {
    major: world.major,
    complete: world.complete,
    schemas: new Set(world.schemas),
    relations: new Map(world.relations),
    types: new Map(world.types),
    routines: new Map(world.routines),
    extensions: new Set(world.extensions),
    uncertain: [...world.uncertain],
    counter: { ...world.counter },
  };
}

export function relationName(relation: {
  readonly schema: string;
  readonly name: string;
}): QualifiedName {
  return qualifiedName(relation.schema, relation.name);
}

/** An id that no object of this world has. */
export function newId(world: World): ObjectId {
  return world.counter.next++;
}

export function derived(world: World): Derived {
  let found = derivedOf.get(world);
  if (found === undefined) {
    found = derive(world);
    derivedOf.set(world, found);
  }
  return found;
}

function derive(world: World): Derived {
  const made: Derived = {
    relations: new Map(),
    types: new Map(),
    routines: new Map(),
    referrers: new Map(),
    constraintNames: new Map(),
    recording: undefined,
  };
  for (const relation of world.relations.values()) {
    made.relations.set(relation.id, relation);
    link(made, relation);
  }
  for (const type of world.types.values()) made.types.set(type.id, type);
  for (const list of world.routines.values())
    for (const routine of list) made.routines.set(routine.id, routine);
  return made;
}

function link(into: Derived, relation: Relation): void {
  for (const target of references(relation)) {
    const known = into.referrers.get(target);
    if (known === undefined) into.referrers.set(target, new Set([relation.id]));
    else known.add(relation.id);
  }
  countConstraints(into, relation, 1);
}

function unlink(from: Derived, relation: Relation): void {
  for (const target of references(relation)) from.referrers.get(target)?.delete(relation.id);
  countConstraints(from, relation, -1);
}

function countConstraints(into: Derived, { schema, constraints }: Relation, by: 1 | -1): void {
  for (const { name } of constraints) {
    const key = qualifiedName(schema, name);
    into.constraintNames.set(key, (into.constraintNames.get(key) ?? 0) + by);
  }
}

/** True when a table of the schema has a constraint of this name. */
export function constraintNameTaken(world: World, schema: string, name: string): boolean {
  return (derived(world).constraintNames.get(qualifiedName(schema, name)) ?? 0) > 0;
}

function references(relation: Relation): ObjectId[] {
  const found: ObjectId[] = [...relation.inherits];
  if (relation.partitionOf !== undefined) found.push(relation.partitionOf.parent);
  if (relation.ownedBy !== undefined) found.push(relation.ownedBy.table);
  if (relation.index !== undefined) {
    found.push(relation.index.table);
    if (relation.index.partOf !== undefined) found.push(relation.index.partOf);
  }
  for (const constraint of relation.constraints)
    if (constraint.kind === "foreign-key") found.push(constraint.references.table);
  if (relation.view !== undefined)
    for (const read of relation.view.reads) found.push(read.relation);
  return found;
}

/** Adds a relation, or replaces the one of the same id. */
export function putRelation(world: World, relation: Relation): void {
  const state = derived(world);
  const old = state.relations.get(relation.id);
  note(state.recording?.relations, relation.id, old);
  if (old !== undefined) {
    unlink(state, old);
    if (old.name !== relation.name || old.schema !== relation.schema)
      deleteIfSame(world.relations, relationName(old), old);
  }
  world.relations.set(relationName(relation), relation);
  state.relations.set(relation.id, relation);
  link(state, relation);
}

/** Takes a relation out; what refers to it stays. */
export function removeRelation(world: World, id: ObjectId): void {
  const state = derived(world);
  const old = state.relations.get(id);
  if (old === undefined) return;
  note(state.recording?.relations, id, old);
  unlink(state, old);
  deleteIfSame(world.relations, relationName(old), old);
  state.relations.delete(id);
}

/** Adds a type, or replaces the one of the same id. */
export function putType(world: World, type: WorldType): void {
  const state = derived(world);
  const old = state.types.get(type.id);
  note(state.recording?.types, type.id, old);
  if (old !== undefined) deleteIfSame(world.types, relationName(old), old);
  world.types.set(relationName(type), type);
  state.types.set(type.id, type);
}

export function removeType(world: World, id: ObjectId): void {
  const state = derived(world);
  const old = state.types.get(id);
  if (old === undefined) return;
  note(state.recording?.types, id, old);
  deleteIfSame(world.types, relationName(old), old);
  state.types.delete(id);
}

/** Adds a routine to its overloads, or replaces the one of the same id. */
export function putRoutine(world: World, routine: Routine): void {
  removeRoutine(world, routine.id);
  const key = relationName(routine);
  world.routines.set(key, [...(world.routines.get(key) ?? []), routine]);
  derived(world).routines.set(routine.id, routine);
}

export function removeRoutine(world: World, id: ObjectId): void {
  const state = derived(world);
  const old = state.routines.get(id);
  note(state.recording?.routines, id, old);
  if (old === undefined) return;
  const key = relationName(old);
  const rest = (world.routines.get(key) ?? []).filter((routine) => routine.id !== id);
  if (rest.length === 0) world.routines.delete(key);
  else world.routines.set(key, rest);
  state.routines.delete(id);
}

/** Runs `action` and tells what it put and removed, each object as it was at the beginning. */
export function recordChanges(world: World, action: () => void): Changes {
  const state = derived(world);
  const outer = state.recording;
  const changes: Changes = { relations: new Map(), types: new Map(), routines: new Map() };
  state.recording = changes;
  try {
    action();
  } finally {
    state.recording = outer;
    if (outer !== undefined) merge(outer, changes);
  }
  return changes;
}

function merge(outer: Changes, inner: Changes): void {
  for (const [id, before] of inner.relations) note(outer.relations, id, before);
  for (const [id, before] of inner.types) note(outer.types, id, before);
  for (const [id, before] of inner.routines) note(outer.routines, id, before);
}

function note<T>(
  into: Map<ObjectId, T | undefined> | undefined,
  id: ObjectId,
  before: T | undefined,
): void {
  if (into !== undefined && !into.has(id)) into.set(id, before);
}

function deleteIfSame<T>(map: Map<QualifiedName, T>, key: QualifiedName, value: T): void {
  if (map.get(key) === value) map.delete(key);
}
