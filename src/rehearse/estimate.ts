import type { Work } from "../effects/index.ts";
import type { Calibration, Estimate } from "./model.ts";

export interface Measured {
  readonly scale: number;
  readonly ms: number;
  /** Each time; `ms` is their median, which stands for one that was measured once. */
  readonly times?: readonly number[];
}

export interface EstimateRequest {
  /** Without load; on two scales at least, or at full size. */
  readonly measured: readonly Measured[];
  /** The least time on tables of one row each; undefined where that is not known. */
  readonly bareMs: number | undefined;
  /** It does nothing with rows: no part grows with them. */
  readonly isCatalogOnly?: boolean;
  readonly work: readonly Work[];
  /** Median and slowest statement of the load before and during it, on the largest scale; undefined without load. */
  readonly underLoad: { readonly ms: number; readonly aloneMs: number } | undefined;
  readonly calibration: Calibration | undefined;
}

/** What the likely duration is divided and multiplied by, as long as no past runs tell otherwise: another machine, other load, other rows. */
export const usualMultiplier = 2;

/** What takes no longer is over at once: a scheduler's turn or one write to the disk decides how long it is. */
export const atOnceMs = 30;

/**
 * Predicts how long something takes at full size from how long it took at fractions of it: a fixed part, the least that was
 * seen on whatever rows, and one that grows with the rows, from the least at the largest scale: what disturbs only adds, and
 * what it adds to little is multiplied most. Without a run on one row, a line through the scales. What sorts grows with the logarithm
 * besides. The range has a multiplier with its reasons; past runs move, widen and narrow it.
 */
export function estimate(request: EstimateRequest): Estimate | undefined {
  const { measured, bareMs, isCatalogOnly = false, work, underLoad, calibration } = request;
  const largest = measured.toSorted((a, b) => a.scale - b.scale).at(-1);
  if (largest === undefined || (measured.length < 2 && largest.scale < 1)) return undefined;
  const sorts = work.some(({ kind }) => kind === "index-build");
  const points = measured
    .toSorted((a, b) => a.scale - b.scale)
    .map(({ scale, ms, times = [ms] }) => ({
      size: sorts ? sorted(scale) : scale,
      ms: Math.min(...times),
    }));
  const parts =
    isCatalogOnly || bareMs !== undefined ? fromLargest(points, bareMs) : throughAll(points);
  const { fixed } = parts;
  const growing = isCatalogOnly ? 0 : parts.growing;
  const { times = 1, multiplier = usualMultiplier } = calibration ?? {};
  const likely = (fixed + growing) * times;
  const isAtOnce = likely <= atOnceMs;
  const reasons: string[] = [
    calibration === undefined
      ? `another machine, other load, other rows: ${multiplier} × in either direction`
      : `${calibration.runs} past runs took ${times.toFixed(2)} × what was measured, nine of ten within ${multiplier.toFixed(2)} × of that in either direction`,
  ];
  if (sorts && largest.scale < 1 && growing > fixed)
    reasons.push(
      `an index is sorted: ${(largest.scale / sorted(largest.scale)).toFixed(2)} × for ${share(1 / largest.scale)} × the rows`,
    );
  const apart = spread(points, fixed, parts.growing);
  if (apart > 1.25 && !isAtOnce)
    reasons.push(`the sizes do not lie on one line: they differ by up to ${apart.toFixed(1)} ×`);
  if (!isAtOnce && isLost(largest, bareMs))
    reasons.push(
      `with ${share(largest.scale * 100)} % of the rows it takes hardly longer than with one, less than repeats differ by: the range says little, a larger --scale says more`,
    );
  for (const one of phrases(work)) reasons.push(one);
  if (largest.scale < 0.05)
    reasons.push(
      `from ${share(largest.scale * 100)} % of the rows: what no longer fits into memory is not in it`,
    );
  if (
    underLoad !== undefined &&
    underLoad.ms > underLoad.aloneMs * 1.2 &&
    underLoad.aloneMs > atOnceMs
  )
    reasons.push(
      `beside the load it took ${(underLoad.ms / underLoad.aloneMs).toFixed(1)} × as long; the range is without load`,
    );
  return {
    leastMs: isAtOnce ? 0 : likely / multiplier,
    likelyMs: likely,
    mostMs: Math.max(atOnceMs, likely * multiplier),
    multiplier,
    fixedMs: fixed,
    growingMs: growing,
    reasons,
  };
}

/** One after the other; the reasons are the caller's to give. */
export function sumOf(estimates: readonly Estimate[]): Estimate {
  const sum = (of: (one: Estimate) => number) => estimates.reduce((all, one) => all + of(one), 0);
  return {
    leastMs: sum(({ leastMs }) => leastMs),
    likelyMs: sum(({ likelyMs }) => likelyMs),
    mostMs: sum(({ mostMs }) => mostMs),
    multiplier: Math.max(...estimates.map(({ multiplier }) => multiplier)),
    fixedMs: sum(({ fixedMs }) => fixedMs),
    growingMs: sum(({ growingMs }) => growingMs),
    reasons: [],
  };
}

/** What grows with the rows cannot be told from what differs from one time to the next. */
function isLost({ ms, times = [ms] }: Measured, bareMs: number | undefined): boolean {
  return bareMs !== undefined && ms - bareMs < Math.max(...times) - Math.min(...times);
}

/** What a share of the rows is of the whole for a sort: n log n, of a million rows. */
function sorted(scale: number): number {
  return scale * Math.max(0.2, 1 + Math.log2(scale) / 20);
}

interface Point {
  /** Share of the whole, in what it takes to do it. */
  readonly size: number;
  readonly ms: number;
}

interface Parts {
  readonly fixed: number;
  readonly growing: number;
}

/** @param points smallest first */
function fromLargest(points: readonly Point[], bareMs = Number.POSITIVE_INFINITY): Parts {
  const largest = points.at(-1)!;
  const fixed = Math.min(bareMs, ...points.map(({ ms }) => ms));
  return { fixed, growing: (largest.ms - fixed) / largest.size };
}

/** The line nearest to all points with no part below zero; distances count by their share of the value. */
function throughAll(points: readonly Point[]): Parts {
  const weights = points.map(({ ms }) => 1 / Math.max(1, ms) ** 2);
  const sum = (of: (one: Point) => number) =>
    points.reduce((all, one, n) => all + weights[n]! * of(one), 0);
  const [xx, xy] = [sum(({ size }) => size ** 2), sum(({ size, ms }) => size * ms)];
  const [w, x, y] = [sum(() => 1), sum(({ size }) => size), sum(({ ms }) => ms)];
  const growing = (w * xy - x * y) / (w * xx - x ** 2);
  if (!Number.isFinite(growing) || growing <= 0) return { fixed: y / w, growing: 0 };
  const fixed = (y - growing * x) / w;
  return fixed >= 0 ? { fixed, growing } : { fixed: 0, growing: xy / xx };
}

/** By how much the worst point lies off the line. */
function spread(points: readonly Point[], fixed: number, growing: number): number {
  return Math.max(
    1,
    ...points.map(({ size, ms }) => {
      const told = Math.max(0.1, fixed + growing * size);
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
