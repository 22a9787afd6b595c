import { randomUUID } from "node:crypto";
import { LockstepError } from "../errors/index.ts";
import type { Emit } from "../events/index.ts";
import { plansInFlight, runningReleases, type PlanPhase, type PlanRow } from "../ledger/index.ts";
import { Session } from "../pg/index.ts";
import type { PlanFolder } from "../plan/index.ts";
import {
  hasWork,
  migrate,
  readOutstanding,
  runOptions,
  type MigrateRequest,
  type MigrateResult,
  type MigrationDone,
} from "../runner/index.ts";
import type { Migration } from "../tools/index.ts";
import { planFor } from "./as-carried.ts";
import { requirePlansFirst } from "./programs.ts";
import { conflictOf } from "./conflicts.ts";
import { asOneRun } from "./own-run.ts";
import { describePhase } from "./requirements.ts";
import { runPhase, type PhaseRequest, type PhaseResult } from "./run-phase.ts";
import { requireProven, requireStart } from "./start.ts";
import { tellPhase } from "./tell.ts";
import { ownNames, touchedByPlan } from "./touches.ts";

export interface CarryRequest extends Omit<MigrateRequest, "alongside"> {
  /** The plans of the repository. */
  readonly plans: readonly PlanFolder[];
  /** Whose running releases are to be remembered as the old ones. */
  readonly environment: string;
  /** How long after its last heartbeat an instance counts as running, in ms. */
  readonly instanceTtlMs: number;
  /** How rows are filled. */
  readonly backfill?: PhaseRequest["backfill"];
  /** How far plans are carried: both phases, or the first only. */
  readonly upTo?: "expand" | "backfill" | undefined;
  /**
   * Applies all that is pending where migrations are programs: their tool's own command, guarded. Without it a folder of
   * programs is carried only as far as its plans go.
   */
  readonly runProgram?: ((emit: Emit) => Promise<Plain>) | undefined;
}

/** What was applied as it is; of programs it is not known how long each took. */
interface Plain {
  readonly applied: readonly (Pick<MigrationDone, "id" | "file"> & Partial<MigrationDone>)[];
  readonly adopted: readonly string[];
}

export interface CarryResult extends Plain, Omit<MigrateResult, keyof Plain> {
  /** Plans that this run has carried, and where they stand. */
  readonly carried: readonly PhaseResult[];
}

/**
 * Applies what is pending, in order: a migration that has a plan as expand and backfill, up to its contract phase, the
 * others as they are. Plans that an earlier run has begun are gone on with first. What touches the same objects as a
 * plan in flight waits, with all that stands behind it.
 *
 * @throws LockstepError what `migrate` and `runPhase` throw; `plan-unproven`, `plan-outdated`, `plan-conflict`,
 * `plan-phase` while a plan is being taken back
 */
export async function carry(request: CarryRequest): Promise<CarryResult> {
  const { url, folder, plans, emit } = request;
  const options = runOptions(request.options);
  await using session = await Session.open({ url, applicationName: "lockstep/plans" });
  const { todo } = await readOutstanding(session, folder, options);
  const inFlight = await plansInFlight(session);
  const { pending } = todo;
  const isPlain = pending.every((one) => planFor(plans, one) === undefined);
  const isResting = inFlight.every(({ phase }) => phase === "ready");
  const began = performance.now();
  const run = request.run ?? randomUUID();
  if (isResting && !hasWork(todo)) return nothingToDo(request, session.where, run);
  const { runProgram } = request;
  const isOwn = folder.program === undefined || runProgram === undefined;
  if (isResting && (pending.length === 0 || (inFlight.length === 0 && isPlain))) {
    if (isOwn) return { ...(await migrate({ ...request, run })), carried: [] };
    const { applied, adopted } = await runProgram(emit);
    return { run, applied, adopted, carried: [], ms: performance.now() - began };
  }
  if (folder.program !== undefined) requirePlansFirst(folder, plans, pending);
  const target = session.where;
  emit({ type: "run.started", command: options.command, target, pending: pending.length });
  const done = new Carrying({ ...request, run }, session);
  const finish = (outcome: "succeeded" | "failed" | "stopped") =>
    emit({
      type: "run.finished",
      outcome,
      applied: done.applied.length + done.carried.length,
      ms: performance.now() - began,
    });
  try {
    const { options: given } = request;
    await asOneRun(session, { url, run, options: given }, async () => {
      if (todo.adopt.length + todo.unlisted.length > 0) await done.reconcile();
      for (const row of inFlight) await done.goOn(row);
      await done.applyAll(pending);
    });
    finish("succeeded");
  } catch (error) {
    const isStop = error instanceof LockstepError && error.code === "run-cancelled";
    finish(isStop ? "stopped" : "failed");
    throw error;
  }
  const { applied, adopted, carried } = done;
  return { run, applied, adopted, carried, ms: performance.now() - began };
}

/** As the runner tells it; a second connection would only find out the same. */
function nothingToDo({ emit, options }: CarryRequest, target: string, run: string): CarryResult {
  const { command } = runOptions(options);
  emit({ type: "run.started", command, target, pending: 0 });
  emit({ type: "run.finished", outcome: "succeeded", applied: 0, ms: 0 });
  return { run, applied: [], adopted: [], carried: [], ms: 0 };
}

