import type { World } from "../model.ts";
import { dropRoutine, dropType } from "./drop-program.ts";
import { dropRelation } from "./drop-relation.ts";

/** DROP SCHEMA, with what is in it. */
export function dropSchema(world: World, schema: string): void {
  if (!world.schemas.delete(schema)) return;
  // Types first: a composite one takes columns of other schemas along, which its relation would not.
  for (const type of Array.from(world.types.values()))
    if (type.schema === schema) dropType(world, type);
  for (const relation of Array.from(world.relations.values()))
    if (relation.schema === schema) dropRelation(world, relation.id);
  for (const routine of Array.from(world.routines.values()).flat())
    if (routine.schema === schema) dropRoutine(world, routine);
  forgetSchema(world, schema);
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
