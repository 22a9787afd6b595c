/** How a run behaves. Every member has a default; times are in ms. */
export interface RunOptions {
  /** What the run is called in the ledger, `migrate` by default. */
  readonly command: string;
  readonly environment: string | undefined;
  readonly release: string | undefined;
  readonly gitCommit: string | undefined;
  /** Who runs it, by default the user of this machine. */
  readonly actor: string | undefined;
  /** Longest wait for one lock before a statement gives way and is tried again. A file's own SET wins. */
  readonly lockTimeoutMs: number;
  /** Longest time for a statement that only changes the catalog. Scans, rewrites, index builds and data have no limit. */
  readonly statementTimeoutMs: number;
  /**
   * How long a unit is tried that meets a lock timeout, a deadlock or a serialisation failure, pauses included. The last
   * attempt begins at its end.
   */
  readonly retryForMs: number;
  /** How often at the most; time alone counts by default, for a wait may be short. */
  readonly attempts: number;
  /** How long a CONCURRENTLY statement may wait for older transactions. */
  readonly concurrentWaitMs: number;
  /** How long to wait for another runner. */
  readonly waitForRunnerMs: number;
  /** How long to wait for a backend that a killed run left behind. */
  readonly orphanWaitMs: number;
  /**
   * How often the lock's holder says that it lives. Six beats without an answer: the connection is taken for dead;
   * two beats after a halt without effect: the worker's is cut.
   */
  readonly heartbeatMs: number;
  /** How soon, and how often, to say who blocks a waiting statement. */
  readonly blockedAfterMs: number;
  /** Applies a pending migration that stands before an applied one. */
  readonly allowOutOfOrder: boolean;
  /** Goes on although the ledger names a migration that the folder does not have. */
  readonly allowMissing: boolean;
  /** Goes on although a migration is taken back in part; for what settles that. */
  readonly allowGoingBack: boolean;
  /** Applies only these of the pending migrations; all of them when undefined. */
  readonly only: ReadonlySet<string> | undefined;
}

const defaults: RunOptions = {
  command: "migrate",
  environment: undefined,
  release: undefined,
  gitCommit: undefined,
  actor: undefined,
  lockTimeoutMs: 3_000,
  statementTimeoutMs: 30_000,
  retryForMs: 300_000,
  attempts: Infinity,
  concurrentWaitMs: 600_000,
  waitForRunnerMs: 900_000,
  orphanWaitMs: 10_000,
  heartbeatMs: 5_000,
  blockedAfterMs: 1_000,
  allowOutOfOrder: false,
  allowMissing: false,
  allowGoingBack: false,
  only: undefined,
};

/**
 * Longest wait for a lock in a transaction that may hold one already, in ms. Others wait for that one meanwhile; and it
 * is less than `deadlock_timeout`, so that none of them is chosen as the victim when they hold what is waited for: each
 * looks for a deadlock once, a second after its own wait began (CheckDeadLock, proc.c).
 */
export const laterLockMs = 500;

/** Options as a caller gives them; a member that is undefined counts as absent. */
export type GivenRunOptions = {
  readonly [Name in keyof RunOptions]?: RunOptions[Name] | undefined;
};

/** Fills in the defaults. */
export function runOptions(given: GivenRunOptions = {}): RunOptions {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(entries) };
}
