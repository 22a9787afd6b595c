import { findDrift, instanceTtlMs, ScratchOnDemand } from "../../deploy/index.ts";
import { lastVerified, plansInFlight, recentRuns, runningReleases } from "../../ledger/index.ts";
import { readParked } from "../../phases/index.ts";
import { readPlans } from "../../plan/index.ts";
import { needsAttention, renderStatus, type StatusReport } from "../../report/index.ts";
import { readStatusOn } from "../../runner/index.ts";
import type { Context } from "../context.ts";
import { commandOutput } from "../output.ts";
import { openReader } from "../reader.ts";
import {
  readFolderIfNamed,
  readSettings,
  scratchOptions,
  type TargetOptions,
} from "../settings.ts";

/** `lockstep status`: exit code 1 when something failed, was edited after apply, is unknown or was changed by hand. */
export async function statusCommand(
  options: TargetOptions & { readonly drift: boolean },
  context: Context,
): Promise<number> {
  const { loaded, environment } = await readSettings(options, context);
  const folder = await readFolderIfNamed(options, loaded, context);
  await using session = await openReader(environment.url, "status");
  await using scratch = new ScratchOnDemand(scratchOptions(options, loaded, context));
  const status = folder && (await readStatusOn(session, folder));
  const ttlMs = environment.deploy.instanceTtlMs ?? instanceTtlMs;
  const running = await runningReleases(session, { environment: environment.name, ttlMs });
  const plans = await plansInFlight(session);
  const parked = await readParked(
    session,
    plans.map(({ id }) => id),
  );
  const report: StatusReport = {
    version: 1,
    environment: environment.name,
    target: session.where,
    folder: status,
    lastVerified: await lastVerified(session, environment.name),
    running: running.map(({ contract, ...release }) => ({
      ...release,
      contractKnown: contract !== undefined,
    })),
    plans,
    parked: parked.map(({ plan, table, rows }) => ({ plan, table, rows })),
    runs: await recentRuns(session, 5),
    drift:
      options.drift && folder !== undefined
        ? await findDrift(session, folder, async () => scratch.get(session.major), {
            known: status,
            plans: await readPlans(context.cwd),
          })
        : undefined,
  };
  const output = commandOutput(options, context);
  output.result(report, () => renderStatus(report, output.style));
  return needsAttention(report) ? 1 : 0;
}
