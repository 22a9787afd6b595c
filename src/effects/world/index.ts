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
  tablesOfType,
  temporarySchema,
  viewsOf,
  type Name,
} from "./lookup.ts";
export { readWorld } from "./read-world.ts";
export { columnsIn, walk } from "./expressions.ts";
export { fold, type FoldSession } from "./fold/fold.ts";
export {
  mergeChanges,
  noChanges,
  recordChanges,
  unrecordedSince,
  type Changes,
  type UnrecordedFacts,
} from "./store.ts";
export { everybody, grantedAs } from "./grants.ts";
export { hasGrants, hasRowSecurity } from "./derived.ts";
export { isUsed } from "./query/uses.ts";
export { resolveType, sameType } from "./type-use.ts";
export { volatilityOf, type Volatility } from "./volatility/volatility.ts";
export { builtinFacts, type BuiltinCast, type BuiltinFacts } from "./builtin/facts.ts";
export { breaksBetween, breaksOf } from "./breaks.ts";
export { objectsOf, overlayWorld, worldBefore, type ObjectIds } from "./view.ts";
