import { LockstepError } from "../errors/index.ts";
import { plansInFlight } from "../ledger/index.ts";
import { Session } from "../pg/index.ts";
import type { PlanFolder } from "../plan/index.ts";
import { readOutstanding, runOptions, type GivenRunOptions } from "../runner/index.ts";
import type { Migration, MigrationFolder } from "../tools/index.ts";
import { planFor } from "./as-carried.ts";
import { conflictOf } from "./conflicts.ts";

/** A command of the user's that is to apply what is pending in a folder. */
export interface CommandRequest {
  readonly url: string;
  readonly folder: MigrationFolder;
  readonly plans: readonly PlanFolder[];
  /** The folder with the SQL of its migrations; undefined when it is not to be had. */
  readonly recorded: () => Promise<MigrationFolder | undefined>;
  readonly shown: string;
  readonly options?: GivenRunOptions | undefined;
}

/**
 * Refuses a command that would run a migration for which there is a plan, or touch what a plan in flight changes. What
 * cannot be told counts as touching.
 * @throws LockstepError `plan-conflict`
 */
export async function requireNoPlans(request: CommandRequest): Promise<void> {
  const { url, folder, plans, recorded, shown } = request;
  await using session = await Session.open({ url, applicationName: "lockstep/plans" });
  const { pending } = (await readOutstanding(session, folder, runOptions(request.options))).todo;
  const planned = pending.find((one) => planFor(plans, one) !== undefined);
  if (planned !== undefined) throw hasPlan(planned, planFor(plans, planned)!, shown);
  const [inFlight] = await plansInFlight(session);
  if (inFlight === undefined || pending.length === 0) return;
  const known = new Map((await recorded())?.migrations.map((one) => [one.id, one]));
  for (const one of pending) {
    const migration = known.get(one.id) ?? { ...one, sql: unknownSql };
    const conflict = await conflictOf(session, migration, undefined);
    if (conflict !== undefined) throw conflict;
  }
}

/** A statement of which nobody can say what it touches. */
const unknownSql = "DO ''";

/**
 * A tool's own command runs all that is pending: no migration without a plan may stand before one that has a plan.
 * @throws LockstepError `plan-conflict`
 */
export function requirePlansFirst(
  { tool }: MigrationFolder,
  plans: readonly PlanFolder[],
  pending: readonly Migration[],
): void {
  const first = pending.findIndex((one) => planFor(plans, one) === undefined);
  if (first === -1) return;
  const planned = pending.slice(first).find((one) => planFor(plans, one) !== undefined);
  if (planned === undefined) return;
  const before = pending[first]!;
  throw new LockstepError("plan-conflict", {
    what: `${planned.file} has a plan, and ${before.file} before it is still pending`,
    expected: "that nothing without a plan is pending before it",
    found: before.id,
    from: planned.file,
    why: `${tool}'s own command runs all that is pending at once, also what is to be carried as a plan`,
    next: [`deploy a commit with ${before.file} and without ${planned.file} first`],
  });
}

function hasPlan({ file }: Migration, { path }: PlanFolder, shown: string): LockstepError {
  return new LockstepError("plan-conflict", {
    what: `${shown} would run ${file} as it is, and there is a plan for it`,
    expected: "that the plan is carried",
    found: path,
    from: file,
    why: "the plan was made because the migration alone breaks the release that runs, or holds locks for long",
    next: ["lockstep migrate, which carries the plan", `or remove ${path}, when it is not wanted`],
  });
}
