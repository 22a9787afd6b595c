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
