import { replayHistory, type ReplayedHistory } from "../history/index.ts";
import type { Migration } from "../tools/index.ts";
import { applyHistory, manner, rolesOf } from "./apply.ts";

/** A replay that takes longer is kept for the next one. */
const keepAfterMs = 300;

/**
 * A scratch server whose database holds these migrations, from the longest earlier replay of them.
 * @param url a server to use instead of an embedded one
 * @throws LockstepError `scratch-unavailable`, `scratch-run-failed`
 */
export async function replayMigrations(
  migrations: readonly Migration[],
  { major, url }: { readonly major: number; readonly url?: string | undefined },
): Promise<ReplayedHistory> {
  const isShared = url !== undefined;
  return replayHistory({
    manner,
    migrations,
    apply: async (to, some) => applyHistory(to, some, { isShared }),
    roles: async (some) => rolesOf(some, isShared),
    major,
    url,
    keepAfterMs,
  });
}
