import type { Emit } from "../events/index.ts";
import type { Session } from "../pg/index.ts";
import type { SnapshotSettings } from "./model.ts";

export interface SnapshotRequest {
  readonly url: string;
  readonly settings: SnapshotSettings;
  /** What it is called; letters, digits and hyphens. */
  readonly name: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
  /** How often a provider is asked how far it is, 5,000 ms by default. */
  readonly pollMs?: number | undefined;
  /** How long a provider may take, two hours by default. */
  readonly waitMs?: number | undefined;
  /** How long the archiver may take with a restore point's WAL, a minute by default. */
  readonly archiveWaitMs?: number | undefined;
}

/** What a way of making snapshots gives. */
export interface Made {
  readonly place: string;
  readonly says: readonly string[];
  readonly notKnown: readonly string[];
  readonly restore: string;
}

export interface MakeRequest extends SnapshotRequest {
  /** On the database, for as long as the snapshot is made. */
  readonly session: Session;
}
