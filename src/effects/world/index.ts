export type * from "./model.ts";
export { copyWorld, createWorld, relationName } from "./store.ts";
export {
  byId,
  childrenOf,
  defaultSearchPath,
  findRelation,
  findRoutines,
  findType,
  foreignKeysTo,
  indexesOf,
  indexPartsOf,
  partitionsOf,
  referrersOf,
  sequencesOf,
  temporarySchema,
  typeById,
  viewsOf,
  type Name,
} from "./lookup.ts";
export { readWorld } from "./read/read-world.ts";
