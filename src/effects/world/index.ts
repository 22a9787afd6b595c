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
  viewsOf,
  type Name,
} from "./lookup.ts";
export { readWorld } from "./read-world.ts";
export { columnsIn, walk } from "./expressions.ts";
export { fold, type FoldSession } from "./fold/fold.ts";
export { mergeChanges, noChanges, recordChanges, type Changes } from "./store.ts";
export { resolveType, sameType } from "./type-use.ts";
export { volatilityOf, type Volatility } from "./volatility/volatility.ts";
export { builtinFacts, type BuiltinCast, type BuiltinFacts } from "./builtin/facts.ts";
export { breaksBetween, breaksOf } from "./breaks.ts";
export {
  objectsOf,
  overlayWorld,
  unrecordedFacts,
  worldBefore,
  type ObjectIds,
  type UnrecordedFacts,
} from "./view.ts";
