import { nameWithin, type QualifiedName } from "../../sql/index.ts";
import type { ObjectId, Relation, Routine, World, WorldType } from "./model.ts";
import { OverlayMap } from "./overlay-map.ts";
import { OverlaySet } from "./overlay-set.ts";
import { keysTo, partOf, sameReferences } from "./references.ts";

/** Ids in no particular order. */
interface IdSet extends Iterable<ObjectId> {
  has(id: ObjectId): boolean;
  forEach(visit: (id: ObjectId) => void): void;
  add(id: ObjectId): void;
  delete(id: ObjectId): void;
}

/** What is derived from a world's maps: made on first use, kept up to date by store.ts. */
export interface Derived {
  readonly relations: Map<ObjectId, Relation>;
  readonly types: Map<ObjectId, WorldType>;
  readonly routines: Map<ObjectId, Routine>;
  /**
   * For each relation the relations that refer to it: indexes, children, foreign keys, sequences, views, tables
   * of a type, and whatever has a policy, rule or trigger that uses it. Copies and
   * overlays share the sets: only those in `ownSets` are changed in place.
   */
  readonly referrers: Map<ObjectId, IdSet>;
  /** The same without those that only have a foreign key to it: many tables may refer to one, and few have many parts. */
  readonly parts: Map<ObjectId, IdSet>;
  /** Sets of `referrers` and `parts` that no copy shares. */
  ownSets: WeakSet<IdSet>;
  /** True when it shows another world's and holds the changes only. */
  readonly isOverlay: boolean;
  /** How many relations each schema has. */
  readonly schemas: Map<string, number>;
  /** How many constraints of tables have a name, by qualified name: Postgres keeps them apart within a schema. */
  readonly constraintNames: Map<QualifiedName, number>;
  /** Relations with a column of a type that is not Postgres' own. */
  readonly ownTyped: IdSet;
  /** How many relations are granted to somebody. */
  granted: number;
  /** How many relations have row security. */
  secured: number;
  /** The latest changes of relations, oldest first: with them a copy of the world finds back to what it was. */
  journal: Replaced[];
  /** `version` when the latest copy was made: only while there is one somebody may have to find back. */
  copiedAt: number | undefined;
  /** Changes so far, those included that are no longer in the journal. */
  version: number;
}

interface Replaced {
  readonly before: Relation | undefined;
  readonly after: Relation | undefined;
}

const known = new WeakMap<World, Derived>();
const origins = new WeakMap<World, { readonly of: Derived; readonly version: number }>();

/** Changes that are kept; a copy that is first asked after more of them derives everything anew. */
const journalLength = 2_000;

export function derived(world: World): Derived {
  if (world === latest?.world) return latest.state;
  let state = known.get(world);
  if (state === undefined) {
    state = derivePending(world) ?? fromOrigin(world) ?? derive(world);
    known.set(world, state);
  }
  latest = { world, state };
  return state;
}

/** The world that was asked about last is asked about again and again. */
let latest: { readonly world: World; readonly state: Derived } | undefined;

/** Of worlds that may never be asked for their derived state: what they were before which changes of relations. */
const pending = new WeakMap<World, Pending>();

interface Pending {
  readonly of: World;
  readonly changes: ReadonlyMap<ObjectId, Relation | undefined>;
}

/**
 * Makes `overlay` know what was known of `world` before these changes of relations, once it is asked and as long as `world`
 * stays as it is.
 */
export function deriveBefore(
  world: World,
  overlay: World,
  changes: ReadonlyMap<ObjectId, Relation | undefined>,
): void {
  pending.set(overlay, { of: world, changes });
}

function derivePending(world: World): Derived | undefined {
  const before = pending.get(world);
  if (before === undefined) return undefined;
  const now = derived(before.of);
  const state = overlayOf(now);
  for (const [id, relation] of before.changes) replace(state, now.relations.get(id), relation);
  return state;
}

/** Notes that `copy` holds what `world` holds now. */
export function shareDerived(world: World, copy: World): void {
  const of = known.get(world);
  if (of === undefined) return;
  of.copiedAt = of.version;
  origins.set(copy, { of, version: of.version });
}

/** Makes `overlay` know what is known of `world`, as long as that stays as it is. */
export function deriveOverlay(world: World, overlay: World): void {
  known.set(overlay, overlayOf(derived(world)));
}

