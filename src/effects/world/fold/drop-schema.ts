import type { DiscardStmt } from "@pgsql/types";
import { temporarySchema } from "../lookup.ts";
import type { World } from "../model.ts";
import type { FoldContext } from "./context.ts";
import { dropRelation, dropRoutine, dropType } from "./drop-object.ts";

/** DROP SCHEMA, with what is in it. */
export function dropSchema(world: World, schema: string): void {
  if (!world.schemas.delete(schema)) return;
  dropObjectsIn(world, schema);
  forgetSchema(world, schema);
}

/** DISCARD TEMP and ALL: temporary objects go, the session's schema for them stays (namespace.c, ResetTempTableNamespace). */
export function discard({ world }: FoldContext, { target }: DiscardStmt): void {
  if (target === "DISCARD_TEMP" || target === "DISCARD_ALL") dropObjectsIn(world, temporarySchema);
}

function dropObjectsIn(world: World, schema: string): void {
  for (const type of Array.from(world.types.values()))
    if (type.schema === schema) dropType(world, type);
  for (const relation of Array.from(world.relations.values()))
    if (relation.schema === schema) dropRelation(world, relation.id);
  for (const routine of Array.from(world.routines.values()).flat())
    if (routine.schema === schema) dropRoutine(world, routine);
}

/** Privileges on and in a schema and its place in publications go with it. */
function forgetSchema(world: World, schema: string): void {
  const privileges = new Map(world.schemaPrivileges);
  privileges.delete(schema);
  world.schemaPrivileges = privileges;
  world.defaultPrivileges = world.defaultPrivileges.filter((each) => each.schema !== schema);
  world.publications = new Map(
    [...world.publications].map(([name, publication]) => [
      name,
      { ...publication, schemas: publication.schemas.filter((each) => each !== schema) },
    ]),
  );
}
