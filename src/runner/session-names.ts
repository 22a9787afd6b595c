import type { SessionOptions } from "../pg/index.ts";

/** What the sessions of a run are called in pg_stat_activity. */
export function sessionName(run: string, part?: string): SessionOptions["applicationName"] {
  const prefix = `lockstep/${run.slice(0, 8)}`;
  return part === undefined ? prefix : `${prefix} ${part}`;
}

/** Matches the sessions that send a run's statements, with how far they are (`lockstep/1b2c3d4e 3/12`). */
export const workerPattern = "^lockstep/[0-9a-f]{8}( [0-9]+/[0-9]+)?$";
