import type { FilledClone } from "../clone/index.ts";
import type { Effect, Sizes, Work } from "../effects/index.ts";
import { besideStep } from "./beside-load.ts";
import { estimate } from "./estimate.ts";
import type { LoadStatement } from "./load.ts";
import type { RehearsedScale, RehearsedStatement } from "./model.ts";
import { diskOf, walOf, type Ran } from "./run-once.ts";
import { walBetween } from "./steps.ts";

/** One clone and what the pending work did on it. */
export interface Done {
  readonly scale: number;
  readonly clone: FilledClone;
  readonly ran: Ran;
}

export function scaleOf({ scale, clone, ran }: Done): RehearsedScale {
  const { peak, grown } = diskOf(ran.samples);
  const sum = (of: (table: FilledClone["tables"][number]) => number) =>
    clone.tables.reduce((all, table) => all + of(table), 0);
  return {
    scale,
    tables: clone.tables,
    rows: sum(({ rows }) => rows),
    bytes: sum(({ bytes }) => bytes),
    fillMs: clone.ms,
    ms: ran.ended - ran.began,
    walBytes: walOf(ran.samples),
    peakBytes: peak,
    grownBytes: grown,
  };
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
  effects: ReadonlyMap<string, Effect>,
  loaded: { readonly ran: Ran; readonly statements: readonly LoadStatement[] } | undefined,
): readonly RehearsedStatement[] {
  const largest = done.at(-1);
  if (largest === undefined) return [];
  return largest.ran.steps.map(({ statement, ms: aloneMs }, index): RehearsedStatement => {
    const isSame = (ran: Ran) => {
      const step = ran.steps[index];
      return step?.statement.file === statement.file && step.statement.line === statement.line
        ? step
        : undefined;
    };
    const runs = done.flatMap(({ scale, ran }) => {
      const step = isSame(ran);
      return step === undefined
        ? []
        : [{ scale, ms: step.ms, walBytes: walBetween(ran.samples, step) }];
    });
    const { migration, file, line, sql } = statement;
    const effect = effects.get(`${file}:${line}`);
    const work: readonly Work[] = effect?.work ?? [];
    const beside = loaded === undefined ? undefined : isSame(loaded.ran);
    return {
      migration,
      file,
      line,
      sql,
      effect: effect === undefined ? undefined : { locks: effect.locks, work },
      runs,
      estimate: estimate({
        measured: runs,
        work,
        underLoad: beside === undefined ? undefined : { ms: beside.ms, aloneMs },
      }),
      load: beside === undefined ? undefined : besideStep(loaded!.ran, beside, loaded!.statements),
    };
  });
}
