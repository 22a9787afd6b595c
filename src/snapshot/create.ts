import { hostname } from "node:os";
import { LockstepError } from "../errors/index.ts";
import { stoppedBy } from "../events/index.ts";
import { beginRun, installLedger, noteRun, settleRun } from "../ledger/index.ts";
import { Session } from "../pg/index.ts";
import { localActor, requireUsable } from "../runner/index.ts";
import { makeByCommand } from "./by-command.ts";
import { makeByProvider } from "./by-provider.ts";
import { makeDump } from "./dump.ts";
import { readMark } from "./mark.ts";
import type { Snapshot } from "./model.ts";
import { providers } from "./providers/index.ts";
import type { Made, MakeRequest, SnapshotRequest } from "./request.ts";
import { makeRestorePoint } from "./restore-point.ts";

/**
 * Makes a snapshot and records it in the ledger, as a run. What was written before it was begun is in it.
 * @throws LockstepError `snapshot-failed`, `snapshot-client-missing`, `usage`, connection errors
 */
export async function createSnapshot(
  request: SnapshotRequest & { readonly run: string; readonly environment: string },
): Promise<Snapshot> {
  const { url, run, environment, name, settings } = request;
  requireName(name);
  await using session = await Session.open({ url, applicationName: "lockstep/snapshot" });
  await requireUsable(session, url, run);
  await session.batch("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0");
  await installLedger(session);
  const about = { id: run, command: "snapshot", environment };
  await beginRun(session, { ...about, actor: localActor(), host: hostname() });
  const began = performance.now();
  try {
    const { at, mark } = await readMark(session);
    const made = await make({ ...request, session });
    const ms = Math.round(performance.now() - began);
    const snapshot: Snapshot = { name, by: settings.by, at, mark, ...made, ms };
    await noteRun(session, run, { snapshot });
    await settleRun(session, run, "succeeded");
    return snapshot;
  } catch (error) {
    const isStop = request.signal?.aborted === true;
    const told =
      error instanceof LockstepError && !isStop
        ? { code: error.code, what: error.explanation.what }
        : { code: isStop ? "run-cancelled" : "internal", what: "no snapshot was made" };
    await settleRun(session, run, isStop ? "stopped" : "failed", told).catch(() => {});
    throw isStop ? stopped(request.signal) : error;
  }
}

async function make(request: MakeRequest): Promise<Made> {
  const { by } = request.settings;
  if (by === "dump") return makeDump(request);
  if (by === "restore-point") return makeRestorePoint(request);
  if (by === "command") return makeByCommand(request);
  return makeByProvider(providers[by], request);
}

/** A name that every provider takes, and that is a file's. */
function requireName(name: string): void {
  if (/^[a-z](?:-?[a-z0-9])*$/.test(name) && name.length <= 60) return;
  throw new LockstepError("usage", {
    what: `"${name}" is no name for a snapshot`,
    expected: "small letters, digits and single hyphens, a letter first, 60 at the most",
    found: name,
    next: ["lockstep snapshot create --name before-0042"],
  });
}

function stopped(signal: AbortSignal | undefined): LockstepError {
  return new LockstepError("run-cancelled", {
    what: "the snapshot was stopped on request",
    found: `${stoppedBy(signal)}; what was half done is taken away; a provider may go on with what it was asked for`,
    next: ["lockstep snapshot create, again"],
  });
}
