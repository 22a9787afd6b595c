import type { Scratch } from "../scratch/index.ts";
import type { Migration } from "../tools/index.ts";
import { replayEmbedded } from "./embedded.ts";
import { replayOnServer } from "./templates.ts";

export interface HistoryRequest {
  /** Names the way in which migrations are applied, and all else that decides what they leave: roles, say. */
  readonly manner: string;
  /** Oldest first. */
  readonly migrations: readonly Migration[];
  /** Applies some of them, in order, to a database that holds all before them. Its connections are closed when it returns. */
  readonly apply: (url: string, migrations: readonly Migration[]) => Promise<void>;
  /** Roles that must be there before these migrations run; those that the server lacks are created. */
  readonly roles: (migrations: readonly Migration[]) => Promise<readonly string[]>;
  /** Major version; with `url` it is checked against the server. */
  readonly major: number;
  /** A server to use instead of an embedded one. */
  readonly url?: string | undefined;
  /** A replay that took at least this many ms is kept for later ones. */
  readonly keepAfterMs: number;
}

/** A scratch server with a database in which the migrations were applied. */
export interface ReplayedHistory extends AsyncDisposable {
  readonly scratch: Scratch;
  /** The database; it may be changed, and is gone when this is disposed of. */
  readonly url: string;
  /** Creates roles that the server lacks; on a server given by URL they are taken back in the end. */
  createRoles(names: readonly string[]): Promise<void>;
  /** How many of the migrations were run now; the others come from an earlier replay. */
  readonly applied: number;
}

/**
 * Replays a history on scratch, or as much of it as no earlier replay has done: what a prefix of it leaves is kept, as
 * the data directory of a stopped embedded server, or as template databases of a server given by URL. Processes may do
 * so at the same time. What is kept is bounded, and never trusted when it is not whole.
 *
 * @throws LockstepError `scratch-unavailable`, connection errors for a URL, and what `apply` throws
 */
export async function replayHistory(request: HistoryRequest): Promise<ReplayedHistory> {
  return request.url === undefined ? replayEmbedded(request) : replayOnServer(request, request.url);
}
