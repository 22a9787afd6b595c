import { LockstepError } from "../errors/index.ts";

/** When risky work may begin: between two times of the day, or while little is going on. */
export type Window =
  | {
      readonly kind: "hours";
      /** Minutes since midnight. `to` is not in it; one that is not later than `from` is of the next day. */
      readonly from: number;
      readonly to: number;
      /** As the server knows time zones. */
      readonly zone: string;
      /** As it was written. */
      readonly text: string;
    }
  | {
      readonly kind: "quiet";
      /** Transactions a second at the most; undefined: half of the average since the server's counters began. */
      readonly most: number | undefined;
      readonly text: string;
    };

/** What one look at the server has shown. */
export interface Look {
  /** Minutes since midnight in each zone that was asked for. */
  readonly minutes: ReadonlyMap<string, number>;
  /** The server's clock, in ms. */
  readonly at: number;
  /** Transactions of this database so far; undefined when they are not counted. */
  readonly transactions: number | undefined;
  /** When it began to count, in ms; undefined when that is not known. */
  readonly countedSince: number | undefined;
  /** Sessions of this database that wait for a lock. */
  readonly waiting: number;
}

const hours = /^(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})(?: +(\S+))?$/;

/** `+02:00`, `UTC+2`: POSIX counts these west of Greenwich (manual B.5), and whoever writes them means east. */
const offset = /^[^/]*[+-]\d/;

/**
 * Reads a window: `02:00-05:00`, `22:30-04:00 Europe/Berlin`, `quiet`, `quiet:50`. UTC when no zone is named.
 * @throws LockstepError `usage`
 */
export function parseWindow(given: string): Window {
  const text = given.trim();
  const quiet = /^quiet(?::(\d+(?:\.\d+)?))?$/.exec(text);
  if (quiet !== null)
    return {
      kind: "quiet",
      most: quiet[1] === undefined ? undefined : Number(quiet[1]),
      text,
    };
  const found = hours.exec(text);
  if (found === null) throw notAWindow(given);
  if (offset.test(found[5] ?? "")) throw anOffset(given, found[5]!);
  const [from, to] = [minutesOf(found[1]!, found[2]!), minutesOf(found[3]!, found[4]!)];
  if (from === undefined || to === undefined || from === to) throw notAWindow(given);
  return { kind: "hours", from, to: to % (24 * 60), zone: found[5] ?? "UTC", text };
}

function minutesOf(hour: string, minute: string): number | undefined {
  const [hours, minutes] = [Number(hour), Number(minute)];
  const isTime = (hours < 24 && minutes < 60) || (hours === 24 && minutes === 0);
  return isTime ? hours * 60 + minutes : undefined;
}

function notAWindow(text: string): LockstepError {
  return new LockstepError("usage", {
    what: `"${text}" is no window`,
    expected: "times of the day, or a load",
    found: text,
    next: [
      'lockstep deploy --window "02:00-05:00 Europe/Berlin"; UTC when no zone is named',
      "lockstep deploy --window quiet, or quiet:50 for 50 transactions a second at the most",
    ],
  });
}

function anOffset(text: string, zone: string): LockstepError {
  return new LockstepError("usage", {
    what: `"${zone}" names no time zone`,
    expected: "a name of pg_timezone_names: Europe/Berlin, or UTC",
    found: text,
    why: "the server counts such an offset west of Greenwich, so UTC+2 would be two hours behind UTC",
    next: ['lockstep deploy --window "02:00-05:00 Europe/Berlin"; UTC when no zone is named'],
  });
}
