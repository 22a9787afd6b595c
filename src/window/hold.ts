import { setTimeout as sleep } from "node:timers/promises";
import { LockstepError } from "../errors/index.ts";
import { stoppedBy, type Emit } from "../events/index.ts";
import { judge, type Judgement } from "./judge.ts";
import type { Look, Window } from "./model.ts";

export interface HoldRequest {
  /** All of them must be open at once. */
  readonly windows: readonly Window[];
  /** How long it is waited at the most, in ms. */
  readonly waitMs: number;
  /** Why it is waited at all: `0042_rename is not harmless`. */
  readonly risk: string;
  readonly look: () => Promise<Look>;
  /** What need not wait: done once, when the first look has found a window closed. Gives what was done, by name. */
  readonly meanwhile?: (() => Promise<readonly string[]>) | undefined;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
  /** The clock that the wait is measured by, and its pauses: the process's own by default. */
  readonly clock?: Clock | undefined;
}

export interface Clock {
  now(): number;
  pause(ms: number, signal: AbortSignal | undefined): Promise<void>;
}

const ownClock: Clock = {
  now: () => performance.now(),
  pause: async (ms, signal) => sleep(ms, undefined, { signal }),
};

/** Between two looks. */
const everyMs = 10_000;
/** A lull between two requests is no quiet hour. */
const quietLooks = 3;

/**
 * Waits until every window is open, and says why they are not whenever one opens or closes. Every look has to succeed: what cannot be read ends
 * the wait, and nothing is begun.
 *
 * @returns why they are open
 * @throws LockstepError `window-closed` after `waitMs`, or at once when waiting cannot help; `run-cancelled`; what `look` throws
 */
export async function holdForWindow(request: HoldRequest): Promise<string> {
  const { windows, waitMs, emit, signal, clock = ownClock } = request;
  const began = clock.now();
  const needed = windows.some(({ kind }) => kind === "quiet") ? quietLooks : 1;
  let before: Look | undefined;
  let open = 0;
  let told = "";
  let { meanwhile } = request;
  let done: readonly string[] = [];
  for (;;) {
    if (signal?.aborted === true) throw stopped(signal, done);
    const now = await request.look();
    const judged = windows.map((window) => judge(window, now, before));
    const closed = judged.filter(({ isOpen }) => !isOpen);
    before = now;
    open = closed.length === 0 ? open + 1 : 0;
    if (open >= needed) return judged.map(({ why }) => why).join("; ");
    const isHopeless = closed.some((one) => one.isHopeless === true);
    if (meanwhile !== undefined && !isHopeless) {
      done = await meanwhile();
      meanwhile = undefined;
      // That took its time.
      before = undefined;
      open = 0;
      continue;
    }
    const left = waitMs - (clock.now() - began);
    if (left <= 0 || isHopeless) throw stillClosed(request, closed, { isHopeless, done });
    // Figures change with every look: what counts as news is which windows are closed.
    const news = closed.length === 0 ? told : judged.map(({ isOpen }) => String(isOpen)).join();
    if (news !== told)
      emit({
        type: "notice",
        severity: "info",
        message: `waiting: ${closed.map(({ why }) => why).join("; ")}`,
      });
    told = news;
    await clock.pause(Math.min(left, everyMs), signal).catch((error: unknown) => {
      if (signal?.aborted === true) throw stopped(signal, done);
      throw error;
    });
  }
}

function stillClosed(
  { windows, waitMs, risk }: HoldRequest,
  closed: readonly Judgement[],
  { isHopeless, done }: { readonly isHopeless: boolean; readonly done: readonly string[] },
): LockstepError {
  const shut =
    closed.length === 0 ? ["open, but not for long enough"] : closed.map(({ why }) => why);
  const found = [...shut, ...appliedLine(done)].join("\n");
  return new LockstepError("window-closed", {
    what: isHopeless
      ? "the window cannot open: what is risky was not begun"
      : `the window did not open within ${Math.round(waitMs / 1_000)} s: what is risky was not begun`,
    expected: windows.map(({ text }) => text).join(" and "),
    found,
    from: "--window, or deploy.window of the config",
    why: risk,
    next: [
      "the same command in the window, or with a longer --window-wait <ms>",
      "or, at your word, now: --without-window 'WHY'",
    ],
  });
}

/** What was not risky is there, and stays. */
function appliedLine(done: readonly string[]): readonly string[] {
  return done.length === 0 ? [] : [`applied meanwhile, for it is harmless: ${done.join(", ")}`];
}

function stopped(signal: AbortSignal, done: readonly string[]): LockstepError {
  return new LockstepError("run-cancelled", {
    what: `stopped on request while waiting for the window: ${done.length === 0 ? "nothing" : "nothing that is risky"} was begun`,
    found: [stoppedBy(signal), ...appliedLine(done)].join("\n"),
    next: ["the same command again"],
  });
}
