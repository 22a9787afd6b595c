import type { FilledClone } from "../clone/index.ts";
import type { Sizes, Work } from "../effects/index.ts";
import { besideStep } from "./beside-load.ts";
import { estimate, sumOf as sumOfEstimates } from "./estimate.ts";
import type { LoadStatement } from "./load.ts";
import type {
  Calibration,
  Estimate,
  Rehearsal,
  RehearsedScale,
  RehearsedStatement,
} from "./model.ts";
import type { Observed } from "./observed-effects.ts";
import { diskOf, walOf, type Ran } from "./run-once.ts";
import { shortOf, shortTables } from "./short-tables.ts";
import { walBetween, type Step } from "./steps.ts";

/** One clone and what the pending work did on it. */
export interface Done {
  readonly scale: number;
  readonly clone: FilledClone;
  readonly ran: Ran;
  /** The same again, each on a copy of the same rows, with nobody looking. */
  readonly repeats: readonly Ran[];
}

export function scaleOf({ scale, clone, ran, repeats }: Done): RehearsedScale {
  const times = [ran, ...repeats].map(wholeOf);
  const { peak, grown } = diskOf(ran.samples);
  const sum = (of: (table: FilledClone["tables"][number]) => number) =>
    clone.tables.reduce((all, table) => all + of(table), 0);
  return {
    scale,
    tables: clone.tables,
    rows: sum(({ rows }) => rows),
    bytes: sum(({ bytes }) => bytes),
    fillMs: clone.ms,
    ms: median(times),
    times,
    walBytes: walOf(ran.samples),
    peakBytes: peak,
    grownBytes: grown,
  };
}

/** How long a run took, without the time that the server waited for a processor. */
export function wholeOf({ began, ended, steps }: Ran): number {
  return steps.reduce((all, { ms, workMs }) => all - ms + workMs, ended - began);
}

/** Share of the statements' time that the server waited for a processor. */
export function waitingOf(runs: readonly Ran[]): number {
  const steps = runs.flatMap((ran) => ran.steps);
  const sum = (of: (step: Step) => number) => steps.reduce((all, step) => all + of(step), 0);
  return (
    1 -
    sum(({ workMs }) => workMs) /
      Math.max(
        1,
        sum(({ ms }) => ms),
      )
  );
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Rows and bytes of the source in the tables that the clone has. */
export function sumOf(
  { relations }: Sizes,
  names: ReadonlySet<string>,
): { readonly rows: number; readonly bytes: number } {
  let [rows, bytes] = [0, 0];
  for (const [name, size] of Object.entries(relations))
    if (names.has(name)) {
      rows += size.rows;
      bytes += size.totalBytes;
    }
  return { rows, bytes };
}

export function statementsOf(
  done: readonly Done[],
  bare: readonly Ran[],
  effects: ReadonlyMap<string, Observed>,
  loaded: { readonly ran: Ran; readonly statements: readonly LoadStatement[] } | undefined,
  calibration: Calibration | undefined,
): readonly RehearsedStatement[] {
  const largest = done.at(-1);
  if (largest === undefined) return [];
  const short = shortTables(largest.clone);
  return largest.ran.steps.map(({ statement, workMs: aloneMs }, index): RehearsedStatement => {
    const same = (ran: Ran): readonly Step[] => {
      const step = ran.steps[index];
      return step?.statement.file === statement.file && step.statement.line === statement.line
        ? [step]
        : [];
    };
    const timesOf = (all: readonly Ran[]) =>
      all.flatMap((ran) => same(ran).map(({ workMs }) => workMs));
    const runs = done.flatMap(({ scale, ran, repeats }) =>
      same(ran).map((step) => {
        const times = timesOf([ran, ...repeats]);
        return { scale, ms: median(times), times, walBytes: walBetween(ran.samples, step) };
      }),
    );
    const bareTimes = timesOf(bare);
    const bareMs = bareTimes.length === 0 ? undefined : median(bareTimes);
    const { migration, file, line, sql } = statement;
    const { effect, isCatalogOnly = false } = effects.get(`${file}:${line}`) ?? {};
    const work: readonly Work[] = effect?.work ?? [];
    const beside = loaded === undefined ? undefined : same(loaded.ran)[0];
    const isShort =
      shortOf({ sql, work: effect === undefined ? undefined : work }, short).length > 0;
    return {
      migration,
      file,
      line,
      sql,
      effect: effect === undefined ? undefined : { locks: effect.locks, work },
      runs,
      bareMs,
      estimate: isShort
        ? undefined
        : estimate({
            measured: runs,
            bareMs: bareMs === undefined ? undefined : Math.min(...bareTimes),
            isCatalogOnly,
            work,
            underLoad: beside === undefined ? undefined : { ms: beside.workMs, aloneMs },
            calibration,
          }),
      load: beside === undefined ? undefined : besideStep(loaded!.ran, beside, loaded!.statements),
    };
  });
}

/**
 * How long all of it takes: the statements, and what the runner does around them, which does not grow with the rows. Of a plan a part is
 * no statement (its backfill): with one the whole is estimated by its own times. Undefined where a statement has no estimate.
 */
export function wholeEstimate(
  done: readonly Done[],
  bare: readonly Ran[],
  statements: readonly RehearsedStatement[],
  calibration: Calibration | undefined,
): Estimate | undefined {
  const runs = done.flatMap(({ ran, repeats }) => [ran, ...repeats]);
  const known = statements.flatMap((one) => one.estimate ?? []);
  const question = { work: [], underLoad: undefined, calibration };
  if (known.length < statements.length) return undefined;
  if (runs.some(({ carried }) => carried.length > 0))
    return estimate({
      ...question,
      measured: done.map(scaleOf),
      bareMs: bare.length === 0 ? undefined : Math.min(...bare.map(wholeOf)),
    });
  if (runs.length === 0) return undefined;
  const ms = Math.min(...[...bare, ...runs].map(aroundOf));
  const around = estimate({ ...question, measured: [{ scale: 1, ms }], bareMs: ms })!;
  const reasons = [
    `the statements one after the other, and ${Math.round(ms)} ms of the runner around them`,
  ];
  return { ...sumOfEstimates([...known, around]), reasons };
}

/** Connections, locks and records: what a run takes beside its statements. */
function aroundOf({ began, ended, steps }: Ran): number {
  return Math.max(
    0,
    steps.reduce((left, { ms }) => left - ms, ended - began),
  );
}

/** Migrations that hold such a statement: of them the way back has no estimate either. */
export function withoutEstimate(statements: Rehearsal["statements"]): readonly string[] {
  return statements.flatMap(({ migration, estimate }) =>
    estimate === undefined ? [migration] : [],
  );
}
