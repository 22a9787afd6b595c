import { avoidableStrongLock } from "./avoidable-strong-lock.ts";
import { batchInOneTransaction } from "./batch-in-one-transaction.ts";
import { batchNeverEnds } from "./batch-never-ends.ts";
import { batchSkipsRows } from "./batch-skips-rows.ts";
import { batchWithoutOrder } from "./batch-without-order.ts";
import { blockingForeignKey } from "./blocking-foreign-key.ts";
import { blockingIndexBuild } from "./blocking-index-build.ts";
import { blockingRewrite } from "./blocking-rewrite.ts";
import { blockingScan } from "./blocking-scan.ts";
import { breaksRunningRelease } from "./breaks-running-release.ts";
import { changesStoredResults } from "./changes-stored-results.ts";
import { corruptIndexBuild } from "./corrupt-index-build.ts";
import { dropsMoreThanNamed } from "./drops-more-than-named.ts";
import { enumValueOrder } from "./enum-value-order.ts";
import { eventTrigger } from "./event-trigger.ts";
import { failsAlways } from "./fails-always.ts";
import { failsInTransaction } from "./fails-in-transaction.ts";
import { failsOnRows } from "./fails-on-rows.ts";
import { identifierTooLong } from "./identifier-too-long.ts";
import { inheritanceColumn } from "./inheritance-column.ts";
import { integerKey } from "./integer-key.ts";
import { invalidIndexKept } from "./invalid-index-kept.ts";
import { leftUnvalidated } from "./left-unvalidated.ts";
import { lockHeldDuringWork } from "./lock-held-during-work.ts";
import { lockWithoutTimeout } from "./lock-without-timeout.ts";
import { logicalReplicationGap } from "./logical-replication-gap.ts";
import { losesData } from "./loses-data.ts";
import { manyTablesLocked } from "./many-tables-locked.ts";
import { missingForeignKeyIndex } from "./missing-foreign-key-index.ts";
import { noChar } from "./no-char.ts";
import { noPrimaryKey } from "./no-primary-key.ts";
import { noWayBack } from "./no-way-back.ts";
import { preferBigint } from "./prefer-bigint.ts";
import { preferIdentity } from "./prefer-identity.ts";
import { preferJsonb } from "./prefer-jsonb.ts";
import { preferText } from "./prefer-text.ts";
import { preferTimestamptz } from "./prefer-timestamptz.ts";
import { privilegeGap } from "./privilege-gap.ts";
import { rowSecurityGap } from "./row-security-gap.ts";
import type { Rule } from "./rule.ts";
import { securityDefinerSearchPath } from "./security-definer-search-path.ts";
import { staleSuppressionRule, suppressionWithoutReasonRule } from "./suppression-rules.ts";
import { tableInManyFiles } from "./table-in-many-files.ts";
import { terminatesBackends } from "./terminates-backends.ts";
import { timeoutWithoutRetry } from "./timeout-without-retry.ts";
import { transactionControl } from "./transaction-control.ts";
import { unbatchedChange } from "./unbatched-change.ts";
import { unindexedWindow } from "./unindexed-window.ts";
import { unknownEffect } from "./unknown-effect.ts";
import { volatileCheck } from "./volatile-check.ts";

/** Every rule, by id. */
export const rules: readonly Rule[] = [
  avoidableStrongLock,
  batchInOneTransaction,
  batchNeverEnds,
  batchSkipsRows,
  batchWithoutOrder,
  blockingForeignKey,
  blockingIndexBuild,
  blockingRewrite,
  blockingScan,
  breaksRunningRelease,
  changesStoredResults,
  corruptIndexBuild,
  dropsMoreThanNamed,
  enumValueOrder,
  eventTrigger,
  failsAlways,
  failsInTransaction,
  failsOnRows,
  identifierTooLong,
  inheritanceColumn,
  integerKey,
  invalidIndexKept,
  leftUnvalidated,
  lockHeldDuringWork,
  lockWithoutTimeout,
  logicalReplicationGap,
  losesData,
  manyTablesLocked,
  missingForeignKeyIndex,
  noChar,
  noPrimaryKey,
  noWayBack,
  preferBigint,
  preferIdentity,
  preferJsonb,
  preferText,
  preferTimestamptz,
  privilegeGap,
  rowSecurityGap,
  securityDefinerSearchPath,
  staleSuppressionRule,
  suppressionWithoutReasonRule,
  tableInManyFiles,
  terminatesBackends,
  timeoutWithoutRetry,
  transactionControl,
  unbatchedChange,
  unindexedWindow,
  unknownEffect,
  volatileCheck,
];
