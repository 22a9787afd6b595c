import { avoidableStrongLock } from "./avoidable-strong-lock.ts";
import { blockingForeignKey } from "./blocking-foreign-key.ts";
import { blockingIndexBuild } from "./blocking-index-build.ts";
import { blockingRewrite } from "./blocking-rewrite.ts";
import { blockingScan } from "./blocking-scan.ts";
import { failsAlways } from "./fails-always.ts";
import { failsInTransaction } from "./fails-in-transaction.ts";
import { failsOnRows } from "./fails-on-rows.ts";
import { lockHeldDuringWork } from "./lock-held-during-work.ts";
import { lockWithoutTimeout } from "./lock-without-timeout.ts";
import { manyTablesLocked } from "./many-tables-locked.ts";
import type { Rule } from "./rule.ts";
import { staleSuppressionRule, suppressionWithoutReasonRule } from "./suppression-rules.ts";
import { transactionControl } from "./transaction-control.ts";
import { unknownEffect } from "./unknown-effect.ts";

/** Every rule, by id. */
export const rules: readonly Rule[] = [
  avoidableStrongLock,
  blockingForeignKey,
  blockingIndexBuild,
  blockingRewrite,
  blockingScan,
  failsAlways,
  failsInTransaction,
  failsOnRows,
  lockHeldDuringWork,
  lockWithoutTimeout,
  manyTablesLocked,
  staleSuppressionRule,
  suppressionWithoutReasonRule,
  transactionControl,
  unknownEffect,
];
