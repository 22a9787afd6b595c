/** What is asked of the product over HTTP in each round. */
export interface Endpoint {
  readonly url: string;
  /** Longest answer in ms, 5,000 by default: what takes longer counts as failed. */
  readonly mostMs?: number | undefined;
  /** Where a number stands in an answer of JSON, such as `errors.rate`; left away, any answer of 200 to 299 is good. */
  readonly value?: string | undefined;
  /** The number's upper limit. */
  readonly most?: number | undefined;
}

export interface WatchSettings {
  /** How long is watched, in ms. */
  readonly forMs: number;
  /** The time between two rounds, in ms. */
  readonly everyMs: number;
  readonly endpoints: readonly Endpoint[];
  /** In how many rounds one after another something has to be wrong, so that the watch fails. */
  readonly failAfter: number;
  /** How many times as long as before a statement has to take to be told, 2 by default. */
  readonly slowerBy: number;
  /** Longest time that a session of the application may wait for a lock, in ms. */
  readonly lockWaitMs: number;
  /** How far a standby may be behind, in ms. */
  readonly lagMs: number;
}

export const watchDefaults: WatchSettings = {
  forMs: 600_000,
  everyMs: 15_000,
  endpoints: [],
  failAfter: 2,
  slowerBy: 2,
  lockWaitMs: 10_000,
  lagMs: 60_000,
};

/** Something that was wrong in a round. */
export interface Trouble {
  /** What it is of, the same in each round: `probe checkout`, `endpoint https://…`, `locks`, `lag of replica-1`. */
  readonly subject: string;
  readonly found: string;
}

/** A statement that is new or slower than before the watch, by pg_stat_statements. */
export interface WatchedStatement {
  readonly kind: "new" | "slower";
  readonly query: string;
  readonly calls: number;
  readonly meanMs: number;
  /** Null for a new one. */
  readonly meanMsBefore: number | null;
  /** Time that it took in all during the watch. */
  readonly totalMs: number;
}

export interface WatchResult {
  readonly verdict: "well" | "failed";
  readonly rounds: number;
  /** How many were asked in each round. */
  readonly watched: { readonly probes: number; readonly endpoints: number };
  /** What was wrong in enough rounds, one after another; what has ended the watch. */
  readonly failures: readonly Trouble[];
  /** What was wrong in some round, and how often. */
  readonly troubles: readonly (Trouble & { readonly rounds: number })[];
  /** The worst first; undefined when they cannot be seen. */
  readonly statements: readonly WatchedStatement[] | undefined;
  /** Why statements may be missing from these, or be told that are not new. */
  readonly statementGaps: readonly string[];
  /** What was not looked at, and why. */
  readonly notKnown: readonly string[];
  /** How the roll-back command ended; undefined when it was not run. */
  readonly rolledBack?: { readonly ok: boolean; readonly ended: string };
  readonly ms: number;
}
