import type { ClonedTable } from "../clone/index.ts";
import type { RelationLock, Work } from "../effects/index.ts";
import type { QualifiedName } from "../sql/index.ts";

/** What a rehearsal has shown. Only what was measured or observed, and an estimate that says how it was made. */
export interface Rehearsal {
  readonly version: 1;
  /** ISO time. */
  readonly takenAt: string;
  /** What the database was made of. */
  readonly source: RehearsalSource;
  readonly server: string;
  readonly seed: number;
  readonly pending: readonly {
    readonly id: string;
    readonly file: string;
    readonly plan: string | null;
  }[];
  readonly statements: readonly RehearsedStatement[];
  /** Smallest first. */
  readonly scales: readonly RehearsedScale[];
  /** Under load, on the largest. */
  readonly load: RehearsedLoad | undefined;
  /** The pending work run again on the largest. */
  readonly again: { readonly applied: number; readonly sameCatalog: boolean } | undefined;
  /** The way back and up again; undefined where the work did not come to its end, or is programs. */
  readonly back: RehearsedBack | undefined;
  /** Of all pending work together; undefined with one scale. */
  readonly estimate: Estimate | undefined;
  /** Why it did not come to its end. */
  readonly failure: RehearsalFailure | undefined;
  /** What was not rehearsed, or is not as in production. */
  readonly remarks: readonly string[];
}

/** The statistics that the rows were made of, or the copy that had them. */
export interface RehearsalSource {
  /** Name of the database of a restored copy; null where rows were made. */
  readonly copy: string | null;
  readonly takenAt: string;
  readonly serverVersion: string;
  /** Of the tables that the clone has. */
  readonly rows: number;
  readonly bytes: number;
}

export interface RehearsalFailure {
  readonly scale: number;
  readonly underLoad: boolean;
  readonly code: string;
  readonly what: string;
  readonly found: string | undefined;
}

/** How one migration was taken back. */
export interface WayTaken {
  readonly migration: string;
  /** Null where it could not be. */
  readonly by: "file" | "inverse" | "abort" | null;
  readonly from: string | null;
  /** What of the catalog was not as before the migration then; column order aside. */
  readonly differences: readonly string[];
  /** Why there is no way back. */
  readonly refused: string | undefined;
}

/** All pending migrations taken back, the last one first, and applied again. */
export interface RehearsedBack {
  readonly ways: readonly (WayTaken & {
    readonly runs: readonly { readonly scale: number; readonly ms: number }[];
    readonly estimate: Estimate | undefined;
  })[];
  /** Tables whose rows were other ones afterwards than before; undefined where not all was taken back. */
  readonly changedRows: readonly string[] | undefined;
  /** Whether the catalog was the same once it was applied again; undefined as above. */
  readonly sameAgain: boolean | undefined;
}

/** One statement of the pending work. */
export interface RehearsedStatement {
  readonly migration: string;
  readonly file: string;
  readonly line: number;
  /** Literals masked, one line. */
  readonly sql: string;
  /** Observed on a copy with few rows, statement by statement; undefined for steps of plans. */
  readonly effect:
    | { readonly locks: readonly RelationLock[]; readonly work: readonly Work[] }
    | undefined;
  /** One for each scale on which it was run. */
  readonly runs: readonly StatementRun[];
  /** On tables of one row each: what does not grow with the rows; undefined where it did not run on those. */
  readonly bareMs: number | undefined;
  readonly estimate: Estimate | undefined;
  /** What the load met beside it. */
  readonly load: StatementLoad | undefined;
}

export interface StatementRun {
  readonly scale: number;
  /** The median of `times`. */
  readonly ms: number;
  /** Each time that it was run at this scale, alone; without the time that the server waited for a processor. */
  readonly times: readonly number[];
  /** Between its begin and its end; null where it was over before it could be read. */
  readonly walBytes: number | null;
}

export interface StatementLoad {
  readonly ms: number;
  /** When it began, in ms from the begin of the run. */
  readonly from: number;
  /** Sessions of the load that were seen waiting for a lock meanwhile. */
  readonly waited: readonly Waited[];
  /** The longest that a statement of the load took which ran at that time; null when none did. */
  readonly slowestMs: number | null;
}

/** The pending work on one size, without load. */
export interface RehearsedScale {
  readonly scale: number;
  readonly tables: readonly ClonedTable[];
  readonly rows: number;
  readonly bytes: number;
  /** How long it took to make the rows. */
  readonly fillMs: number;
  /** Of the whole run; the median of `times`. */
  readonly ms: number;
  readonly times: readonly number[];
  readonly walBytes: number;
  /** Bytes on top of those before, at the most and in the end. */
  readonly peakBytes: number;
  readonly grownBytes: number;
}

/** The pending work beside statements of an application. */
export interface RehearsedLoad {
  readonly scale: number;
  readonly perSecond: number;
  readonly sessions: number;
  readonly tables: number;
  /** Before, during and after the pending work. */
  readonly before: Latency;
  readonly during: Latency;
  readonly after: Latency;
  /** In order of time; `from` in ms from the begin of the work, below zero before it. */
  readonly timeline: readonly Moment[];
  readonly ms: number;
  readonly failures: readonly LoadFailure[];
  /** Over the whole run: how many sessions of the load were seen waiting for a lock at once, at the most, by relation. */
  readonly waited: readonly Waited[];
  /** Each time a statement of the work gave way and was tried again. */
  readonly retries: readonly Retry[];
}

export interface Waited {
  readonly relation: QualifiedName;
  readonly sessions: number;
}

export interface Retry {
  /** File and line. */
  readonly at: string;
  readonly reason: string;
}

export interface Latency {
  readonly count: number;
  readonly p50: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

/** One stretch of the load's time. */
export interface Moment {
  readonly from: number;
  readonly to: number;
  /** Statements that were due in it. */
  readonly count: number;
  readonly p50: number | null;
  readonly max: number | null;
  readonly failed: number;
}

/** Statements of the load that failed, told together. */
export interface LoadFailure {
  readonly relation: QualifiedName;
  readonly kind: string;
  readonly sqlState: string;
  readonly message: string;
  readonly count: number;
  /** In ms from the begin of the work. */
  readonly first: number;
}

/** How long something will take at full size. */
export interface Estimate {
  /** 0 for what is over at once. */
  readonly leastMs: number;
  readonly likelyMs: number;
  readonly mostMs: number;
  /** What `likelyMs` is divided and multiplied by for the range. */
  readonly multiplier: number;
  /** Before past runs are counted in: a fixed part and one that grows with the rows, in ms at full size. */
  readonly fixedMs: number;
  readonly growingMs: number;
  /** What the range is made of. */
  readonly reasons: readonly string[];
}

/** What earlier estimates and the runs that came after them say of the next ones. */
export interface Calibration {
  /** Statements that were estimated and ran. */
  readonly runs: number;
  /** What they took of what was measured, on the whole. */
  readonly times: number;
  /** How far nine of ten lie from that at the most, in either direction. */
  readonly multiplier: number;
}
