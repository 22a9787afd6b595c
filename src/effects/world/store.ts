import { nameWithin, type QualifiedName } from "../../sql/index.ts";
import { contentChanged, shareContent } from "./content.ts";
import { derived, replaceRelation, shareDerived } from "./derived.ts";
import type {
  ObjectId,
  Privileges,
  Relation,
  Routine,
  ServerFacts,
  World,
  WorldType,
} from "./model.ts";

/** Objects that were put or removed, as they were before: undefined for one that did not exist. */
export interface Changes {
  readonly relations: Map<ObjectId, Relation | undefined>;
  readonly types: Map<ObjectId, WorldType | undefined>;
  readonly routines: Map<ObjectId, Routine | undefined>;
}

const recordings = new WeakMap<World, Changes>();

/**
 * A world of one empty schema, `public`. `complete` says that nothing else exists; without `server` nothing is known of
 * roles, tablespaces and access methods.
 */
export function createWorld(options: {
  readonly major: number;
  readonly complete: boolean;
  readonly server?: ServerFacts;
}): World {
  return {
    major: options.major,
    complete: options.complete,
    server: options.server,
    schemas: new Set(["public"]),
    relations: new Map(),
    types: new Map(),
    routines: new Map(),
    extensions: new Set(),
    publications: new Map(),
    eventTriggers: new Map(),
    operatorClasses: new Set(),
    nondeterministicCollations: new Set(),
    foreignServers: new Map(),
    schemaPrivileges: new Map([["public", schemaPublic(options.major, options.server?.role)]]),
    defaultPrivileges: [],
    uncertain: [],
    counter: { next: 1 },
  };
}

/** Schema public as a new database has it (manual 5.10.6): since 15 not everybody may create things in it. */
function schemaPublic(major: number, owner: string | undefined): Privileges {
  return major >= 15
    ? { owner: "pg_database_owner", grants: [{ grantee: "public", privileges: ["USAGE"] }] }
    : { owner, grants: [{ grantee: "public", privileges: ["CREATE", "USAGE"] }] };
}

/** What of a world is not in `Changes`. */
type OtherFacts = Omit<World, "major" | "complete" | "relations" | "types" | "routines">;

/** A copy of what of a world is not in `Changes`. */
export function unrecordedFacts(world: World): OtherFacts {
  return {
    schemas: new Set(world.schemas),
    extensions: new Set(world.extensions),
    publications: world.publications,
    eventTriggers: world.eventTriggers,
    operatorClasses: world.operatorClasses,
    nondeterministicCollations: world.nondeterministicCollations,
    foreignServers: world.foreignServers,
    schemaPrivileges: world.schemaPrivileges,
    defaultPrivileges: world.defaultPrivileges,
    server: world.server,
    uncertain: [...world.uncertain],
    counter: { ...world.counter },
  };
}

/** The same at one moment. Ids are given out by most statements, and little else of it changes. */
export interface UnrecordedFacts {
  readonly others: OtherFacts;
  readonly nextId: ObjectId;
}

/**
 * To be called before a recording begins: what `worldBefore` needs that a recording does not hold.
 * @param before what was taken of this world earlier: what still holds is shared with it
 */
export function unrecordedSince(
  before: UnrecordedFacts | undefined,
  world: World,
): UnrecordedFacts {
  const isKnown = before !== undefined && isUnchanged(before.others, world);
  const others = isKnown ? before.others : unrecordedFacts(world);
  return { others, nextId: world.counter.next };
}

function isUnchanged(before: OtherFacts, world: World): boolean {
  return (
    isSameSet(before.schemas, world.schemas) &&
    isSameSet(before.extensions, world.extensions) &&
    before.publications === world.publications &&
    before.eventTriggers === world.eventTriggers &&
    before.operatorClasses === world.operatorClasses &&
    before.nondeterministicCollations === world.nondeterministicCollations &&
    before.foreignServers === world.foreignServers &&
    before.schemaPrivileges === world.schemaPrivileges &&
    before.defaultPrivileges === world.defaultPrivileges &&
    before.server === world.server &&
    before.uncertain.length === world.uncertain.length &&
    before.uncertain.every((reason, index) => reason === world.uncertain[index])
  );
}

export function isSameSet(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  if (one.size !== other.size) return false;
  for (const item of one) if (!other.has(item)) return false;
  return true;
}

/** A snapshot: later changes of either world are not seen in the other. */
export function copyWorld(world: World): World {
  const copy: World = {
    major: world.major,
    complete: world.complete,
    relations: new Map(world.relations),
    types: new Map(world.types),
    routines: new Map(world.routines),
    ...unrecordedFacts(world),
  };
  shareDerived(world, copy);
  shareContent(world, copy);
  return copy;
}

