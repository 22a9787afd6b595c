import { readProcesses, readRun, type ProcessRow } from "../ledger/index.ts";
import type { Queryable } from "../pg/index.ts";
import { idle, type Doing } from "./doing.ts";

/** A run that is under way, as another terminal sees it. */
export interface LiveRun extends Omit<ProcessRow, "doing" | "session" | "isAlive"> {
  readonly doing: Doing;
}

/** The runs that are under way on this database, the oldest first. What a killed one has left is passed over. */
export async function readLiveRuns(database: Queryable): Promise<readonly LiveRun[]> {
  return (await readProcesses(database)).filter(({ isAlive }) => isAlive).map(asRun);
}

/**
 * Runs that were seen here and whose connection is gone without a word of their end, as they were seen last: they were killed
 * or cut off. The next run that shows itself takes their place.
 */
export async function readLostRuns(database: Queryable): Promise<readonly LiveRun[]> {
  const lost: LiveRun[] = [];
  for (const row of (await readProcesses(database)).filter(({ isAlive }) => !isAlive)) {
    const outcome = (await readRun(database, row.run))?.outcome ?? "running";
    if (outcome === "running") lost.push(asRun(row));
  }
  return lost;
}

function asRun({ doing, session: _session, isAlive: _isAlive, ...row }: ProcessRow): LiveRun {
  return { ...row, doing: { ...idle, ...(doing as Partial<Doing>) } };
}
