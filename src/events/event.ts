/** A statement as events name it: where it stands and its text with literals masked. */
export interface EventStatement {
  readonly migration: string;
  readonly file: string;
  readonly line: number;
  /** Masked SQL, one line. */
  readonly sql: string;
}

/** A session that stands in the way, as pg_stat_activity shows it, its query's literals masked. */
export interface EventBlocker {
  readonly pid: number;
  readonly application: string;
  readonly user: string;
  /** `active`, `idle in transaction`, … or `prepared transaction`. */
  readonly state: string;
  /** Seconds since its transaction began. */
  readonly transactionSeconds: number;
  readonly query: string;
}

/** Why a backfill goes slower or stands: one signal of the server, as it was read. */
export interface EventReason {
  /** `replicas`, `slots`, `lock-waiters`, … (docs/backfill.md). */
  readonly signal: string;
  /** What it was read of: a standby, a slot, a session; empty for the server as a whole. */
  readonly subject: string;
  readonly effect: "slow" | "stop";
  /** What was read and the limit that it is beyond, both in `unit`; null for a signal that could not be read. */
  readonly value: number | null;
  readonly limit: number | null;
  readonly unit: string;
  /** All of it in words. */
  readonly text: string;
}

interface EventBodies {
  "run.started": { readonly command: string; readonly target: string; readonly pending: number };
  "run.finished": {
    readonly outcome: "succeeded" | "failed" | "stopped";
    readonly applied: number;
    readonly ms: number;
  };
  /** Another run holds the lock; repeated while it lasts. */
  "run.waiting": {
    readonly holder: string;
    readonly since: string;
    readonly waitedMs: number;
  };
  "migration.started": {
    readonly migration: string;
    readonly number: number;
    readonly of: number;
    readonly resumed: boolean;
  };
  "migration.finished": { readonly migration: string; readonly ms: number };
  "step.started": { readonly statement: EventStatement; readonly attempt: number };
  "step.blocked": {
    readonly statement: EventStatement;
    readonly waitedMs: number;
    readonly blockers: readonly EventBlocker[];
  };
  "step.retried": {
    readonly statement: EventStatement;
    readonly attempt: number;
    readonly reason: string;
    readonly pauseMs: number;
  };
  "step.finished": { readonly statement: EventStatement; readonly ms: number };
  "step.failed": { readonly statement: EventStatement; readonly reason: string };
  /** Something left by an earlier failure was removed before going on, e.g. an invalid index. */
  "step.cleaned": { readonly object: string; readonly reason: string };
  /** One phase of a plan: `expand`, `backfill`, `contract`, `rollback`. */
  "phase.started": { readonly plan: string; readonly phase: string };
  "phase.finished": {
    readonly plan: string;
    readonly phase: string;
    /** Where the plan stands now, in words. */
    readonly detail: string;
    readonly ms: number;
  };
  "phase.failed": { readonly plan: string; readonly phase: string; readonly detail: string };
  "stage.started": { readonly stage: string; readonly detail: string };
  "stage.finished": { readonly stage: string; readonly detail: string; readonly ms: number };
  "stage.failed": { readonly stage: string; readonly detail: string };
  "probe.started": { readonly probe: string };
  "probe.finished": { readonly probe: string; readonly ok: boolean; readonly ms: number };
  /** A line printed by the user's own command. */
  "command.output": {
    readonly command: string;
    readonly stream: "stdout" | "stderr";
    readonly line: string;
  };
  "backfill.started": {
    readonly backfill: string;
    readonly table: string;
    /** Rows by the table's statistics, and those that earlier runs have passed. */
    readonly estimate: number;
    readonly passed: number;
    readonly workers: number;
  };
  /** The pace was changed, or the reasons for it: batches follow one another, with rests between them, or not at all. */
  "backfill.steered": {
    readonly backfill: string;
    readonly verdict: "go" | "slow" | "stop";
    /** Share of the time that batches may take, 0 to 1. */
    readonly duty: number;
    readonly reasons: readonly EventReason[];
  };
  /** About every second. Rates are of this process. */
  "backfill.progress": {
    readonly backfill: string;
    readonly passed: number;
    readonly changed: number;
    readonly estimate: number;
    readonly rowsPerSecond: number;
    /** Seconds to the end, as a range; null while nothing can be said. */
    readonly remaining: { readonly least: number; readonly most: number } | null;
    readonly verdict: "go" | "slow" | "stop";
    readonly reasons: readonly EventReason[];
  };
  /** A row that the server refuses to fill; the others go on, and the backfill does not end without it. */
  "backfill.rejected": {
    readonly backfill: string;
    readonly key: readonly string[];
    readonly sqlstate: string;
    readonly message: string;
  };
  "backfill.vacuumed": {
    readonly backfill: string;
    readonly table: string;
    readonly outcome: "done" | "skipped" | "cancelled" | "failed";
    readonly reason: string;
    readonly ms: number;
  };
  "backfill.finished": {
    readonly backfill: string;
    readonly outcome: "done" | "rejected" | "paused" | "stopped";
    readonly passed: number;
    readonly changed: number;
    readonly ms: number;
  };
  notice: { readonly severity: "info" | "warning"; readonly message: string };
}

export type EventType = keyof EventBodies;

/** What happened, without when and in which run. */
export type EventBody = {
  [Type in EventType]: { readonly type: Type } & EventBodies[Type];
}[EventType];

/** One thing that happened in a run: what `--format ndjson` prints, one a line. */
export type LockstepEvent = { readonly at: string; readonly run: string } & EventBody;

/** Where engine code sends events. It must not throw. */
export type Emit = (event: EventBody) => void;

/** Gives a run's events their time and run id. */
export function emitFor(run: string, listener: (event: LockstepEvent) => void): Emit {
  return (body) => listener({ at: new Date().toISOString(), run, ...body });
}
