import { Session } from "../pg/index.ts";
import { startScratch, type Scratch } from "../scratch/index.ts";
import { prefixKeys } from "./key.ts";
import type { HistoryRequest, ReplayedHistory } from "./replay.ts";

/** The database of a private server that holds the history. */
const database = "lockstep_history";

/** Replays on an embedded server, started from the data kept for the longest prefix. */
export async function replayEmbedded(request: HistoryRequest): Promise<ReplayedHistory> {
  const keys = prefixKeys(request.migrations, request.manner);
  const began = performance.now();
  const first = await start(keys, request);
  const ms = performance.now() - began;
  if (first.applied === 0 || ms < request.keepAfterMs) return first;
  await first.scratch.keep(keys.at(-1)!);
  const second = await start(keys, request);
  return { ...second, applied: first.applied };
}

async function start(keys: readonly string[], request: HistoryRequest): Promise<ReplayedHistory> {
  const { major, migrations, roles, apply } = request;
  const scratch = await startScratch({ major, from: keys.toReversed() });
  try {
    const url = scratch.urlOf(database);
    const done = scratch.from === undefined ? 0 : keys.indexOf(scratch.from);
    const missing = migrations.slice(done);
    await prepare(scratch, scratch.from === undefined, await roles(missing));
    if (missing.length > 0) await apply(url, missing);
    return {
      scratch,
      url,
      applied: missing.length,
      createRoles: async (names) => scratch.createRoles(names),
      [Symbol.asyncDispose]: async () => scratch.close(),
    };
  } catch (error) {
    await scratch.close();
    throw error;
  }
}

async function prepare(
  scratch: Scratch,
  isEmpty: boolean,
  roles: readonly string[],
): Promise<void> {
  await scratch.createRoles(roles);
  if (!isEmpty) return;
  await using admin = await Session.open({ url: scratch.url, applicationName: "lockstep/scratch" });
  await admin.query(`CREATE DATABASE ${database} TEMPLATE template0`);
}
