import type { Duration } from "../effects/index.ts";
import { atOnceMs, usualMultiplier } from "./estimate.ts";
import type { Calibration, Estimate, Rehearsal } from "./model.ts";

/** A statement that was estimated, and has run since. */
export interface Held {
  readonly migration: string;
  readonly file: string;
  readonly line: number;
  readonly sql: string;
  readonly estimate: Estimate;
  /** How long it took. */
  readonly ms: number;
  /** ISO time at which it ran. */
  readonly at: string;
  readonly isInside: boolean;
}

/** What of a rehearsal's estimates can be held against runs that came after it. */
export function heldAgainst(
  { takenAt, statements }: Pick<Rehearsal, "takenAt" | "statements">,
  durations: readonly Duration[],
): readonly Held[] {
  return statements.flatMap(({ migration, file, line, sql, estimate }) => {
    const run = durations.find((one) => one.migration === migration && one.line === line);
    if (estimate === undefined || run === undefined || run.at < takenAt) return [];
    const { ms, at } = run;
    const isInside = ms >= estimate.leastMs && ms <= estimate.mostMs;
    return [{ migration, file, line, sql, estimate, ms, at, isInside }];
  });
}

/** Ranges are to hold nine of ten: so many standard deviations of a normal distribution to either side. */
const nineOfTen = 1.645;
/** As how many runs the usual centre and the usual width count beside those that were. */
const beliefInCentre = 3;
const beliefInWidth = 4;

/**
 * What past runs say of estimates: by how much they were off on the whole, and how far each lay from that. Few runs move
 * little. Undefined when none tells anything: what is over at once is as long everywhere.
 */
export function calibrate(past: readonly Held[]): Calibration | undefined {
  const off = past
    .filter(({ estimate, ms }) => estimate.leastMs > 0 || ms > atOnceMs)
    .map(({ estimate, ms }) => Math.log(Math.max(1, ms) / (estimate.fixedMs + estimate.growingMs)))
    .filter(Number.isFinite);
  if (off.length === 0) return undefined;
  const sum = (of: (value: number) => number) => off.reduce((all, value) => all + of(value), 0);
  const centre = sum((value) => value) / (off.length + beliefInCentre);
  const usual = (Math.log(usualMultiplier) / nineOfTen) ** 2;
  const variance =
    (beliefInWidth * usual + sum((value) => (value - centre) ** 2)) / (beliefInWidth + off.length);
  return {
    runs: off.length,
    times: Math.exp(centre),
    multiplier: Math.exp(nineOfTen * Math.sqrt(variance)),
  };
}
