export {
  migrate,
  type Alongside,
  type Guard,
  type MigrateRequest,
  type MigrateResult,
  type MigrationDone,
} from "./migrate.ts";
export { requireUsable } from "./requirements.ts";
export { goingBackText, hasWork, readOutstanding } from "./outstanding.ts";
export { laterLockMs, runOptions, type GivenRunOptions, type RunOptions } from "./options.ts";
export { readStatus, readStatusOn, type FolderStatus, type MigrationStatus } from "./status.ts";
export { describeHolder, localActor } from "./actor.ts";
export { cancellation } from "./cancel.ts";
export { examineAsRun } from "./examine-as-run.ts";
export { waitForLock, type Keeper } from "./keeper.ts";
export { detailsOf, takeOver } from "./take-over.ts";
export { ledgerFailure } from "./ledger-failure.ts";
export { sessionName } from "./session-names.ts";
export { markApplied, type MarkRequest } from "./mark-applied.ts";
export { resolve, type ResolveRequest, type ResolveResult } from "./resolve.ts";
export { terminateBlocker, type ShownSession } from "./terminate.ts";
export { cutUnits, type Unit } from "./units.ts";
