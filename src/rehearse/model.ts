import type { ClonedTable } from "../clone/index.ts";
import type { RelationLock, Work } from "../effects/index.ts";
import type { MaskedColumn } from "../sanitise/index.ts";
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
  /** The pipeline's own command; undefined where none was given, and where the work did not come to its end. */
  readonly step?: RehearsedStep | undefined;
  /** Of all pending work together; undefined with one scale, and where a statement has none. */
  readonly estimate: Estimate | undefined;
  /** How long each way out of trouble takes; undefined where that was not asked for. */
  readonly recovery?: RehearsedRecovery | undefined;
  /** Why it did not come to its end. */
  readonly failure: RehearsalFailure | undefined;
  /** What was not rehearsed, or is not as in production. */
  readonly remarks: readonly string[];
}

/** The command by which the pipeline applies the pending work, run on a copy of the smallest clone. */
export interface RehearsedStep {
  /** As it was typed. */
  readonly command: string;
  readonly scale: number;
  /** The tool's ledger; null where it has none. */
  readonly ledger: string | null;
  /** `exit code 0`; null where it was not run. */
  readonly ended: string | null;
  /** How long it took, and how long the runner took for the same work there; null where it was not run. */
  readonly ms: number | null;
  readonly runnerMs: number | null;
  /** Ids of what was pending, by whether it is applied now. */
  readonly applied: readonly string[];
  readonly missing: readonly string[];
  /** Whether the objects of the pending work are as the runner made them; column order aside. */
  readonly sameCatalog: boolean;
  /** What changed though nothing pending is about it. */
  readonly besides: readonly string[];
  /** False where the rows were too many to be compared: then catalogs alone were. */
  readonly rowsCompared: boolean;
  /** Plans that it left before their contract phase. */
  readonly beforeContract: readonly string[];
  /** Run again; undefined where the first run did not apply everything. */
  readonly again:
    | { readonly ok: boolean; readonly ended: string; readonly changed: readonly string[] }
    | undefined;
  /** Other addresses that its Node processes tried to reach. */
  readonly refused: readonly string[];
  /** The last lines that it printed; none on rows of the source itself. */
  readonly said: readonly string[];
  /** Why it would not do in production what it is there for; none when it would. */
  readonly faults: readonly StepFault[];
}

export interface StepFault {
  readonly what: string;
  readonly expected: string;
  readonly found: string;
  readonly from: string;
  readonly why: string;
  readonly next: readonly string[];
}

/** The statistics that the rows were made of, or the copy that had them. */
export interface RehearsalSource {
  /** Name of the database of a restored copy; null where rows were made. */
  readonly copy: string | null;
  readonly takenAt: string;
  readonly serverVersion: string;
  /** With rows of the source itself: how each column's values came, and what was left out. */
  readonly sanitised?: SanitisedRows;
  /** Of the tables that the clone has. */
  readonly rows: number;
  readonly bytes: number;
}

export interface SanitisedRows {
  readonly columns: readonly MaskedColumn[];
  readonly leftOut: readonly string[];
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
  /** Undefined with one scale, and where a table that it works on lacks rows in the clone. */
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
  /** Derived from the schema, or the statements that the application sends. */
  readonly from: "schema" | "statements";
  /** What was sent of the application's statements; undefined with a load from the schema. */
  readonly sent: SentLoad | undefined;
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

/** The application's statements as a load. */
export interface SentLoad {
  /** ISO time from which on calls were counted there; null where that is not known. */
  readonly since: string | null;
  /** Of all that was counted there and reads or writes rows, and of the statements of this load. */
  readonly calls: number;
  readonly sentCalls: number;
  /** On average there; null where `since` is not known. */
  readonly perSecond: number | null;
  /** Those with the most calls first. */
  readonly statements: readonly SentStatement[];
  /** The same. `sql` is null where several were left out together before they came here. */
  readonly leftOut: readonly {
    readonly sql: string | null;
    readonly calls: number;
    readonly why: string;
  }[];
  /** Statements that constraints refused which were there before: the values were drawn. */
  readonly refused: number;
}

export interface SentStatement {
  readonly sql: string;
  /** There, and their mean time. */
  readonly calls: number;
  readonly meanMs: number;
  /** How often it was sent here. */
  readonly count: number;
  /** Half of them within this before the work began; null when none ran. */
  readonly beforeMs: number | null;
  /** The slowest that was due or under way beside the work; null when none was. */
  readonly slowestMs: number | null;
  readonly failed: number;
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
  /** With the application's statements. */
  readonly sql?: string;
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

/** How long something takes in production; or why that is not known. */
export interface RecoveryTime {
  readonly estimate: Estimate | undefined;
  readonly notKnown: string | undefined;
}

export interface RehearsedRecovery {
  /** A snapshot brought back. */
  readonly restore: RecoveryTime & {
    /** How snapshots are made here: `dump`, `restore-point`, a provider. */
    readonly by: string;
    /** How long dumps of the clones took to be restored. */
    readonly runs: readonly { readonly scale: number; readonly ms: number }[];
  };
  /** What is done again when a run has crashed and is begun anew. */
  readonly rerun: RecoveryTime & {
    /** Pieces of the work that are done or not done. */
    readonly units: number;
    /** The one that takes longest; null where it is not known. */
    readonly at: string | null;
  };
  /** Everything taken back: down files, inverses, aborts of plans. */
  readonly back: RecoveryTime;
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
