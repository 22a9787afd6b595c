import type { Session } from "../../pg/index.ts";
import type { LimitName, SignalName, Steering } from "../limits.ts";

/** The server and table that are watched. */
export interface Watched {
  readonly major: number;
  /** As `quoteQualified` writes it. */
  readonly table: string;
  /** Backends that work for this backfill in this process. */
  readonly ours: readonly number[];
}

/** One value that was read, to be held against its limit: the higher the worse. */
export interface Measure {
  readonly limit: LimitName | "always";
  /** What it was read of: a standby, a slot, a session; empty for the server as a whole. */
  readonly subject: string;
  readonly value: number;
  readonly unit: string;
  /** The value in words: `standby s1 is 12.0 s behind`. */
  readonly text: string;
  /** Of a session that waits: the backend of ours that it waits for. */
  readonly behind?: number;
}

/** A value that could not be read, and why: never taken for a good one. */
export interface Unreadable {
  readonly subject: string;
  readonly unreadable: string;
}

/** What the server answered at one moment. */
export interface Sample<Reading> {
  /** Milliseconds of a clock that never goes back. */
  readonly at: number;
  readonly reading: Reading;
}

/** Readings of the last minute or so, oldest first; there is at least one. */
export type History<Reading> = readonly Sample<Reading>[];

/** Something that a backfill looks at, with one question to the server. */
export interface Signal<Reading, Begun = undefined> {
  readonly name: SignalName;
  /** Asked once before the first question, and again after a failure. */
  readonly begin?: (session: Session, watched: Watched) => Promise<Begun>;
  /** An SQL expression of type jsonb. It may use nothing that a role with pg_monitor may not. */
  readonly sql: (watched: Watched, begun: Begun) => string;
  readonly measure: (
    history: History<Reading>,
    steering: Steering,
    begun: Begun,
  ) => readonly (Measure | Unreadable)[];
}

export function latest<Reading>(history: History<Reading>): Sample<Reading> {
  return history.at(-1)!;
}

/** The newest sample that is at least so many ms older than the latest; the oldest when none is. */
export function before<Reading>(history: History<Reading>, ms: number): Sample<Reading> {
  const { at } = latest(history);
  return history.findLast((sample) => at - sample.at >= ms) ?? history[0]!;
}

/** A role without pg_monitor sees others' rows, but not what is in them. */
export const hidden = "the role may not see it: GRANT pg_monitor TO the role";
