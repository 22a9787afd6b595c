import type { Remained, StepRow } from "../ledger/index.ts";
import { sqlState } from "../pg/index.ts";
import type { Statement } from "../sql/index.ts";
import type { RunContext, UnitWork } from "./context.ts";
import { errorText } from "./failure.ts";

/** How long a unit took so far and how often it was tried. */
export interface Effort {
  readonly startedAt: string;
  /** `performance.now()` at its start. */
  readonly began: number;
  attempts: number;
  pausedMs: number;
  waitedMs: number;
}

export function beginEffort(): Effort {
  return {
    startedAt: new Date().toISOString(),
    began: performance.now(),
    attempts: 0,
    pausedMs: 0,
    waitedMs: 0,
  };
}

/** How one statement ended. */
export interface StepEnd {
  readonly outcome: StepRow["outcome"];
  /** Null when its own time is not known. */
  readonly ms: number | null;
  readonly error?: unknown;
  readonly remained?: Remained;
}

/** The trace of one statement. */
export function stepRow(
  context: RunContext,
  { migration, unit }: UnitWork,
  effort: Effort,
  statement: Statement,
  sql: string,
  end: StepEnd,
): StepRow {
  return {
    run: context.signature.run,
    source: context.signature.source,
    migration: migration.id,
    unit: unit.number,
    statement: statement.index,
    line: statement.line,
    sql,
    started_at: effort.startedAt,
    ms: end.ms,
    attempts: effort.attempts,
    paused_ms: effort.pausedMs,
    waited_ms: effort.waitedMs,
    outcome: end.outcome,
    sqlstate: sqlState(end.error) ?? null,
    error: end.error === undefined ? null : errorText(context.url, end.error, statement),
    remained: end.remained ?? null,
  };
}
