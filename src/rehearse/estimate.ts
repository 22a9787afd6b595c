import type { Work } from "../effects/index.ts";
import type { Estimate } from "./model.ts";

export interface Measured {
  readonly scale: number;
  readonly ms: number;
}

export interface EstimateRequest {
  /** On two scales at least, without load. */
  readonly measured: readonly Measured[];
  readonly work: readonly Work[];
  /** Median and slowest statement of the load before and during it, on the largest scale; undefined without load. */
  readonly underLoad: { readonly ms: number; readonly aloneMs: number } | undefined;
}

/**
 * What lies between this machine and another one: disks and processors of servers differ by about so much, in either
 * direction. A choice; past runs are to narrow it.
 */
const machine = 1.6;

/** A duration that is no longer than this is taken for the cost of a statement that only changes the catalog. */
const catalogMs = 30;

/**
 * Predicts how long something takes at full size from how long it took at fractions of it: a fixed part and one that grows with
 * the rows, by least squares over the scales, neither below zero. A sort grows a little faster. The range has a multiplier
 * whose factors are its reasons.
 */
export function estimate({ measured, work, underLoad }: EstimateRequest): Estimate | undefined {
  const largest = measured.toSorted((a, b) => a.scale - b.scale).at(-1);
  if (measured.length < 2 || largest === undefined) return undefined;
  const { fixed, slope } = fit(measured);
  const reasons: string[] = [];
  const sorts = work.some(({ kind }) => kind === "index-build");
  // n log n: a clone of n rows has to compare log n times for each.
  const growth = sorts && largest.scale < 1 ? 1 + Math.log2(1 / largest.scale) / 20 : 1;
  if (growth > 1)
    reasons.push(
      `an index is sorted: ${growth.toFixed(2)} × for ${share(1 / largest.scale)} × the rows`,
    );
  const growing = slope * growth;
  const likely = fixed + growing;
  const apart = spread(measured, fixed, slope);
  const isCatalog =
    measured.every(({ ms }) => ms <= catalogMs) && slope * largest.scale < catalogMs;
  let multiplier = machine;
  reasons.push(`another machine: ${machine} × in either direction`);
  if (apart > 1.05 && !isCatalog) {
    multiplier *= Math.min(apart, 1.25);
    reasons.push(
      `the scales do not lie on one line: ${Math.min(apart, 1.25).toFixed(2)} ×${apart > 1.25 ? ` (they differ by ${apart.toFixed(1)} ×)` : ""}`,
    );
  }
  for (const one of phrases(work)) reasons.push(one);
  if (largest.scale < 0.05)
    reasons.push(
      `from ${share(largest.scale * 100)} % of the rows: what no longer fits into memory is not in it`,
    );
  if (
    underLoad !== undefined &&
    underLoad.ms > underLoad.aloneMs * 1.2 &&
    underLoad.aloneMs > catalogMs
  )
    reasons.push(
      `beside the load it took ${(underLoad.ms / underLoad.aloneMs).toFixed(1)} × as long; the range is without load`,
    );
  return {
    leastMs: likely / multiplier,
    likelyMs: likely,
    mostMs: likely * multiplier,
    multiplier,
    fixedMs: fixed,
    growingMs: growing,
    reasons,
  };
}

/** The line nearest to all points with no part below zero; distances count by their share of the value. */
function fit(measured: readonly Measured[]): { readonly fixed: number; readonly slope: number } {
  const weights = measured.map(({ ms }) => 1 / Math.max(1, ms) ** 2);
  const sum = (of: (one: Measured) => number) =>
    measured.reduce((all, one, n) => all + weights[n]! * of(one), 0);
  const [w, x, y] = [sum(() => 1), sum(({ scale }) => scale), sum(({ ms }) => ms)];
  const xx = sum(({ scale }) => scale ** 2);
  const xy = sum(({ scale, ms }) => scale * ms);
  const slope = (w * xy - x * y) / (w * xx - x ** 2);
  if (!Number.isFinite(slope) || slope <= 0) return { fixed: y / w, slope: 0 };
  const fixed = (y - slope * x) / w;
  return fixed >= 0 ? { fixed, slope } : { fixed: 0, slope: xy / xx };
}

/** By how much the worst point lies off the line. */
function spread(measured: readonly Measured[], fixed: number, slope: number): number {
  return Math.max(
    1,
    ...measured.map(({ scale, ms }) => {
      const told = Math.max(0.1, fixed + slope * scale);
      return Math.max(told / Math.max(0.1, ms), ms / told);
    }),
  );
}

function phrases(work: readonly Work[]): readonly string[] {
  const said: string[] = [];
  for (const one of work) {
    if (one.kind === "rewrite")
      said.push(`every row of ${one.relation} is written again, with its indexes`);
    if (one.kind === "scan") said.push(`${one.relation} is read in full`);
    if (one.kind === "index-build") said.push(`an index is built over ${one.relation}`);
    if (one.kind === "foreign-key-check")
      said.push(`rows of ${one.relation} are looked up in ${one.parent}`);
    if (one.kind === "row-change")
      said.push(`rows of ${one.relation} are changed (${one.command})`);
  }
  return [...new Set(said)];
}

function share(value: number): string {
  return value >= 10 ? value.toFixed(0) : Number(value.toPrecision(2)).toString();
}
