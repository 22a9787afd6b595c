import type { Look, Window } from "./model.ts";

/** Whether a window is open, and why. */
export interface Judgement {
  readonly isOpen: boolean;
  readonly why: string;
  /** True when that cannot change however long it is waited. */
  readonly isHopeless?: true;
}

/** Averages over less than a day may hold no busy hour. */
const leastCountedMs = 24 * 60 * 60 * 1_000;

/**
 * Judges a window by two looks, one after the other. Unknown means closed.
 * @param before undefined at the first look, when no rate is known yet
 */
export function judge(window: Window, now: Look, before: Look | undefined): Judgement {
  return window.kind === "hours" ? byHours(window, now) : byLoad(window, now, before);
}

function byHours(window: Extract<Window, { kind: "hours" }>, { minutes }: Look): Judgement {
  const { from, to, zone, text } = window;
  const now = minutes.get(zone)!;
  const isOpen = from < to ? now >= from && now < to : now >= from || now < to;
  const time = `${pad(Math.floor(now / 60))}:${pad(now % 60)} ${zone}`;
  return { isOpen, why: isOpen ? `it is ${time}` : `it is ${time}, outside of ${text}` };
}

function pad(number: number): string {
  return String(number).padStart(2, "0");
}

function byLoad(
  { most }: Extract<Window, { kind: "quiet" }>,
  now: Look,
  before: Look | undefined,
): Judgement {
  const limit = most ?? halfOfAverage(now);
  if (typeof limit !== "number") return { isOpen: false, why: limit.why, isHopeless: true };
  if (now.transactions === undefined)
    return { isOpen: false, why: "the server counts no transactions of this database" };
  if (before?.transactions === undefined || now.at <= before.at)
    return { isOpen: false, why: "the load is being measured" };
  // Counters that began anew tell nothing of the time before.
  if (now.transactions < before.transactions)
    return { isOpen: false, why: "the server's counters began anew" };
  const rate = ((now.transactions - before.transactions) * 1_000) / (now.at - before.at);
  const load = `${shown(rate)} transactions a second, ${shown(limit)} at the most`;
  if (rate > limit) return { isOpen: false, why: load };
  if (now.waiting > 0)
    return {
      isOpen: false,
      why: `${now.waiting === 1 ? "a session waits" : `${now.waiting} sessions wait`} for a lock; ${load}`,
    };
  return { isOpen: true, why: load };
}

function halfOfAverage({
  at,
  transactions,
  countedSince,
}: Look): number | { readonly why: string } {
  const rest = "name a limit: quiet:50";
  if (countedSince === undefined || transactions === undefined)
    return { why: `since when the server counts is not known, so there is no average; ${rest}` };
  const ms = at - countedSince;
  if (ms < leastCountedMs)
    return {
      why: `the server counts since ${new Date(countedSince).toISOString()}: less than a day is no average; ${rest}`,
    };
  return (transactions * 1_000) / ms / 2;
}

function shown(rate: number): string {
  return rate < 10 ? rate.toFixed(1) : String(Math.round(rate));
}
