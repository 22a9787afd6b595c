/** From which value on a backfill goes slower, and from which it stands; null for never. */
export interface Limit {
  readonly slow: number | null;
  readonly stop: number | null;
}

const mega = 1_000_000;
const giga = 1_000 * mega;

/** What is measured, and the limits unless others are set. `docs/backfill.md` says the same; a test compares both. */
export const defaultLimits = {
  /** Bytes of WAL that a standby has not replayed. */
  "replica-bytes": { slow: 64 * mega, stop: 256 * mega },
  /** Seconds that a standby is behind. */
  "replica-seconds": { slow: 3, stop: 10 },
  /** Bytes of WAL that a replication slot keeps on the primary. */
  "slot-bytes": { slow: giga, stop: 8 * giga },
  /** What a slot keeps, as a share of what it may keep before it is invalidated (max_slot_wal_keep_size). */
  "slot-share": { slow: 0.5, stop: 0.75 },
  /** Milliseconds that a session of somebody else has waited for a lock of ours. */
  "lock-wait": { slow: 100, stop: 500 },
  /** How many times as long as usual the application's statements take. */
  latency: { slow: 2, stop: 8 },
  /** Bytes of WAL a second, of the whole server. */
  "wal-rate": { slow: 256 * mega, stop: null },
  /** Checkpoints in a minute that max_wal_size forced. */
  checkpoints: { slow: 3, stop: null },
  /** Sessions of others that are at work, for each processor of the server. */
  sessions: { slow: 2, stop: 8 },
  /** Segments of WAL that wait to be archived. */
  archiver: { slow: 20, stop: 64 },
  /** Dead rows as a share of the table's rows, dead or alive. */
  "dead-rows": { slow: 0.35, stop: null },
} as const satisfies Readonly<Record<string, Limit>>;

export type LimitName = keyof typeof defaultLimits;

export type Limits = Readonly<Record<LimitName, Limit>>;

/** How a backfill is steered. */
export interface SteeringOptions {
  readonly limits?: Partial<Limits>;
  /** Signals that a person has decided not to look at. */
  readonly ignore?: readonly SignalName[];
  /** Standbys that lag on purpose, by application_name. */
  readonly ignoreReplicas?: readonly string[];
  /** Processors of the database server, which does not tell. 4 by default. */
  readonly cpus?: number;
  /** How long a batch may take while nobody else is at work on the server, in ms: 50 by default. */
  readonly batchMs?: number;
  /** The same while others are: the longest wait that a batch can make a writer of the same row suffer. 10 by default. */
  readonly loadedBatchMs?: number;
}

export interface Steering {
  readonly limits: Limits;
  readonly ignore: ReadonlySet<SignalName>;
  readonly ignoreReplicas: ReadonlySet<string>;
  readonly cpus: number;
  readonly batchMs: number;
  readonly loadedBatchMs: number;
}

/** What a backfill looks at. */
export const signalNames = [
  "replicas",
  "slots",
  "lock-waiters",
  "latency",
  "wal",
  "sessions",
  "archiver",
  "vacuum",
] as const;

export type SignalName = (typeof signalNames)[number];

export function steeringOf(options: SteeringOptions = {}): Steering {
  const { limits, ignore, ignoreReplicas, cpus = 4, batchMs = 50, loadedBatchMs = 10 } = options;
  return {
    limits: { ...defaultLimits, ...limits },
    ignore: new Set(ignore),
    ignoreReplicas: new Set(ignoreReplicas),
    cpus,
    batchMs,
    loadedBatchMs,
  };
}
