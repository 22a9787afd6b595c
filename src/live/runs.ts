import { readProcesses, type ProcessRow } from "../ledger/index.ts";
import type { Queryable } from "../pg/index.ts";
import { idle, type Doing } from "./doing.ts";

/** A run that is under way, as another terminal sees it. */
export interface LiveRun extends Omit<ProcessRow, "doing" | "session" | "isAlive"> {
  readonly doing: Doing;
}

/** The runs that are under way on this database, the oldest first. What a killed one has left is passed over. */
export async function readLiveRuns(database: Queryable): Promise<readonly LiveRun[]> {
  const rows = await readProcesses(database);
  return rows
    .filter(({ isAlive }) => isAlive)
    .map(({ doing, session: _session, isAlive: _isAlive, ...row }) => ({
      ...row,
      doing: { ...idle, ...(doing as Partial<Doing>) },
    }));
}
