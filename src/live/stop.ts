import { setTimeout as sleep } from "node:timers/promises";
import { LockstepError } from "../errors/index.ts";
import { askToStop, readRun, type RunRecord } from "../ledger/index.ts";
import type { Session } from "../pg/index.ts";
import { readLiveRuns, type LiveRun } from "./runs.ts";

export interface StopRequested {
  /** The first characters of its id; may be left away when only one run is under way. */
  readonly run: string | undefined;
  /** `actor@host`. */
  readonly by: string;
  readonly reason: string | undefined;
  /** How long to wait for its end, in ms. */
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Told once of the run that was asked. */
  readonly onAsked?: (run: LiveRun) => void;
}

/** A run that has ended after it was asked to stop. */
export interface Stopped {
  /** As it was seen last. */
  readonly run: LiveRun;
  /** As the ledger keeps it; undefined for one of which it keeps nothing (a backfill by itself, a run that still waited). */
  readonly record: RunRecord | undefined;
  readonly waitedMs: number;
}

/**
 * Asks a run to stop where it can be resumed, and waits for its end. It sees the request within a second, between steps and
 * inside waits: what is in flight is cancelled and rolled back.
 *
 * @throws LockstepError `run-not-found`, `usage` when several run and none is named, `cancel-unanswered` after `waitMs`
 */
export async function stopRun(session: Session, request: StopRequested): Promise<Stopped> {
  const { by, reason, waitMs, signal } = request;
  let run = chooseRun(await readLiveRuns(session), request.run, session.where);
  await askToStop(session, run.run, reason === undefined ? { by } : { by, reason });
  request.onAsked?.(run);
  const began = performance.now();
  for (;;) {
    const now = (await readLiveRuns(session)).find((one) => one.run === run.run);
    const waitedMs = performance.now() - began;
    if (now === undefined) {
      const record = await readRun(session, run.run);
      return { run, record, waitedMs };
    }
    run = now;
    if (waitedMs >= waitMs) throw unanswered(run, waitedMs);
    await sleep(
      Math.min(200, waitMs - waitedMs),
      undefined,
      signal === undefined ? {} : { signal },
    );
  }
}

/**
 * The run that is meant.
 * @throws LockstepError `run-not-found`, `usage`
 */
export function chooseRun(
  runs: readonly LiveRun[],
  word: string | undefined,
  where: string,
): LiveRun {
  const found = word === undefined ? runs : runs.filter(({ run }) => run.startsWith(word));
  const [one] = found;
  if (one !== undefined && found.length === 1) return one;
  const shown = runs.map(({ run, holder }) => `${run.slice(0, 8)} ${holder}`).join("\n");
  if (one === undefined)
    throw new LockstepError("run-not-found", {
      what:
        word === undefined
          ? "nothing of Lockstep's runs on this database"
          : `no run ${word} is under way on this database`,
      expected: "a run that is under way",
      found: shown === "" ? "none" : shown,
      from: where,
      why: "it has come to its end, or was killed: then nothing of it runs any more",
      next: ["lockstep status: what is done, and what is left"],
    });
  throw new LockstepError("usage", {
    what: word === undefined ? "which run is to be stopped?" : `"${word}" may be several runs`,
    expected: "the first characters of one id",
    found: shown,
    from: where,
    next: [`lockstep cancel ${one.run.slice(0, 8)}`],
  });
}

function unanswered({ run, holder, silentMs, stop }: LiveRun, waitedMs: number): LockstepError {
  const id = run.slice(0, 8);
  return new LockstepError("cancel-unanswered", {
    what: `run ${id} was asked to stop and has not ended`,
    expected: `its end within ${Math.round(waitedMs / 1_000)} s`,
    found: `${holder}, last heard of ${Math.round(silentMs / 1_000)} s ago${stop === undefined ? "" : `; asked by ${stop.by}`}`,
    from: "lockstep.process",
    why: "its process hangs or its machine is cut off, or what it does takes long to roll back",
    next: [
      "lockstep status: what it does",
      `lockstep cancel ${id} --force: its sessions on the server, shown before they are ended`,
    ],
  });
}
