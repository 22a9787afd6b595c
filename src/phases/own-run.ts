import { hostname } from "node:os";
import { LockstepError } from "../errors/index.ts";
import { beginRun, installLedger, settleRun } from "../ledger/index.ts";
import type { Session } from "../pg/index.ts";
import { localActor, requireUsable, runOptions, type GivenRunOptions } from "../runner/index.ts";

/**
 * Does work that is made of several runs of the runner, as one run of the ledger. One that its caller has written (a
 * deploy) is left to it.
 */
export async function asOneRun<Value>(
  session: Session,
  given: {
    readonly url: string;
    readonly run: string;
    readonly options?: GivenRunOptions | undefined;
  },
  work: () => Promise<Value>,
): Promise<Value> {
  const { url, run } = given;
  const { command, environment, release, gitCommit, actor } = runOptions(given.options);
  await requireUsable(session, url, run);
  await installLedger(session);
  const about = { id: run, command, environment, release, gitCommit };
  const isOwn = await beginRun(session, {
    ...about,
    actor: actor ?? localActor(),
    host: hostname(),
  });
  try {
    const value = await work();
    if (isOwn) await settleRun(session, run, "succeeded");
    return value;
  } catch (error) {
    if (isOwn) await settleRun(session, run, ...endOf(error)).catch(() => {});
    throw error;
  }
}

function endOf(
  error: unknown,
): [
  outcome: "failed" | "stopped",
  told: { code: string; what: string; found?: string | undefined },
] {
  if (!(error instanceof LockstepError))
    return ["failed", { code: "internal", what: "an unexpected failure" }];
  const { code, explanation } = error;
  const { what, found } = explanation;
  return [code === "run-cancelled" ? "stopped" : "failed", { code, what, found }];
}
