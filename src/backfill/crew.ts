import { hostname } from "node:os";
import type { Emit } from "../events/index.ts";
import { Session, type SessionOptions } from "../pg/index.ts";
import { Governor } from "./governor.ts";
import type { Job } from "./job.ts";
import { steeringOf } from "./limits.ts";
import { batchPace } from "./pace.ts";
import { persistently } from "./reconnect.ts";
import { Reporter } from "./reporter.ts";
import type { BackfillRun } from "./run.ts";
import { Vacuumer } from "./vacuum.ts";
import { work, type WorkEnd } from "./worker.ts";

export interface Crew {
  readonly run: BackfillRun;
  readonly session: SessionOptions;
  readonly job: Job;
  readonly emit: Emit;
}

/**
 * One worker that works to the end, others that help while the server has slack, one who looks at the server and one who
 * vacuums. Gives how the first worker's turn ended.
 */
export async function workTogether({ run, session, job, emit }: Crew): Promise<WorkEnd> {
  const { workers = 1, vacuum = true, signal } = run;
  const { name = `${hostname()} pid ${process.pid}` } = run;
  const backfill = job.id;
  /** Backends of the workers. */
  const pids = new Set<number>();
  let isOver = false;
  const stopped = () => isOver || signal?.aborted === true;
  const reporter = new Reporter({ backfill, name, workers, emit });
  await using vacuumer = new Vacuumer(session, job, emit);
  await using governor = new Governor({
    session,
    backfill,
    table: job.table,
    steering: steeringOf(run.steering),
    ours: () => [...pids, ...(vacuumer.pid === undefined ? [] : [vacuumer.pid])],
    emit,
    async onLook(database, decision) {
      const { verdict, reasons, waitedFor, mayVacuum, isLoaded } = decision;
      for (const { pid, isTooLong } of waitedFor)
        if (pid === vacuumer.pid) await vacuumer.cancel(database, "somebody waits for its lock");
        else if (isTooLong) await database.query("SELECT pg_catalog.pg_cancel_backend($1)", [pid]);
      if (verdict === "stop") await vacuumer.cancel(database, reasons[0]!.text);
      else if (vacuum && mayVacuum)
        await vacuumer.beginIfDue(database, isLoaded || verdict !== "go");
      await reporter.report(database, decision);
    },
  });

  /** A worker's turn, on a session of its own, for as long as it is wanted. */
  const turn = async (number: number, unwanted: () => boolean): Promise<WorkEnd> => {
    await using own = await Session.open(session);
    const { rows } = await own.query<{ pid: number }>("SELECT pg_catalog.pg_backend_pid() AS pid");
    const { pid } = rows[0]!;
    pids.add(pid);
    try {
      return await work(own, {
        job,
        holderName: workers === 1 ? name : `${name} worker ${number}`,
        pace: batchPace({
          decide: () => governor.decide(),
          next: () => governor.next(),
          stopped: unwanted,
        }),
        stopped: unwanted,
        onBatch: ({ passed }) => reporter.count(passed),
        onReject: (key, error) => reporter.rejected(key, error),
      });
    } finally {
      pids.delete(pid);
    }
  };
  const persistent = (number: number, unwanted: () => boolean) =>
    persistently(() => turn(number, unwanted), { done: () => reporter.passed, stopped });
  const helper = async (number: number): Promise<void> => {
    const unwanted = () => stopped() || !governor.decide().hasSlack;
    while (!stopped())
      if (unwanted()) await governor.next();
      else await persistent(number, unwanted);
  };
  const over = <Value>(turn: Promise<Value>) =>
    turn.finally(() => {
      isOver = true;
    });

  const first = over(persistent(1, stopped));
  const helpers = Array.from({ length: workers - 1 }, (_, n) => helper(n + 2));
  const ends = await Promise.allSettled([
    first,
    ...helpers.map((each) => each.catch(async (error: unknown) => over(Promise.reject(error)))),
  ]);
  if (ends.some((end) => end.status === "rejected" || end.value === "stopped"))
    await vacuumer.giveUp("the backfill was stopped").catch(() => {});
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  return await first;
}
