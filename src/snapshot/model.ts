/** How a snapshot is made: by pg_dump, as a name in the WAL, by the provider's own command, by any other. */
export type SnapshotWay =
  | "dump"
  | "restore-point"
  | "aws-rds"
  | "aws-aurora"
  | "cloud-sql"
  | "neon"
  | "supabase"
  | "command";

/** What a way needs to know. */
export interface SnapshotSettings {
  readonly by: SnapshotWay;
  /** Folder in which dumps are put, each in one of its own. */
  readonly to?: string | undefined;
  /** Connections of pg_dump at once, 4 by default. */
  readonly jobs?: number | undefined;
  /** The provider's name of the server: an instance, a cluster. */
  readonly instance?: string | undefined;
  /** The provider's name of the project. */
  readonly project?: string | undefined;
  /** Neon: the branch that is copied, its default one when left away. */
  readonly branch?: string | undefined;
  /** Any other command, a line for the shell; LOCKSTEP_SNAPSHOT names the snapshot. */
  readonly command?: string | undefined;
}

/** What was there when a snapshot was made: what was written since it does not bring back. */
export interface Mark {
  readonly lsn: string | null;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  /** When the server's counters began to count. */
  readonly countedSince: string | null;
}

/** A snapshot as the ledger keeps it. */
export interface Snapshot {
  readonly name: string;
  readonly by: SnapshotWay;
  /** The server's moment at which it was begun: what was written later is not in it. */
  readonly at: string;
  /** Where it is: a folder, the provider's id, an LSN. */
  readonly place: string;
  readonly mark: Mark;
  /** What is known of it, one line each. */
  readonly says: readonly string[];
  /** What is not known of it, one line each. */
  readonly notKnown: readonly string[];
  /** How it is brought back. */
  readonly restore: string;
  readonly ms: number;
}
