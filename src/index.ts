/**
 * Lockstep as a library: what the command line is made of. Everything returns data and emits events; nothing prints.
 * Failures are `LockstepError`s in the form of `docs/errors.md`.
 */
export {
  isLockstepError,
  LockstepError,
  type ErrorCode,
  type Explanation,
} from "./errors/index.ts";
export { emitFor, type Emit, type EventBody, type LockstepEvent } from "./events/index.ts";
export { Session, type Queryable, type SessionOptions } from "./pg/index.ts";
export {
  startScratch,
  type Scratch,
  type ScratchDatabase,
  type ScratchOptions,
} from "./scratch/index.ts";
export {
  diff,
  fingerprint,
  introspect,
  type Catalog,
  type Difference as CatalogDifference,
  type IntrospectOptions,
} from "./catalog/index.ts";
export {
  readMigrations,
  type Migration,
  type MigrationFolder,
  type NativeLedger,
  type ReadMigrationsOptions,
} from "./tools/index.ts";
export {
  buildContract,
  parseContract,
  readContract,
  writeContract,
  type BuildOptions,
  type Contract,
  type ContractSource,
} from "./contract/index.ts";
export { runGate, type Difference, type GateOptions, type GateResult } from "./gate/index.ts";
export {
  migrate,
  readStatus,
  type FolderStatus,
  type GivenRunOptions,
  type MigrateRequest,
  type MigrateResult,
} from "./runner/index.ts";
export { deploy, type DeployRequest, type DeployResult } from "./deploy/index.ts";
