import { LockstepError } from "../errors/index.ts";
import type { PlanPhase, PlanRow } from "../ledger/index.ts";
import type { PlanFolder } from "../plan/index.ts";
import type { CarriedPhase } from "./parts.ts";

/** From where each phase can be begun or gone on with; from `done` there is nothing left to do. */
const allowed: Readonly<
  Record<
    CarriedPhase,
    { readonly from: readonly (PlanPhase | "none")[]; readonly done: readonly PlanPhase[] }
  >
> = {
  expand: {
    from: ["none", "aborted", "expand"],
    done: ["backfill", "ready", "contract", "finished"],
  },
  backfill: { from: ["backfill"], done: ["ready", "contract", "finished"] },
  contract: { from: ["ready", "contract"], done: ["finished"] },
  abort: { from: ["expand", "backfill", "ready", "abort"], done: ["aborted"] },
};

/**
 * Looks whether a plan is where a phase can begin.
 * @returns `done` when the phase is behind it
 * @throws LockstepError `plan-phase`, `plan-past-return`
 */
export function requirePhase(
  { plan, path }: PlanFolder,
  phase: CarriedPhase,
  row: PlanRow | undefined,
): "go" | "done" {
  const at = row?.phase ?? "none";
  const { from, done } = allowed[phase];
  if (from.includes(at)) return "go";
  if (done.some((one) => one === at)) return "done";
  if (phase === "abort" && at === "none") return "done";
  if (phase === "abort")
    throw new LockstepError("plan-past-return", {
      what: `plan ${plan.id} cannot be taken back any more`,
      expected: "a plan whose contract phase has not begun",
      found: describePhase(row!),
      from: "lockstep.plan",
      why: "the contract phase has ended dual writes: what the new release has written since is nowhere in the old form",
      next: [
        at === "contract"
          ? `finish it: lockstep migrate --phase contract ${plan.id}`
          : "write what should change as a new migration, and plan that",
      ],
    });
  throw new LockstepError("plan-phase", {
    what: `plan ${plan.id} is not where its ${phase} phase begins`,
    expected: from.map((one) => (one === "none" ? "not begun" : one)).join(" or "),
    found: row === undefined ? "it was not begun in this database" : describePhase(row),
    from: "lockstep.plan",
    why: why[at],
    next: [nextOf(at, plan.id, path)],
  });
}

const why: Readonly<Record<PlanPhase | "none", string>> = {
  none: "its phases are expand, backfill, contract, in this order",
  expand: "its expand phase was begun and is not done: a run was stopped or killed",
  backfill: "rows are still to be filled: the run that did it was stopped, paused or killed",
  ready: "the contract phase waits for the end of the old release",
  contract: "its contract phase has begun",
  finished: "all of its phases are done",
  abort: "somebody has begun to take it back",
  aborted: "it was taken back",
};

function nextOf(at: PlanPhase | "none", id: string, path: string): string {
  if (at === "abort") return `lockstep rollback ${id}`;
  if (at === "ready" || at === "contract") return `lockstep migrate --phase contract ${id}`;
  if (at === "finished") return `remove ${path}: it is done`;
  return "lockstep migrate";
}

/** `ready since 2026-11-21T20:00:00.000Z`. */
export function describePhase({ phase, since }: Pick<PlanRow, "phase" | "since">): string {
  return `${phase} since ${since.toISOString()}`;
}
