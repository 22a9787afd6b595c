import type { Queryable } from "../pg/index.ts";
import type { Remained } from "./history.ts";

/** The trace of one statement: what was tried, how long it took, how it ended. */
export interface StepRow {
  readonly run: string;
  readonly source: string;
  readonly migration: string;
  readonly unit: number;
  /** Position in the file, from 0. */
  readonly statement: number;
  readonly line: number;
  /** Masked. */
  readonly sql: string;
  /** ISO time. */
  readonly started_at: string;
  /** Null when it never ended, or shares the unit's time. */
  readonly ms: number | null;
  readonly attempts: number;
  /** Time between attempts. */
  readonly paused_ms: number;
  /** Time that was seen to be spent waiting for locks: waits shorter than a second escape notice. */
  readonly waited_ms: number;
  /** `found`: its effect was already there, left by a run that died before it could say so. */
  readonly outcome: "succeeded" | "failed" | "rolled-back" | "cancelled" | "found";
  readonly sqlstate: string | null;
  readonly error: string | null;
  readonly remained: Remained | null;
}

/** Writes many rows in one round trip. */
export async function writeSteps(database: Queryable, rows: readonly StepRow[]): Promise<void> {
  await database.query(
    `INSERT INTO lockstep.step (run, source, migration, unit, statement, line, sql, started_at, ms, attempts, paused_ms, waited_ms, outcome, sqlstate, error, remained)
     SELECT run, source, migration, unit, statement, line, sql, started_at, ms, attempts, paused_ms, waited_ms, outcome, sqlstate, error, remained
     FROM pg_catalog.jsonb_to_recordset($1) AS r (run uuid, source text, migration text, unit integer, statement integer, line integer, sql text, started_at timestamptz,
       ms double precision, attempts integer, paused_ms double precision, waited_ms double precision, outcome text, sqlstate text, error text, remained text)`,
    [JSON.stringify(rows)],
  );
}
