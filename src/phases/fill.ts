import { hostname } from "node:os";
import { createBackfill, findKey, readBackfill, work, type Pace } from "../backfill/index.ts";
import { LockstepError } from "../errors/index.ts";
import { Session } from "../pg/index.ts";
import type { FillPart } from "./parts.ts";
import type { PhaseRequest } from "./run-phase.ts";

/**
 * Fills the rows of one step, or what is left of them. Others may work on it at the same time.
 * @throws LockstepError `backfill-key`, `backfill-changed`, `backfill-paused`, `backfill-incomplete`, `run-cancelled`
 */
export async function runFill({ url, plan, signal }: PhaseRequest, part: FillPart): Promise<void> {
  await using session = await Session.open({ url, applicationName: `lockstep/fill ${part.id}` });
  const { id, table, set, todo } = part;
  const job = { id, table, set, todo, key: await findKey(session, table) };
  await createBackfill(session, job);
  const end = await work(session, {
    job,
    holderName: `${hostname()} pid ${process.pid}`,
    pace: steady as unknown as Pace,
    stopped: () => signal?.aborted === true,
  });
  signal?.throwIfAborted();
  if (end === "paused") throw paused(plan.plan.id, id);
  const status = await readBackfill(session, id);
  const rejected = status?.rejected ?? [];
  if (rejected.length > 0)
    throw new LockstepError("backfill-incomplete", {
      what: `${rejected.length} rows of ${table} cannot be filled`,
      expected: "every row in both forms",
      found: rejected
        .slice(0, 5)
        .map(({ key, message }) => `${key.join(", ")}: ${message}`)
        .join("\n"),
      from: `backfill ${id}`,
      why: "what the new form must hold cannot be computed from these rows",
      next: [
        `correct them, then: lockstep migrate; lockstep backfill status ${id} lists all of them`,
      ],
    });
}

const steady = {
  rows: () => 1000,
  ready: async () => {},
  done: () => {},
  after: async () => {},
  refused: async () => new Promise((resolve) => setTimeout(resolve, 200)),
};

function paused(plan: string, id: string): LockstepError {
  return new LockstepError("backfill-paused", {
    what: `the backfill of plan ${plan} is paused`,
    expected: "a backfill that may go on",
    found: `${id} is paused`,
    from: "lockstep.backfill",
    why: "somebody paused it, or takes the plan back",
    next: [`lockstep backfill resume ${id}, then lockstep migrate`],
  });
}
