import { sqlState, type Queryable } from "../pg/index.ts";
import { quoteLiteral } from "../sql/index.ts";

/**
 * How far a plan has come:
 * - `expand`, `backfill`: that phase has begun
 * - `ready`: both releases can run; the contract phase waits for the end of the old one
 * - `contract`: the contract phase has begun, there is no way back
 * - `abort`: it is being taken back
 */
export type PlanPhase =
  | "expand"
  | "backfill"
  | "ready"
  | "contract"
  | "finished"
  | "abort"
  | "aborted";

/** A plan that was begun in a database. */
export interface PlanRow {
  readonly id: string;
  /** The folder whose migration it carries, and that migration. */
  readonly source: string;
  readonly migration: string;
  /** Of the catalog that it was made for. */
  readonly fingerprint: string;
  /** Of its files, as they were when it was begun. */
  readonly checksum: string;
  readonly phase: PlanPhase;
  /** When the phase was reached. */
  readonly since: Date;
  readonly begunAt: Date;
  readonly run: string | undefined;
  /** Tables that it is about, as `qualifiedName` writes them. */
  readonly touches: readonly string[];
  /** Contract hashes of the releases that ran when it was begun. */
  readonly before: readonly string[];
  /** Whether instances of theirs had registered then: those that never do are not seen to be gone either. */
  readonly beatBefore: boolean;
  /** Why the contract phase was allowed to begin. */
  readonly evidence: unknown;
}

/** What is kept from the beginning of a plan on, beside what its phases add. */
interface Evidence {
  readonly beatBefore?: unknown;
}

/** Plans that were begun and are neither finished nor taken back, the oldest first; none when there is no ledger. */
export async function plansInFlight(database: Queryable): Promise<readonly PlanRow[]> {
  return select(database, "WHERE phase NOT IN ('finished', 'aborted') ORDER BY begun_at, id", []);
}

/** The plan of this id, however far it has come; undefined when it was never begun here. */
export async function readPlanRow(database: Queryable, id: string): Promise<PlanRow | undefined> {
  return (await select(database, "WHERE id = $1", [id]))[0];
}

async function select(
  database: Queryable,
  rest: string,
  values: readonly unknown[],
): Promise<readonly PlanRow[]> {
  try {
    const { rows } = await database.query<Record<string, unknown>>(
      `SELECT * FROM lockstep.plan ${rest}`,
      values,
    );
    return rows.map((row) => ({
      id: row["id"] as string,
      source: row["source"] as string,
      migration: row["migration"] as string,
      fingerprint: row["fingerprint"] as string,
      checksum: row["checksum"] as string,
      phase: row["phase"] as PlanPhase,
      since: row["since"] as Date,
      begunAt: row["begun_at"] as Date,
      run: (row["run"] as string | null) ?? undefined,
      touches: row["touches"] as string[],
      before: row["before"] as string[],
      beatBefore: (row["evidence"] as Evidence | null)?.beatBefore === true,
      evidence: row["evidence"] ?? undefined,
    }));
  } catch (error) {
    // undefined_table: no ledger, or one from before plans.
    if (sqlState(error) !== "42P01") throw error;
    return [];
  }
}

/** The statement that begins a plan, or begins it anew after it was taken back. */
export function beginPlanSql(
  plan: Omit<PlanRow, "phase" | "since" | "begunAt" | "evidence" | "run"> & {
    readonly run: string;
  },
): string {
  const values = [plan.id, plan.source, plan.migration, plan.fingerprint, plan.checksum];
  return `INSERT INTO lockstep.plan (id, source, migration, fingerprint, checksum, phase, run, touches, before, evidence)
VALUES (${values.map(quoteLiteral).join(", ")}, 'expand', '${plan.run}', ${array(plan.touches)}, ${array(plan.before)},
  '{"beatBefore": ${plan.beatBefore}}')
ON CONFLICT (id) DO UPDATE SET source = EXCLUDED.source, migration = EXCLUDED.migration, fingerprint = EXCLUDED.fingerprint,
  checksum = EXCLUDED.checksum, phase = 'expand', since = pg_catalog.now(), begun_at = pg_catalog.now(), run = EXCLUDED.run,
  touches = EXCLUDED.touches, before = EXCLUDED.before, evidence = EXCLUDED.evidence`;
}

/** The statement that says that a plan has reached a phase. */
export function movePlanSql(
  id: string,
  phase: PlanPhase,
  run: string,
  evidence?: Readonly<Record<string, unknown>>,
): string {
  const proof =
    evidence === undefined
      ? ""
      : `, evidence = coalesce(evidence, '{}') || ${quoteLiteral(JSON.stringify(evidence))}::jsonb`;
  return `UPDATE lockstep.plan SET phase = '${phase}', since = pg_catalog.now(), run = '${run}'${proof} WHERE id = ${quoteLiteral(id)}`;
}

/** Statements that forget that one migration of a source was run. */
export function forgetMigrationSql(source: string, id: string): readonly string[] {
  return [
    `DELETE FROM lockstep.unit WHERE source = ${quoteLiteral(source)} AND migration = ${quoteLiteral(id)}`,
    `DELETE FROM lockstep.migration WHERE source = ${quoteLiteral(source)} AND id = ${quoteLiteral(id)}`,
  ];
}

/** Statements that forget which of a source's migrations were run, so that they can be run again. */
export function forgetSourceSql(source: string): readonly string[] {
  return ["unit", "migration"].map(
    (table) => `DELETE FROM lockstep.${table} WHERE source = ${quoteLiteral(source)}`,
  );
}

function array(values: readonly string[]): string {
  return `ARRAY[${values.map(quoteLiteral).join(", ")}]::text[]`;
}
