import type { Emit } from "../events/index.ts";
import type { MigrationFolder } from "../tools/index.ts";
import type { GivenRunOptions } from "./options.ts";

export interface ResolveRequest {
  readonly url: string;
  readonly folder: MigrationFolder;
  /** Id of the migration. */
  readonly migration: string;
  readonly as: "applied" | "rolled-back";
  /** Goes on although the catalog does not agree; the reason is recorded. */
  readonly force?: { readonly reason: string } | undefined;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
  readonly run?: string | undefined;
  /** A server to replay the history on, instead of an embedded one of the target's major. */
  readonly scratchUrl?: string | undefined;
  readonly options?: GivenRunOptions | undefined;
}

export interface ResolveResult {
  readonly run: string;
  readonly migration: string;
  readonly as: "applied" | "rolled-back";
  /** False when the ledgers said so already. */
  readonly changed: boolean;
  /** What does not agree with the catalog; only a forced resolve goes on with any. */
  readonly differences: readonly string[];
  /** What the catalog cannot tell: the migration's statements on data and the like. */
  readonly unseen: readonly string[];
}

/**
 * Settles by hand what became of a migration, in both ledgers: as applied, or as rolled back, so that it is pending
 * again. Only if the catalog agrees: the history is replayed on scratch without and with the migration, and what the
 * two differ in must be in the database as it is after (or before) it.
 *
 * @throws LockstepError `resolve-refused` naming each difference, `usage` for an unknown migration,
 * `scratch-unavailable`, and what `migrate` throws before its first change
 */
export async function resolve(request: ResolveRequest): Promise<ResolveResult> {
  // Loaded only here: a run with nothing to do starts faster without it.
  const { resolveLocked } = await import("./resolve-locked.ts");
  return resolveLocked(request);
}
