import { randomUUID } from "node:crypto";
import type { BackfillRun } from "../backfill/index.ts";
import type { Emit, EventType } from "../events/index.ts";
import { installLedger, readPlanRow, type PlanPhase } from "../ledger/index.ts";
import { Session } from "../pg/index.ts";
import type { PlanFolder } from "../plan/index.ts";
import { migrate, requireUsable, runOptions, type GivenRunOptions } from "../runner/index.ts";
import type { MigrationFolder } from "../tools/index.ts";
import { requireFilled, runFill } from "./fill.ts";
import { markSql, type Carried, type PlanRecord } from "./marks.ts";
import { stepFailure } from "./step-failure.ts";
import {
  partsOf,
  sourceOf,
  type CarriedPhase,
  type Part,
  type PlanParts,
  type SqlPart,
} from "./parts.ts";
import { PlanLock } from "./plan-lock.ts";
import { hasMetGuard, guardSql } from "./contract-guard.ts";
import { noteTriggersSql, requireInStep } from "./in-step.ts";
import { ownTriggers, requireTriggersOn } from "./own-triggers.ts";
import { readParked, type AcceptedLoss } from "./parked.ts";
import { requirePhase } from "./requirements.ts";

export interface PhaseRequest {
  readonly url: string;
  readonly plan: PlanFolder;
  readonly phase: CarriedPhase;
  /** The migration that the plan carries; undefined when it belongs to no folder. */
  readonly carries?: Carried | undefined;
  readonly emit: Emit;
  /** Aborting it stops the run where it can be resumed. */
  readonly signal?: AbortSignal | undefined;
  /** Id of the run, a UUID, whose row its caller has written; a new one for each part by default. */
  readonly run?: string | undefined;
  readonly options?: GivenRunOptions | undefined;
  /** How rows are filled. */
  readonly backfill?: Pick<BackfillRun, "workers" | "steering" | "vacuum"> | undefined;
  /** What the ledger is to keep with the phase: why the contract phase is allowed, who has consented. */
  readonly evidence?: Readonly<Record<string, unknown>> | undefined;
  /** Values that are parked and may go with the contract phase, at a person's word. */
  readonly accepted?: AcceptedLoss | undefined;
  /** What the ledger is to know of a plan that begins. */
  readonly start?:
    | Pick<PlanRecord, "fingerprint" | "touches" | "before" | "beatBefore">
    | undefined;
}

export interface PhaseResult {
  readonly plan: string;
  /** Where the plan stands now. */
  readonly phase: PlanPhase;
}

/**
 * Carries a plan through one phase: its SQL through the runner, as a migration of its own, its rows through the
 * backfill engine. What is done stays done and is recorded in the transaction that does it: after a crash at any point
 * the same call goes on.
 *
 * @throws LockstepError what `migrate` and the backfill throw; `plan-phase` when the plan is not where this phase begins;
 * `backfill-incomplete`, `values-parked`, `dual-writes-off`, `dual-writes-missed`
 */
export async function runPhase(request: PhaseRequest): Promise<PhaseResult> {
  const { url, plan, emit, phase, signal } = request;
  const { id } = plan.plan;
  const { waitForRunnerMs } = runOptions(request.options);
  const parts = await partsOf(plan);
  await using session = await Session.open({ url, applicationName: `lockstep/plan ${id}` });
  // Behind a transaction pooler neither the lock nor any setting would be this session's.
  await requireUsable(session, url, request.run ?? randomUUID());
  await using lock = await PlanLock.take({ url, plan: id, waitMs: waitForRunnerMs, emit, signal });
  const row = await readPlanRow(session, id);
  if (requirePhase(plan, phase, row) === "done") return { plan: id, phase: row!.phase };
  if (phase === "expand") await prepare(session, request.carries?.migrations);
  const carried = { ...request, signal: all(signal, lock.lost) };
  try {
    for (const part of parts[phase]) {
      await lock.assertHeld();
      await carryPart(carried, parts, part, session);
    }
  } catch (error) {
    lock.lost.throwIfAborted();
    throw error;
  }
  if (phase === "backfill") await tellParked(session, id, emit);
  const reached = await readPlanRow(session, id);
  return { plan: id, phase: reached!.phase };
}

/** A plan that comes this far with values that have no form for the new release does not do so silently. */
async function tellParked(session: Session, plan: string, emit: Emit): Promise<void> {
  for (const { table, rows } of await readParked(session, [plan]))
    emit({
      type: "notice",
      severity: "warning",
      message: `${table}: ${rows} ${rows === 1 ? "row holds a value" : "rows hold values"} that the new form refuses, parked; lockstep backfill status names them, and the contract phase waits for them`,
    });
}

