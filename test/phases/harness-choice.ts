import { readTable } from "./harness-page.ts";

/** By scripts/plan-harness.mjs: each case is carried by processes that are killed, with both releases writing. */
export const isHarness = process.env["LOCKSTEP_HARNESS_KILL_EVERY"] !== undefined;

/** A part of a case's name: the others are left out. */
const only = process.env["LOCKSTEP_HARNESS_ONLY"] ?? "";

/** What scripts/plan-harness.mjs has carried already: cases without a row are missing, those of another plan stale. */
const table = isHarness ? readTable() : {};
const carried = process.env["LOCKSTEP_HARNESS_MISSING"] === undefined ? {} : table;
const isForStale = process.env["LOCKSTEP_HARNESS_STALE"] !== undefined;

/** Whether a case is among those that scripts/plan-harness.mjs was asked for; each is where it does not ask. */
export function isChosen(operation: string, name: string, major: number): boolean {
  return name.includes(only) && carried[operation]?.cases[name]?.[major]?.failures !== 0;
}

/** The plan that a case was carried by without failures, when scripts/plan-harness.mjs is asked for the others. */
export function carriedPlan(operation: string, name: string, major: number): string | undefined {
  const row = isForStale ? table[operation]?.cases[name]?.[major] : undefined;
  return row?.failures === 0 ? row.plan : undefined;
}
