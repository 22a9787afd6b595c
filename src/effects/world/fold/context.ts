import type { Node, OnCommitAction, RangeVar } from "@pgsql/types";
import type { RelationKind } from "../../effect.ts";
import { byId, findRelation, temporarySchema, type Name } from "../lookup.ts";
import type { ObjectId, Relation, World } from "../model.ts";
import { rangeName } from "../nodes.ts";
import { grantedAs, newGrants } from "../grants.ts";
import { newId, putRelation } from "../store.ts";

/** What every part of `fold` works on. */
export interface FoldContext {
  readonly world: World;
  readonly searchPath: readonly string[];
}

/** The relation that a statement names. */
export function target(context: FoldContext, range: RangeVar | undefined): Relation | undefined {
  return findRelation(context.world, rangeName(range), context.searchPath);
}

/** Schema in which a new object of this name comes to stand. */
export function creationSchema({ world, searchPath }: FoldContext, name: Name): string {
  if (name.schema !== undefined) return name.schema;
  const existing = searchPath.find((schema) => world.schemas.has(schema));
  return existing ?? searchPath[0] ?? "public";
}

/** Replaces fields of a relation, if it is (still) there. */
export function change(world: World, id: ObjectId, fields: Partial<Relation>): void {
  const relation = byId(world, id);
  if (relation !== undefined) putRelation(world, { ...relation, ...fields });
}

/** A relation of no columns, of the role that runs; it is not in the world yet. */
export function emptyRelation(
  world: World,
  kind: RelationKind,
  schema: string,
  name: string,
  persistence: Relation["persistence"] = schema === temporarySchema ? "temporary" : "permanent",
): Relation {
  const owner = world.server?.role;
  const granted = grantedAs(kind);
  return {
    id: newId(world),
    schema,
    name,
    kind,
    persistence,
    columns: [],
    constraints: [],
    inherits: [],
    partitioning: undefined,
    partitionOf: undefined,
    index: undefined,
    ownedBy: undefined,
    sequenceType: undefined,
    view: undefined,
    rowSecurity: false,
    triggers: [],
    rules: [],
    policies: [],
    statistics: [],
    replicaIdentity: isTable(kind) && kind !== "foreign table" ? "default" : "nothing",
    tablespace: undefined,
    accessMethod: undefined,
    ofType: undefined,
    foreignServer: undefined,
    publications: [],
    owner,
    grants: granted === undefined ? [] : newGrants(world, owner, granted, schema),
    onCommit: undefined,
  };
}

export function isTable(kind: RelationKind): boolean {
  return kind === "table" || kind === "partitioned table" || kind === "foreign table";
}

export function persistenceOf(
  range: RangeVar | undefined,
  schema: string,
): Relation["persistence"] {
  if (range?.relpersistence === "t" || schema === temporarySchema) return "temporary";
  return range?.relpersistence === "u" ? "unlogged" : "permanent";
}

/** ON COMMIT of a temporary table. */
export function onCommitOf(action: OnCommitAction | undefined): Relation["onCommit"] {
  if (action === "ONCOMMIT_DROP") return "drop";
  return action === "ONCOMMIT_DELETE_ROWS" ? "delete-rows" : undefined;
}

/** Says why the world may differ from the database from here on. */
export function doubt({ world }: FoldContext, reason: string): void {
  if (!world.uncertain.includes(reason)) world.uncertain.push(reason);
}

type NodeName<N> = N extends unknown ? keyof N : never;
type Content<N, Key extends PropertyKey> = N extends Record<Key, infer C> ? C : never;

/** Contents of those nodes of a list that are of one type. */
export function all<Key extends NodeName<Node>>(
  list: readonly Node[] | undefined,
  key: Key,
): Content<Node, Key>[] {
  const found: Content<Node, Key>[] = [];
  if (list === undefined) return found;
  for (const node of list)
    if (key in node) found.push((node as Record<string, unknown>)[key] as Content<Node, Key>);
  return found;
}