async function carryPart(
  carried: PhaseRequest,
  parts: PlanParts,
  part: Part,
  session: Session,
): Promise<void> {
  // Rows that are filled while they are off would pass for filled, and forms would change over without what was written.
  if (carried.phase === "backfill") await requireTriggersOn(session, carried.plan);
  if (part.kind === "fill") await runFill(carried, part);
  else if (part.mark === "ready") {
    const evidence = await requireFilled(session, parts.backfill);
    await requireInStep(session, carried.plan, carried.emit);
    await applyPart({ ...carried, evidence }, parts, part);
  } else if (part.mark === "expanded") {
    const triggers = await ownTriggers(carried.plan);
    await applyPart(carried, parts, part, noteTriggersSql(carried.plan.plan.id, triggers));
  } else if (part.mark === "contract") await beginContract(carried, parts, part, session);
  else await applyPart(carried, parts, part);
}

/** What must not be there is looked for in the transaction itself; it fails with what the look before it would say. */
async function beginContract(
  carried: PhaseRequest,
  parts: PlanParts,
  part: SqlPart,
  session: Session,
): Promise<void> {
  const { plan, accepted, options, emit } = carried;
  const guard = { folder: plan, accepted, options, emit };
  try {
    await applyPart(carried, parts, part, await guardSql(session, guard));
  } catch (error) {
    if (!(await hasMetGuard(session, guard, error))) throw error;
    await beginContract(carried, parts, part, session);
  }
}

/** The ledgers have to be there before a record of theirs is part of a transaction. */
async function prepare(session: Session, migrations: MigrationFolder | undefined): Promise<void> {
  await installLedger(session);
  if (migrations?.ledger === undefined) return;
  const { schema, table, createSql } = migrations.ledger;
  const { rows } = await session.query<{ there: boolean }>(
    "SELECT pg_catalog.to_regclass(pg_catalog.format('%I.%I', $1::text, $2::text)) IS NOT NULL AS there",
    [schema, table],
  );
  if (rows[0]?.there !== true) await session.batch(createSql);
}

/**
 * One part, if it is not applied yet, as a migration of the runner.
 * @param first statements that come first in the transaction in which it is recorded
 */
async function applyPart(
  request: PhaseRequest,
  parts: PlanParts,
  part: SqlPart,
  first: readonly string[] = [],
): Promise<void> {
  const { url, plan, phase, emit, signal, run, options, carries, evidence, start } = request;
  // What is applied may not have been edited since; the way back stays open all the same.
  const known = phase === "abort" ? parts.abort : Object.values(parts).flat();
  const record: PlanRecord = {
    folder: plan,
    carries,
    evidence,
    fingerprint: start?.fingerprint ?? "",
    touches: start?.touches ?? [],
    before: start?.before ?? [],
    beatBefore: start?.beatBefore ?? false,
  };
  await migrate({
    url,
    run,
    signal,
    emit: phase === "abort" ? withoutSkipping(withoutFrame(emit)) : withoutFrame(emit),
    folder: {
      tool: "plan",
      path: plan.path,
      source: sourceOf(plan.plan.id),
      migrations: known.flatMap((one) => (one.kind === "sql" ? [one.migration] : [])),
      ledger: undefined,
    },
    options: {
      ...options,
      only: new Set([part.migration.id]),
      allowMissing: true,
      allowOutOfOrder: true,
    },
    alongside: (_, by) => [
      ...first,
      ...(part.mark === undefined ? [] : markSql(record, part.mark, by)),
    ],
  }).catch((error: unknown) => {
    throw stepFailure(error, plan, phase);
  });
}

/** Every part is a run of the runner with one migration; only the phase as a whole is told. */
function withoutFrame(emit: Emit): Emit {
  return (event) => {
    if (!frame.has(event.type)) emit(event);
  };
}

const frame: ReadonlySet<EventType> = new Set([
  "run.started",
  "run.finished",
  "migration.started",
  "migration.finished",
]);

/** An abort takes back what was never done too: that it is not there is no news. */
function withoutSkipping(emit: Emit): Emit {
  return (event) => {
    if (event.type !== "notice" || !event.message.endsWith(" does not exist, skipping"))
      emit(event);
  };
}

function all(signal: AbortSignal | undefined, lost: AbortSignal): AbortSignal {
  return signal === undefined ? lost : AbortSignal.any([signal, lost]);
}