/** One run over pending migrations and plans. */
class Carrying {
  readonly applied: Plain["applied"][number][] = [];
  readonly adopted: string[] = [];
  readonly carried: PhaseResult[] = [];
  readonly #request: CarryRequest;
  readonly #session: Session;

  constructor(request: CarryRequest, session: Session) {
    this.#request = request;
    this.#session = session;
  }

  /** A plan that was begun before. */
  async goOn(row: PlanRow): Promise<void> {
    const { plans, folder } = this.#request;
    if (row.phase === "ready") return;
    if (row.phase === "abort") throw beingTakenBack(row);
    const plan = plans.find(({ manifest }) => manifest.id === row.id);
    const migration = folder.migrations.find(({ id }) => id === row.migration);
    if (plan === undefined) throw planGone(row);
    requireProven(plan, this.#session.major);
    if (row.phase === "contract") await this.#phase(plan, migration, "contract");
    else await this.#expandAndBackfill(plan, migration, row.phase);
  }

  /** In order; what has no plan of its own is applied together as far as it stands together. */
  async applyAll(pending: readonly Migration[]): Promise<void> {
    const { plans, folder } = this.#request;
    for (const migration of pending) {
      const plan = planFor(plans, migration);
      if (plan !== undefined) requireProven(plan, this.#session.major);
    }
    let plain: Migration[] = [];
    for (const migration of pending) {
      const plan = planFor(plans, migration);
      const conflict = await conflictOf(this.#session, migration, plan);
      if (plan === undefined && conflict === undefined) {
        plain.push(migration);
        continue;
      }
      // The tool's own command would run this one too.
      if (conflict !== undefined && folder.program !== undefined) throw conflict;
      await this.#applyPlain(plain);
      plain = [];
      if (conflict !== undefined) throw conflict;
      await this.#begin(plan!, migration);
    }
    await this.#applyPlain(plain);
  }

  async #applyPlain(migrations: readonly Migration[]): Promise<void> {
    if (migrations.length > 0) await this.#migrate(migrations);
  }

  /** Has both ledgers agree on the past. */
  async reconcile(): Promise<void> {
    await this.#migrate([]);
  }

  async #migrate(migrations: readonly Migration[]): Promise<void> {
    const only = new Set(migrations.map(({ id }) => id));
    const { options, emit: outer, folder, runProgram } = this.#request;
    const emit: Emit = (event) => {
      if (event.type !== "run.started" && event.type !== "run.finished") outer(event);
    };
    const isProgram = folder.program !== undefined && only.size > 0;
    const { applied, adopted } =
      isProgram && runProgram !== undefined
        ? await runProgram(emit)
        : await migrate({ ...this.#request, emit, options: { ...options, only } });
    this.applied.push(...applied);
    this.adopted.push(...adopted);
  }

  async #begin(plan: PlanFolder, migration: Migration): Promise<void> {
    const { environment, instanceTtlMs } = this.#request;
    const fingerprint = await requireStart(this.#session, plan, migration);
    const running = await runningReleases(this.#session, { environment, ttlMs: instanceTtlMs });
    const { names } = await touchedByPlan(plan);
    await this.#expandAndBackfill(plan, migration, "expand", {
      fingerprint,
      touches: await ownNames(this.#session, names),
      before: running.map(({ contractHash }) => contractHash),
      beatBefore: running.some(({ instances }) => instances > 0),
    });
  }

  async #expandAndBackfill(
    plan: PlanFolder,
    migration: Migration | undefined,
    from: PlanPhase,
    start?: Parameters<typeof runPhase>[0]["start"],
  ): Promise<void> {
    let reached: PhaseResult = { plan: plan.manifest.id, phase: from };
    if (from === "expand") reached = await this.#run(plan, migration, "expand", start);
    if (this.#request.upTo !== "expand") reached = await this.#run(plan, migration, "backfill");
    this.carried.push(reached);
  }

  async #phase(
    plan: PlanFolder,
    migration: Migration | undefined,
    phase: "contract",
  ): Promise<void> {
    this.carried.push(await this.#run(plan, migration, phase));
  }

  async #run(
    plan: PlanFolder,
    migration: Migration | undefined,
    phase: "expand" | "backfill" | "contract",
    start?: Parameters<typeof runPhase>[0]["start"],
  ): Promise<PhaseResult> {
    const { url, folder, run, emit, signal, options, backfill } = this.#request;
    const carries = migration === undefined ? undefined : { migrations: folder, migration };
    return tellPhase(emit, plan.manifest.id, phase, async () =>
      runPhase({ url, plan, phase, carries, run, emit, signal, options, backfill, start }),
    );
  }
}

function beingTakenBack(row: PlanRow): LockstepError {
  return new LockstepError("plan-phase", {
    what: `plan ${row.id} is being taken back`,
    expected: "a plan that goes forward, or none in flight",
    found: describePhase(row),
    from: "lockstep.plan",
    why: "a rollback was begun and has not come to its end: it was stopped or killed",
    next: [`lockstep rollback ${row.id}, which goes on; then lockstep migrate`],
  });
}

function planGone(row: PlanRow): LockstepError {
  return new LockstepError("plan-phase", {
    what: `plan ${row.id} is in flight and its folder is not here`,
    expected: `the folder of the plan of ${row.migration}`,
    found: describePhase(row),
    from: "lockstep.plan",
    why: "this checkout is older than the one that began it, or another branch's",
    next: ["run it from the commit that has the plan"],
  });
}