export function relationName(relation: {
  readonly schema: string;
  readonly name: string;
}): QualifiedName {
  return nameWithin(relation.schema, relation.name);
}

/** An id that no object of this world has. */
export function newId(world: World): ObjectId {
  return world.counter.next++;
}

/** Adds a relation, or replaces the one of the same id. */
export function putRelation(world: World, relation: Relation): void {
  const state = derived(world);
  const old = state.relations.get(relation.id);
  contentChanged(world);
  note(recordings.get(world)?.relations, relation.id, old);
  if (old !== undefined && (old.name !== relation.name || old.schema !== relation.schema))
    deleteIfSame(world.relations, relationName(old), old);
  world.relations.set(relationName(relation), relation);
  replaceRelation(state, old, relation);
}

/** Takes a relation out; what refers to it stays. */
export function removeRelation(world: World, id: ObjectId): void {
  const state = derived(world);
  const old = state.relations.get(id);
  if (old === undefined) return;
  contentChanged(world);
  note(recordings.get(world)?.relations, id, old);
  deleteIfSame(world.relations, relationName(old), old);
  replaceRelation(state, old, undefined);
}

/** Adds a type, or replaces the one of the same id. */
export function putType(world: World, type: WorldType): void {
  const { types } = derived(world);
  const old = types.get(type.id);
  contentChanged(world);
  note(recordings.get(world)?.types, type.id, old);
  if (old !== undefined) deleteIfSame(world.types, relationName(old), old);
  world.types.set(relationName(type), type);
  types.set(type.id, type);
}

export function removeType(world: World, id: ObjectId): void {
  const { types } = derived(world);
  const old = types.get(id);
  if (old === undefined) return;
  contentChanged(world);
  note(recordings.get(world)?.types, id, old);
  deleteIfSame(world.types, relationName(old), old);
  types.delete(id);
}

/** Adds a routine to its overloads, or replaces the one of the same id. */
export function putRoutine(world: World, routine: Routine): void {
  removeRoutine(world, routine.id);
  contentChanged(world);
  const key = relationName(routine);
  world.routines.set(key, [...(world.routines.get(key) ?? []), routine]);
  derived(world).routines.set(routine.id, routine);
}

export function removeRoutine(world: World, id: ObjectId): void {
  const { routines } = derived(world);
  const old = routines.get(id);
  note(recordings.get(world)?.routines, id, old);
  if (old === undefined) return;
  contentChanged(world);
  const key = relationName(old);
  const rest = (world.routines.get(key) ?? []).filter((routine) => routine.id !== id);
  if (rest.length === 0) world.routines.delete(key);
  else world.routines.set(key, rest);
  routines.delete(id);
}

/** Says who owns a schema and who may use it; the running role's own, used by nobody else, needs no entry. */
export function putSchemaPrivileges(world: World, schema: string, privileges: Privileges): void {
  const entries = new Map(world.schemaPrivileges);
  const { owner, grants } = privileges;
  if (owner === world.server?.role && grants.length === 0) entries.delete(schema);
  else entries.set(schema, privileges);
  world.schemaPrivileges = entries;
}

/** Runs `action` and tells what it put and removed, each object as it was at the beginning. */
export function recordChanges(world: World, action: () => void): Changes {
  const outer = recordings.get(world);
  const changes = noChanges();
  recordings.set(world, changes);
  try {
    action();
  } finally {
    if (outer === undefined) recordings.delete(world);
    else {
      recordings.set(world, outer);
      mergeChanges(outer, changes);
    }
  }
  return changes;
}

/** Puts everything back to what it was when the recording began. Schemas and extensions are not recorded. */
export function undoChanges(world: World, changes: Changes): void {
  for (const id of changes.relations.keys()) removeRelation(world, id);
  for (const before of changes.relations.values())
    if (before !== undefined) putRelation(world, before);
  for (const id of changes.types.keys()) removeType(world, id);
  for (const before of changes.types.values()) if (before !== undefined) putType(world, before);
  for (const id of changes.routines.keys()) removeRoutine(world, id);
  for (const before of changes.routines.values())
    if (before !== undefined) putRoutine(world, before);
}

/** Nothing changed, to be added to with `mergeChanges`. */
export function noChanges(): Changes {
  return { relations: new Map(), types: new Map(), routines: new Map() };
}

/** Adds later changes to earlier ones: each object stays as it was before the first. */
export function mergeChanges(outer: Changes, inner: Changes): void {
  noteAll(outer.relations, inner.relations);
  noteAll(outer.types, inner.types);
  noteAll(outer.routines, inner.routines);
}

function noteAll<T>(into: Map<ObjectId, T>, from: ReadonlyMap<ObjectId, T>): void {
  if (from.size > 0) for (const [id, before] of from) note(into, id, before);
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
