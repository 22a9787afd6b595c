import { byId, everybody, grantedAs, hasGrants, sequencesOf } from "../../effects/index.ts";
import type { Grant, ObjectIds, Relation, Routine, World } from "../../effects/index.ts";

/** Fewest objects from which a habit of the schema can be read, and how many of ten must keep it. */
const habit = { objects: 3, ofTen: 9 } as const;

/** What can be granted and is made anew: a relation or a routine. */
export type Granted = Relation | Routine;

/** What a role may do with the other objects of a schema. */
export interface Habit {
  readonly role: string;
  /** Privileges that it has on as good as all of them. */
  readonly privileges: readonly string[];
}

/** Habits of a catalog, each found out once. */
export class Habits {
  readonly #world: World;
  readonly #existing: ObjectIds;
  readonly #known = new Map<string, readonly Habit[]>();

  /** @param existing ids of the objects that count */
  constructor(world: World, existing: ObjectIds) {
    this.#world = world;
    this.#existing = existing;
  }

  /** The roles that may use as good as all objects of the schema that are of this object's kind. */
  of(object: Granted): readonly Habit[] {
    if ("columns" in object && !hasGrants(this.#world)) return [];
    const key = JSON.stringify([object.schema, "columns" in object ? object.kind : "routine"]);
    let known = this.#known.get(key);
    if (known === undefined) this.#known.set(key, (known = this.#find(object)));
    return known;
  }

  #find(object: Granted): readonly Habit[] {
    const { peers, privileges } = peersOf(object, this.#world);
    const own = peers.filter(({ id }) => this.#existing.has(id));
    const roles = new Set(own.flatMap(({ grants }) => grants.map(({ grantee }) => grantee)));
    // A routine that is not everybody's was taken from everybody on purpose.
    if (!("columns" in object)) roles.delete(everybody);
    return [...roles].sort().flatMap((role) => habitOf(role, own, privileges));
  }
}

function habitOf(
  role: string,
  peers: readonly Granted[],
  privileges: readonly string[] | undefined,
): readonly Habit[] {
  const most = (count: number) =>
    peers.length >= habit.objects && count * 10 >= peers.length * habit.ofTen;
  const lists = peers.flatMap((peer) => {
    const list = privilegesOf(peer, role);
    return list === undefined ? [] : [list];
  });
  if (!most(lists.length)) return [];
  const kept = [...new Set(lists.flat())].filter(
    (privilege) =>
      most(lists.filter((list) => list.includes(privilege)).length) &&
      privileges?.includes(privilege) !== false,
  );
  return kept.length === 0 ? [] : [{ role, privileges: kept.sort() }];
}

/** What a role is granted on an object, its owner counting as nobody to be granted to; undefined for nothing. */
function privilegesOf({ grants, owner }: Granted, role: string): readonly string[] | undefined {
  if (owner === role) return grants.flatMap(({ privileges }) => privileges);
  return grants.find(({ grantee }) => grantee === role)?.privileges;
}

/** True when a role has been granted anything on the object, or on columns of it, or everybody has. */
export function mayUse(object: Granted, role: string): boolean {
  const grants: readonly Grant[] =
    "columns" in object
      ? [...object.grants, ...object.columns.flatMap((column) => column.grants)]
      : object.grants;
  return (
    object.owner === role || grants.some(({ grantee }) => grantee === role || grantee === everybody)
  );
}

/**
 * True when ALTER DEFAULT PRIVILEGES gives a role something on such objects, of whichever owner: who runs the files in
 * production is not known from them.
 */
export function isDefault(object: Granted, role: string, { defaultPrivileges }: World): boolean {
  const objects = "columns" in object ? grantedAs(object.kind) : "routines";
  return defaultPrivileges.some(
    (entry) =>
      entry.objects === objects &&
      (entry.schema === undefined || entry.schema === object.schema) &&
      entry.grants.some(({ grantee }) => grantee === role || grantee === everybody),
  );
}

/** Objects of the schema whose privileges tell what a new one should have, and which of these are of use on it. */
function peersOf(
  object: Granted,
  world: World,
): { readonly peers: readonly Granted[]; readonly privileges?: readonly string[] } {
  const { schema } = object;
  if (!("columns" in object)) {
    const routines = [...world.routines.values()].flat();
    return { peers: routines.filter((each) => each.schema === schema && isCalled(each)) };
  }
  const here = [...world.relations.values()].filter((each) => each.schema === schema);
  if (object.kind === "sequence") return { peers: here.filter((each) => isDrawnFrom(each, world)) };
  // Privileges of a partitioned table hold for queries through it; partitions are seldom read by themselves.
  const tables = here.filter(
    ({ kind, partitionOf }) =>
      (kind === "table" || kind === "partitioned table" || kind === "foreign table") &&
      partitionOf === undefined,
  );
  if (!isView(object)) return { peers: tables };
  const views = here.filter(isView);
  return views.length >= habit.objects
    ? { peers: views }
    : { peers: tables, privileges: ["SELECT"] };
}

function isView({ kind }: Relation): boolean {
  return kind === "view" || kind === "materialized view";
}

/** Functions of triggers are called by Postgres, whoever writes (manual 37.1). */
export function isCalled({ returns }: Routine): boolean {
  return returns?.name !== "trigger" && returns?.name !== "event_trigger";
}

/** A sequence that the writer itself draws from: that of an identity column needs no privilege (sequence.c). */
function isDrawnFrom({ kind, ownedBy }: Relation, world: World): boolean {
  if (kind !== "sequence") return false;
  const owner = ownedBy === undefined ? undefined : byId(world, ownedBy.table);
  return owner?.columns.find(({ name }) => name === ownedBy?.column)?.identity === undefined;
}

/** Sequences of serial columns of a table: who inserts must be able to draw from them. */
export function drawnSequences(table: Relation, world: World): readonly Relation[] {
  return sequencesOf(world, table.id).filter((sequence) => isDrawnFrom(sequence, world));
}
