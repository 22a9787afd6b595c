import { findDrift, instanceTtlMs, readWaiting } from "../deploy/index.ts";
import { lastVerified, plansInFlight, recentRuns, runningReleases } from "../ledger/index.ts";
import { readLiveRuns, readLostRuns, waitTree } from "../live/index.ts";
import type { Session } from "../pg/index.ts";
import { readParked } from "../phases/index.ts";
import { readPlans } from "../plan/index.ts";
import type { StatusReport } from "../report/index.ts";
import { readStatusOn } from "../runner/index.ts";
import type { Scratch } from "../scratch/index.ts";
import type { MigrationFolder } from "../tools/index.ts";

interface Asked {
  readonly environment: {
    readonly name: string;
    readonly deploy: { readonly instanceTtlMs?: number };
  };
  readonly folder: MigrationFolder | undefined;
  /** Folder of the plans. */
  readonly cwd: string;
  /** A scratch server of a major version, when it is to be looked for changes by hand. */
  readonly scratch: ((major: number) => Promise<Scratch>) | undefined;
}

/** What `lockstep status` tells of one environment. */
export async function statusReport(
  session: Session,
  { environment, folder, cwd, scratch }: Asked,
): Promise<StatusReport> {
  const status = folder && (await readStatusOn(session, folder));
  const ttlMs = environment.deploy.instanceTtlMs ?? instanceTtlMs;
  const running = await runningReleases(session, { environment: environment.name, ttlMs });
  const plans = await plansInFlight(session);
  const parked = await readParked(
    session,
    plans.map(({ id }) => id),
  );
  const runs = await readLiveRuns(session);
  const live = {
    runs,
    lost: await readLostRuns(session),
    waiting: waitTree(await readWaiting(session)),
  };
  const { rows } = await session.query<{ now: Date }>("SELECT pg_catalog.now() AS now");
  return {
    version: 1,
    takenAt: rows[0]!.now,
    environment: environment.name,
    target: session.where,
    folder: status,
    lastVerified: await lastVerified(session, environment.name),
    running: running.map(({ contract, ...release }) => ({
      ...release,
      contractKnown: contract !== undefined,
    })),
    plans,
    parked: parked.map(({ plan, table, rows: parkedRows }) => ({ plan, table, rows: parkedRows })),
    live,
    runs: await recentRuns(session, 5),
    drift:
      // A catalog that a run is changing is neither the one nor the other.
      scratch !== undefined && folder !== undefined && runs.length === 0
        ? await findDrift(session, folder, async () => scratch(session.major), {
            known: status,
            plans: await readPlans(cwd),
          })
        : undefined,
  };
}
