/** The loop that does the queued work of one process. Any number of processes may run it. */
import { setTimeout as sleep } from "node:timers/promises";
import { deliverOrder, fulfilOrder } from "./fulfilment.ts";
import type { Job, JobKind } from "./jobs.ts";
import { buryAbandonedJobs, claimJob, completeJob, failJob } from "./jobs.ts";
import { emptyOldMails } from "./mail.ts";
import { recoverAccess } from "./recovery.ts";
import type { Database, Shop, ShopDependencies } from "./shop.ts";
import { openShop, reasonOf } from "./shop.ts";

type Handler = (tx: Database, shop: Shop, job: Job) => Promise<void>;

const handlers: Readonly<Record<JobKind, Handler>> = {
  "fulfil-order": (tx, shop, job) => fulfilOrder(tx, shop, field(job, "orderId")),
  "deliver-order": (tx, shop, job) => deliverOrder(tx, shop, field(job, "orderId")),
  "recover-access": (tx, shop, job) => recoverAccess(tx, shop, field(job, "requestId")),
};

function field(job: Job, name: string): string {
  const value = job.payload[name];
  if (value === undefined) throw new Error(`Job ${job.id} has no ${name}`);
  return value;
}

/** Runs one claimed job: its work and its completion are one transaction. */
export async function runJob(shop: Shop, job: Job): Promise<void> {
  try {
    await shop.db.transaction(async (tx) => {
      const handler = (handlers as Readonly<Record<string, Handler | undefined>>)[job.kind];
      if (!handler) throw new Error(`No handler for jobs of kind ${job.kind}`);
      await handler(tx, shop, job);
      await completeJob(tx, shop, job);
    });
  } catch (error) {
    await failJob(shop, job, error);
  }
}

/** Runs what is due now, one after the other; answers how many jobs that were. */
export async function drainJobs(shop: Shop, signal?: AbortSignal): Promise<number> {
  for (let count = 0; ; count += 1) {
    const job = signal?.aborted ? undefined : await claimJob(shop);
    if (!job) return count;
    await runJob(shop, job);
  }
}

const TIDY_EVERY_MS = 30_000;

/** Starts the loop. Disposing it waits for the job at hand and claims no other. */
export function startWorker(
  dependencies: ShopDependencies,
  { intervalMs }: { readonly intervalMs: number },
): AsyncDisposable {
  const shop = openShop(dependencies);
  const stop = new AbortController();

  async function loop(): Promise<void> {
    let tidiedAt = 0;
    while (!stop.signal.aborted) {
      try {
        if (Date.now() - tidiedAt > TIDY_EVERY_MS) {
          await buryAbandonedJobs(shop);
          await emptyOldMails(shop);
          tidiedAt = Date.now();
        }
        await drainJobs(shop, stop.signal);
      } catch (error) {
        // The database is away or not as expected: say so, and look again at the next turn.
        shop.log("worker.failed", { reason: reasonOf(error) });
      }
      await sleep(intervalMs, undefined, { signal: stop.signal }).catch(() => {});
    }
  }

  const ended = loop();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
    },
  };
}
