import { randomUUID } from "node:crypto";
import { LockstepError } from "../errors/index.ts";
import { plansInFlight, readPlanRow, type PlanRow } from "../ledger/index.ts";
import { Session } from "../pg/index.ts";
import type { PlanFolder } from "../plan/index.ts";
import type { CarryRequest } from "./carry.ts";
import { requireNewGone, requireOldGone, type Evidence } from "./evidence/index.ts";
import { asOneRun } from "./own-run.ts";
import { requireInStep } from "./in-step.ts";
import { requireNothingParked, type AcceptedLoss } from "./parked.ts";
import { requirePhase } from "./requirements.ts";
import { runPhase, type PhaseResult } from "./run-phase.ts";
import { requireProven } from "./start.ts";
import { tellPhase } from "./tell.ts";
import { setPaused } from "../backfill/index.ts";

export interface FinishRequest extends Omit<CarryRequest, "upTo"> {
  /** Id of the plan; every plan that is ready for it by default. */
  readonly plan?: string | undefined;
  /** For how long no statement may name what goes, in ms. */
  readonly quietMs: number;
  /** `name: reason` of a person who answers for it. */
  readonly consent?: string | undefined;
  /** The same for values that are parked and will be lost. */
  readonly acceptParked?: string | undefined;
}

/** A plan that has come to its end, and why it was allowed to. */
export interface Finished extends PhaseResult {
  readonly evidence: Evidence | undefined;
  /** What somebody has answered for the loss of. */
  readonly parked?: AcceptedLoss;
}

/**
 * Runs the contract phase of one plan, or of every plan in flight that is ready, once the old release is shown to be
 * gone; the evidence is recorded in the transaction in which the phase begins.
 *
 * @throws LockstepError `release-may-run`, `values-parked`, `plan-phase`, `plan-unproven`, `usage`, and what `runPhase`
 *   throws
 */
export async function contract(given: FinishRequest): Promise<readonly Finished[]> {
  const request = { ...given, run: given.run ?? randomUUID() };
  await using session = await open(request);
  const rows = await chosen(session, request);
  if (rows.length === 0) return [];
  return await asOneRun(session, request, async () => {
    const finished: Finished[] = [];
    for (const row of rows) finished.push(await contractOne(session, request, row));
    return finished;
  });
}

async function contractOne(
  session: Session,
  request: FinishRequest,
  row: PlanRow,
): Promise<Finished> {
  const plan = folderOf(request, row.id);
  if (requirePhase(plan, "contract", row) === "done")
    return { plan: row.id, phase: row.phase, evidence: undefined };
  requireProven(plan, session.major);
  // Once begun it has to come to its end.
  const evidence =
    row.phase === "contract"
      ? undefined
      : await requireOldGone(session, { ...evidenceOf(request), plan, row });
  const parked =
    evidence === undefined
      ? undefined
      : await requireNothingParked(session, row.id, request.acceptParked);
  const known =
    evidence === undefined
      ? undefined
      : { contract: evidence, ...(parked === undefined ? {} : { parked }) };
  const result = { ...(await carryTo(request, plan, row, "contract", known, parked)), evidence };
  return parked === undefined ? result : { ...result, parked };
}

/**
 * Takes a plan back, as long as its contract phase has not begun: the catalog is as it was before it, and nothing that
 * the old release wrote is lost. Its migration is pending again.
 *
 * @throws LockstepError `plan-past-return`, `release-may-run`, `dual-writes-missed`, `usage`, and what `runPhase` throws
 */
export async function rollback(
  given: FinishRequest & { readonly plan: string },
): Promise<Finished> {
  const request = { ...given, run: given.run ?? randomUUID() };
  await using session = await open(request);
  const row = await readPlanRow(session, given.plan);
  const plan = folderOf(request, given.plan);
  if (requirePhase(plan, "abort", row) === "done")
    return { plan: given.plan, phase: "aborted", evidence: undefined };
  return await asOneRun(session, request, async () => {
    const isUsed = row!.phase === "ready";
    const evidence = isUsed
      ? await requireNewGone(session, { ...evidenceOf(request), plan, row: row! })
      : undefined;
    // What was written past the triggers would go with the second form, or not be in the first one.
    if (isUsed && given.consent === undefined) await requireInStep(session, plan, request.emit);
    await pauseFills(session, given.plan);
    const known = evidence === undefined ? undefined : { abort: evidence };
    return { ...(await carryTo(request, plan, row!, "abort", known)), evidence };
  });
}

/** Whoever fills rows now, on whatever machine, ends after its batch. */
async function pauseFills(session: Session, plan: string): Promise<void> {
  const { rows } = await session.query<{ id: string }>(
    "SELECT id FROM lockstep.backfill WHERE pg_catalog.split_part(id, '/', 1) = $1",
    [plan],
  );
  for (const { id } of rows) await setPaused(session, id, true);
}

async function carryTo(
  { url, folder, run, emit, signal, options, backfill }: FinishRequest,
  plan: PlanFolder,
  row: PlanRow,
  phase: "contract" | "abort",
  evidence: Readonly<Record<string, unknown>> | undefined,
  accepted?: AcceptedLoss,
): Promise<PhaseResult> {
  const migration = folder.migrations.find(({ id }) => id === row.migration);
  const carries = migration === undefined ? undefined : { migrations: folder, migration };
  const carried = { url, plan, phase, carries, run, emit, signal, options, backfill, evidence };
  return tellPhase(emit, row.id, phase === "abort" ? "rollback" : phase, async () =>
    runPhase({ ...carried, accepted }),
  );
}

async function open({ url }: FinishRequest): Promise<Session> {
  return Session.open({ url, applicationName: "lockstep/plans" });
}

function evidenceOf({ environment, instanceTtlMs, quietMs, consent, signal }: FinishRequest) {
  return { environment, ttlMs: instanceTtlMs, quietMs, consent, signal };
}

async function chosen(session: Session, request: FinishRequest): Promise<readonly PlanRow[]> {
  if (request.plan === undefined)
    return (await plansInFlight(session)).filter(
      ({ phase }) => phase === "ready" || phase === "contract",
    );
  const row = await readPlanRow(session, request.plan);
  if (row !== undefined) return [row];
  requirePhase(folderOf(request, request.plan), "contract", row);
  return [];
}

/** @throws LockstepError `usage` */
function folderOf({ plans }: FinishRequest, id: string): PlanFolder {
  const plan = plans.find(({ manifest }) => manifest.id === id);
  if (plan !== undefined) return plan;
  throw new LockstepError("usage", {
    what: `there is no plan "${id}" in lockstep/plans`,
    expected: "the id of a plan, the name of its folder",
    found: plans.length === 0 ? "no plans" : plans.map(({ manifest }) => manifest.id).join(", "),
    from: "lockstep/plans",
    next: ["lockstep status", "run it from the commit that has the plan"],
  });
}
