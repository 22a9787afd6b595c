export {
  longTransactions,
  blockerName,
  readBlockers,
  type LongTransaction,
  type LongTransactionOptions,
  type TableName,
} from "./blockers.ts";
export { bytes } from "./bytes.ts";
export type { CopyFailure, CopyThroughRequest } from "./copy-through.ts";
export { diskFull, diskFullState } from "./disk-full.ts";
export { readHeadroom } from "./headroom.ts";
export { isConnectionLost, sqlState, type ServerError } from "./failure.ts";
export { refuseTransactionPooler, type ConnectionPath, type PoolerOptions } from "./pooler.ts";
export { requirePrivileges, type WantedPrivileges } from "./privileges.ts";
export { readServerFacts, requireWritable, type ServerFacts } from "./server-facts.ts";
export { serverVersion } from "./server-version.ts";
export { Session, type BatchResult, type Queryable, type SessionOptions } from "./session.ts";
export { describeTarget, parseTarget, redact, type Target } from "./target.ts";
