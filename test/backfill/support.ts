import { createBackfill, findKey, work, type Job, type Pace } from "../../src/backfill/index.ts";
import { installLedger } from "../../src/ledger/index.ts";
import { Session } from "../../src/pg/index.ts";

/** Batches of one size, as fast as they go. */
export function steady(rows: number): Pace {
  return {
    rows: () => rows,
    ready: () => Promise.resolve(),
    done: () => {},
    refused: () => new Promise((resolve) => setTimeout(resolve, 20)),
  };
}

/** A backfill of `filled` in a table, written down in the ledger. */
export async function jobOn(
  session: Session,
  table: string,
  given: Partial<Job> = {},
): Promise<Job> {
  await installLedger(session);
  const job: Job = {
    id: "p1/1",
    table,
    key: await findKey(session, table),
    set: "filled = true",
    todo: "NOT t.filled",
    ...given,
  };
  await createBackfill(session, job);
  return job;
}

/** Works on a backfill with a session of its own. */
export async function workOn(
  url: string,
  job: Job,
  { rows = 29, rangeRows = 100, name = "worker", stopped = (): boolean => false } = {},
) {
  await using session = await Session.open({ url, applicationName: name });
  return await work(session, { job, holderName: name, pace: steady(rows), rangeRows, stopped });
}

/** Pages that a statement touches. */
export async function pagesOf(session: Session, sql: string): Promise<number> {
  await session.query("BEGIN");
  const { rows } = await session.query<{
    "QUERY PLAN": readonly [{ readonly Plan: Readonly<Record<string, number>> }];
  }>(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${sql}`);
  await session.query("ROLLBACK");
  const { Plan } = rows[0]!["QUERY PLAN"][0];
  return Plan["Shared Hit Blocks"]! + Plan["Shared Read Blocks"]!;
}
