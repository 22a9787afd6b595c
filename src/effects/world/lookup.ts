import { nameWithin } from "../../sql/index.ts";
import type { ObjectId, Relation, Routine, World, WorldType } from "./model.ts";
import { derived } from "./derived.ts";

/** A name as written: with its schema, or to be looked for in the search path. */
export interface Name {
  readonly schema?: string | undefined;
  readonly name: string;
}

export const defaultSearchPath: readonly string[] = ["public"];

/** Schema under which a session's temporary objects are kept; it is searched first (manual 20.11.1, search_path). */
export const temporarySchema = "pg_temp";

/** The relation that the name means; undefined when there is none, or none is known. */
export function findRelation(
  world: World,
  name: Name,
  searchPath: readonly string[] = defaultSearchPath,
): Relation | undefined {
  return find(world.relations, name, searchPath, world.schemas.has(temporarySchema));
}

/** The enum, domain, range, composite or base type that the name means; not built-in ones. */
export function findType(
  world: World,
  name: Name,
  searchPath: readonly string[] = defaultSearchPath,
): WorldType | undefined {
  return find(world.types, name, searchPath, true);
}

/** Every overload that the name may mean: those of all schemas of the search path, in its order. */
export function findRoutines(
  world: World,
  name: Name,
  searchPath: readonly string[] = defaultSearchPath,
): readonly Routine[] {
  const schemas = name.schema === undefined ? searchPath : [name.schema];
  return schemas.flatMap((schema) => world.routines.get(nameWithin(schema, name.name)) ?? []);
}

/** @param mayBeTemporary false where nothing was put into the schema of temporary objects */
function find<T>(
  map: ReadonlyMap<string, T>,
  { schema, name }: Name,
  searchPath: readonly string[],
  mayBeTemporary: boolean,
): T | undefined {
  if (schema !== undefined) return map.get(nameWithin(schema, name));
  const temporary = mayBeTemporary ? map.get(nameWithin(temporarySchema, name)) : undefined;
  if (temporary !== undefined) return temporary;
  for (let index = 0; index < searchPath.length; index++) {
    const found = map.get(nameWithin(searchPath[index]!, name));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The relations of this name, in whichever schema. */
export function relationsNamed(world: World, name: string): readonly Relation[] {
  return [...derived(world).schemas.keys()].flatMap(
    (schema) => world.relations.get(nameWithin(schema, name)) ?? [],
  );
}

export function byId(world: World, id: ObjectId): Relation | undefined {
  return derived(world).relations.get(id);
}

export function typeById(world: World, id: ObjectId): WorldType | undefined {
  return derived(world).types.get(id);
}

/**
 * Relations that refer to this one in any way: indexes, children, partitions, foreign keys, sequences, views, tables of a
 * type, and tables with a policy, rule or trigger that uses it.
 */
export function referrersOf(world: World, id: ObjectId): readonly Relation[] {
  const { referrers, relations } = derived(world);
  return known(referrers.get(id), relations, isAny);
}

/** Those that do not only have a foreign key to it and fulfil a condition. */
function partsOf(
  world: World,
  id: ObjectId,
  isWanted: (relation: Relation) => boolean,
): readonly Relation[] {
  const { parts, relations } = derived(world);
  return known(parts.get(id), relations, isWanted);
}

function isAny(): boolean {
  return true;
}

function known(
  ids: { forEach(visit: (id: ObjectId) => void): void } | undefined,
  relations: ReadonlyMap<ObjectId, Relation>,
  isWanted: (relation: Relation) => boolean,
): readonly Relation[] {
  if (ids === undefined) return none;
  const found: Relation[] = [];
  ids.forEach((id) => {
    const relation = relations.get(id);
    if (relation !== undefined && isWanted(relation)) found.push(relation);
  });
  return found;
}

const none: readonly Relation[] = [];

/** Tables that inherit from this one, and partitions of it; direct ones only. */
export function childrenOf(world: World, id: ObjectId): readonly Relation[] {
  return partsOf(
    world,
    id,
    (relation) => relation.partitionOf?.parent === id || relation.inherits.includes(id),
  );
}

/** Partitions of this partitioned table; direct ones only. */
export function partitionsOf(world: World, id: ObjectId): readonly Relation[] {
  return partsOf(world, id, (relation) => relation.partitionOf?.parent === id);
}

/** Indexes on this table or materialized view. */
export function indexesOf(world: World, id: ObjectId): readonly Relation[] {
  return partsOf(world, id, (relation) => relation.index?.table === id);
}

/** Indexes of the partitions that belong to this index of a partitioned table. */
export function indexPartsOf(world: World, id: ObjectId): readonly Relation[] {
  return partsOf(world, id, (relation) => relation.index?.partOf === id);
}

/** Sequences owned by columns of this table (serial, identity, OWNED BY). */
export function sequencesOf(world: World, id: ObjectId): readonly Relation[] {
  return partsOf(world, id, (relation) => relation.ownedBy?.table === id);
}

/** Typed tables of this composite type. */
export function tablesOfType(world: World, id: ObjectId): readonly Relation[] {
  return partsOf(world, id, (relation) => relation.ofType === id);
}

/** Views and materialized views whose query reads this relation itself. */
export function viewsOf(world: World, id: ObjectId): readonly Relation[] {
  return partsOf(
    world,
    id,
    (relation) => relation.view?.reads.some((read) => read.relation === id) === true,
  );
}

/** Tables with a foreign key that references this one; the table itself when it references itself. */
export function foreignKeysTo(world: World, id: ObjectId): readonly Relation[] {
  return referrersOf(world, id).filter((relation) =>
    relation.constraints.some(
      (constraint) => constraint.kind === "foreign-key" && constraint.references.table === id,
    ),
  );
}