function overlayOf(of: Derived): Derived {
  return {
    relations: new OverlayMap(of.relations),
    types: new OverlayMap(of.types),
    routines: new OverlayMap(of.routines),
    referrers: new OverlayMap(of.referrers),
    parts: new OverlayMap(of.parts),
    ownSets: new WeakSet(),
    isOverlay: true,
    schemas: new OverlayMap(of.schemas),
    constraintNames: new OverlayMap(of.constraintNames),
    ownTyped: new OverlaySet(of.ownTyped),
    granted: of.granted,
    secured: of.secured,
    journal: [],
    copiedAt: undefined,
    version: 0,
  };
}

function derive(world: World): Derived {
  const made: Derived = {
    relations: new Map(),
    ...others(world),
    referrers: new Map(),
    parts: new Map(),
    ownSets: new WeakSet(),
    isOverlay: false,
    schemas: new Map(),
    constraintNames: new Map(),
    ownTyped: new Set(),
    granted: 0,
    secured: 0,
    journal: [],
    copiedAt: undefined,
    version: 0,
  };
  for (const relation of world.relations.values()) replace(made, undefined, relation);
  return made;
}

function others(world: World): Pick<Derived, "types" | "routines"> {
  const types = new Map<ObjectId, WorldType>();
  const routines = new Map<ObjectId, Routine>();
  for (const type of world.types.values()) types.set(type.id, type);
  for (const list of world.routines.values())
    for (const routine of list) routines.set(routine.id, routine);
  return { types, routines };
}

/** The state of the world that this one was copied from, with what was changed since taken back. */
function fromOrigin(world: World): Derived | undefined {
  const origin = origins.get(world);
  if (origin === undefined) return undefined;
  const { of, version } = origin;
  const since = of.version - version;
  // What an overlay shows changes with the world below it.
  if (of.isOverlay || since > of.journal.length) return undefined;
  of.ownSets = new WeakSet();
  const made: Derived = {
    relations: new Map(of.relations),
    ...others(world),
    referrers: new Map(of.referrers),
    parts: new Map(of.parts),
    ownSets: new WeakSet(),
    isOverlay: false,
    schemas: new Map(of.schemas),
    constraintNames: new Map(of.constraintNames),
    ownTyped: new Set(of.ownTyped),
    granted: of.granted,
    secured: of.secured,
    journal: [],
    copiedAt: undefined,
    version: 0,
  };
  for (const { before, after } of of.journal.slice(of.journal.length - since).reverse())
    replace(made, after, before);
  return made;
}

/**
 * Relations of `before` that `after` no longer holds as they were. Where `before` is a recent copy of `after`, the
 * journal tells; otherwise every relation is looked at.
 */
export function changedRelations(before: World, after: World): readonly Relation[] {
  const now = derived(after);
  const origin = origins.get(before);
  const since = origin?.of === now ? now.version - origin.version : Infinity;
  if (since > now.journal.length)
    return [...before.relations.values()].filter(
      (relation) => now.relations.get(relation.id) !== relation,
    );
  const first = new Map<ObjectId, Relation | undefined>();
  for (const { before: old, after: made } of now.journal.slice(now.journal.length - since)) {
    const id = old?.id ?? made!.id;
    if (!first.has(id)) first.set(id, old);
  }
  return [...first.values()].filter((relation) => relation !== undefined);
}

/** Puts one version of a relation in the place of another; undefined for none. */
export function replaceRelation(
  state: Derived,
  before: Relation | undefined,
  after: Relation | undefined,
): void {
  replace(state, before, after);
  if (state.copiedAt === undefined) return;
  state.version++;
  state.journal.push({ before, after });
  if (state.journal.length <= 2 * journalLength) return;
  const isOutOfReach = state.version - state.copiedAt > journalLength;
  state.journal = isOutOfReach ? [] : state.journal.slice(-journalLength);
  if (isOutOfReach) state.copiedAt = undefined;
}

