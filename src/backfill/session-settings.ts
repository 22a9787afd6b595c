import type { JobSpec } from "./job.ts";

/**
 * True for a fill of Lockstep's own: it touches rows so that a plan's triggers compute their second form, and writes
 * nothing but the column that says so. Others stand for an UPDATE or DELETE of the migration, or give a new column its default.
 */
export function isFlagFill({ set, todo }: Pick<JobSpec, "set" | "todo">): boolean {
  const flag = /^t\.("?lockstep_.*) = 0$/s.exec(todo)?.[1];
  return flag !== undefined && set === `${flag} = 1`;
}

/**
 * The statement that says to the application's triggers whose write a fill is: for one of Lockstep's own
 * `lockstep.backfill` is `on`; for all others they fire as for any other write.
 */
export function settingForTriggers(fill: Pick<JobSpec, "set" | "todo">): string {
  return isFlagFill(fill) ? "SET lockstep.backfill = 'on'" : "RESET lockstep.backfill";
}

/**
 * What cursors are written and read with, and limits. A lock that somebody else holds is waited for shortly, less than
 * `deadlock_timeout`, and asked for again: no session of the application is chosen as a deadlock's victim for our sake.
 * A worker that is stopped inside a batch loses its transaction and with it the locks on its rows.
 */
export function sessionSettings(job: Pick<JobSpec, "set" | "todo">): string {
  return [...cursorSettings, ...limits, settingForTriggers(job)].join(";\n");
}

/** What cursors are written and read with. */
export const cursorSettings = [
  "SET DateStyle = 'ISO, MDY'",
  "SET IntervalStyle = 'postgres'",
  "SET TimeZone = 'UTC'",
  "SET extra_float_digits = 1",
  "SET bytea_output = 'hex'",
  // Rows that the role may not see would be passed over in silence: with this it is an error.
  "SET row_security = off",
];

const limits = [
  "SET lock_timeout = '250ms'",
  "SET statement_timeout = '60s'",
  "SET idle_in_transaction_session_timeout = '10s'",
];
