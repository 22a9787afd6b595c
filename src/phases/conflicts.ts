import { LockstepError } from "../errors/index.ts";
import { plansInFlight, type PlanRow } from "../ledger/index.ts";
import type { Session } from "../pg/index.ts";
import type { PlanFolder } from "../plan/index.ts";
import type { Migration } from "../tools/index.ts";
import { describePhase } from "./requirements.ts";
import { ownNames, shared, touchedBy, touchedByPlan, type Touched } from "./touches.ts";

/**
 * Why a pending migration, with its plan or without one, has to wait for a plan in flight; undefined when it touches
 * nothing of any. What cannot be told counts as touching.
 */
export async function conflictOf(
  session: Session,
  migration: Migration,
  plan: PlanFolder | undefined,
): Promise<LockstepError | undefined> {
  const rows = await plansInFlight(session);
  if (rows.length === 0) return undefined;
  const touched =
    plan === undefined ? await touchedBy(migration.sql, migration.file) : await touchedByPlan(plan);
  const names = new Set(await ownNames(session, touched.names));
  for (const row of rows) {
    const common = shared(new Set(row.touches), names);
    if (common.length > 0 || touched.unknown !== undefined)
      return conflict(migration, row, common, touched);
  }
  return undefined;
}

function conflict(
  { id, file }: Migration,
  row: PlanRow,
  common: readonly string[],
  { unknown }: Touched,
): LockstepError {
  return new LockstepError("plan-conflict", {
    what: `${file} waits for plan ${row.id}`,
    expected: "migrations that touch nothing of a plan in flight",
    found: common.length > 0 ? `both touch ${common.join(", ")}` : unknown!,
    from: `lockstep.plan: ${describePhase(row)}`,
    why: "until that plan is finished its tables have two forms, which neither this migration nor the way back knows",
    next: [
      `finish it: lockstep migrate --phase contract ${row.id}; then lockstep migrate applies ${id} and what follows`,
      `or take it back: lockstep rollback ${row.id}`,
    ],
  });
}
