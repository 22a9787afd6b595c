/** Where one migration stands in an environment, as `lockstep status --json` tells it. */
export interface MigrationState {
  readonly id: string;
  readonly state: "applied" | "edited" | "unknown" | "failed" | "partly-applied" | "pending";
  readonly appliedAt: Date | undefined;
}

/** A release with instances, or the last verified one. */
export interface ReleaseState {
  readonly release: string;
  readonly instances: number;
  readonly contractHash: string;
}

/** What is known of an environment. */
export interface Reached {
  /** The server's moment, not ours. */
  readonly takenAt: Date;
  /** In the folder's order; what only a ledger knows comes last. */
  readonly migrations: readonly MigrationState[];
  /** How many objects were changed by hand; undefined when it was not looked for, or could not be told. */
  readonly drift: number | undefined;
  readonly lastVerified: { readonly release: string; readonly verifiedAt: Date } | undefined;
  readonly running: readonly ReleaseState[];
}

/** One environment of the config. */
export interface EnvironmentState {
  readonly name: string;
  /** The database without its password, or the file that its status was exported to. */
  readonly from: string;
  /** Undefined when it could not be asked. */
  readonly reached: Reached | undefined;
  /** Why it could not be asked, in a sentence. */
  readonly unreachable: string | undefined;
}