function replace(state: Derived, before: Relation | undefined, after: Relation | undefined): void {
  if (after !== undefined) state.relations.set(after.id, after);
  else if (before !== undefined) state.relations.delete(before.id);
  if (before === undefined || after === undefined || !sameReferences(before, after)) {
    if (before !== undefined) {
      const parts = partOf(before);
      unlinkAll(state, state.parts, parts, before.id);
      unlinkAll(state, state.referrers, parts, before.id);
      unlinkAll(state, state.referrers, keysTo(before), before.id);
    }
    if (after !== undefined) {
      const parts = partOf(after);
      linkAll(state, state.parts, parts, after.id);
      linkAll(state, state.referrers, parts, after.id);
      linkAll(state, state.referrers, keysTo(after), after.id);
    }
  }
  if (before?.columns !== after?.columns) {
    const id = (after ?? before)!.id;
    if (after !== undefined && hasOwnType(after)) state.ownTyped.add(id);
    else if (state.ownTyped.has(id)) state.ownTyped.delete(id);
  }
  if (before !== undefined && before.grants.length > 0) state.granted--;
  if (after !== undefined && after.grants.length > 0) state.granted++;
  if (before?.rowSecurity === true) state.secured--;
  if (after?.rowSecurity === true) state.secured++;
  if (before?.schema !== after?.schema) {
    if (before !== undefined) count(state.schemas, before.schema, -1);
    if (after !== undefined) count(state.schemas, after.schema, 1);
  }
  if (before?.constraints === after?.constraints && before?.schema === after?.schema) return;
  // Most often one was added behind the others.
  const same = before?.schema === after?.schema ? sameAtFirst(before!, after!) : 0;
  if (before !== undefined) countConstraints(state, before, -1, same);
  if (after !== undefined) countConstraints(state, after, 1, same);
}

/** How many constraints of two versions of a table are the same, from the first on. */
function sameAtFirst({ constraints: a }: Relation, { constraints: b }: Relation): number {
  let same = 0;
  while (same < a.length && a[same] === b[same]) same++;
  return same;
}

function hasOwnType({ columns }: Relation): boolean {
  for (let index = 0; index < columns.length; index++)
    if (columns[index]!.type.schema !== "pg_catalog") return true;
  return false;
}

type Referrers = Map<ObjectId, IdSet>;

function linkAll(
  state: Derived,
  referrers: Referrers,
  targets: readonly ObjectId[],
  id: ObjectId,
): void {
  for (let index = 0; index < targets.length; index++) {
    const target = targets[index]!;
    if (referrers.get(target)?.has(id) !== true) ownSet(state, referrers, target).add(id);
  }
}

function unlinkAll(
  state: Derived,
  referrers: Referrers,
  targets: readonly ObjectId[],
  id: ObjectId,
): void {
  for (let index = 0; index < targets.length; index++) {
    const target = targets[index]!;
    if (referrers.get(target)?.has(id) === true) ownSet(state, referrers, target).delete(id);
  }
}

/** The referrers of an object, to be changed in place. */
function ownSet({ ownSets, isOverlay }: Derived, referrers: Referrers, target: ObjectId): IdSet {
  const known = referrers.get(target);
  if (known !== undefined && ownSets.has(known)) return known;
  const made: IdSet = isOverlay && known !== undefined ? new OverlaySet(known) : new Set(known);
  referrers.set(target, made);
  ownSets.add(made);
  return made;
}

function countConstraints(
  into: Derived,
  { schema, constraints }: Relation,
  by: 1 | -1,
  from: number,
): void {
  for (let index = from; index < constraints.length; index++)
    count(into.constraintNames, nameWithin(schema, constraints[index]!.name), by);
}

function count<Key>(into: Map<Key, number>, key: Key, by: 1 | -1): void {
  const left = (into.get(key) ?? 0) + by;
  if (left > 0) into.set(key, left);
  else into.delete(key);
}

/** True when a table of the schema has a constraint of this name. */
export function constraintNameTaken(world: World, schema: string, name: string): boolean {
  return (derived(world).constraintNames.get(nameWithin(schema, name)) ?? 0) > 0;
}

/** True when a table of any schema has a constraint of this name. */
export function isConstraintName(world: World, name: string): boolean {
  return [...derived(world).schemas.keys()].some((schema) =>
    constraintNameTaken(world, schema, name),
  );
}

/** Relations that may have a column of an enum, a domain, a row type or any other that is not Postgres' own. */
export function ownTypeUsers(world: World): readonly Relation[] {
  const { ownTyped, relations } = derived(world);
  return [...ownTyped].flatMap((id) => relations.get(id) ?? []);
}

/** True when any relation has row security. */
export function hasRowSecurity(world: World): boolean {
  return derived(world).secured > 0;
}

/** True when any relation is granted to others than its owner. */
export function hasGrants(world: World): boolean {
  const before = known.has(world) ? undefined : pending.get(world);
  if (before === undefined) return derived(world).granted > 0;
  // Nearly no history grants anything: that is found out without deriving all the rest.
  return hasGrants(before.of) || [...before.changes.values()].some(isGranted)
    ? derived(world).granted > 0
    : false;
}

function isGranted(relation: Relation | undefined): boolean {
  return relation !== undefined && relation.grants.length > 0;
}
