/**
 * A queue in the shop's own database, so that "the order is paid" and "somebody has to deliver it" are one
 * commit.
 *
 * A worker claims a job by writing its lease into the row, works, and completes the job inside the same
 * transaction as the work. A worker that dies leaves a lease that runs out; one that was only slow finds
 * its lease gone when it wants to commit, and its work is undone. So each job takes effect once.
 */
import { randomUUID } from "node:crypto";
import { and, asc, eq, gte, inArray, lt, lte, or, sql } from "drizzle-orm";
import type { Database, Shop } from "./shop.ts";
import { reasonOf } from "./shop.ts";

export type JobKind = "fulfil-order" | "deliver-order" | "recover-access";

export interface Job {
  readonly id: number;
  readonly kind: string;
  readonly payload: Readonly<Record<string, string>>;
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly leaseId: string;
}

/** Work that only another release can do; waiting for it is not a failed attempt. */
export class NotThisRelease extends Error {}

const LONGEST_BACK_OFF_MS = 5 * 60_000;

export interface NewJob {
  readonly kind: JobKind;
  /** The same key is the same work: asking again changes nothing. */
  readonly key: string;
  readonly payload: Readonly<Record<string, string>>;
}

/** Call it inside the transaction that makes the work necessary. */
export async function enqueue(tx: Database, shop: Shop, job: NewJob): Promise<void> {
  await tx
    .insert(shop.release.tables.jobs)
    .values({
      kind: job.kind,
      idempotencyKey: job.key,
      payload: job.payload,
      maxAttempts: shop.config.jobs.maxAttempts,
    })
    .onConflictDoNothing();
}

/** Takes the next due job, or one whose worker went silent. Competing workers skip each other's rows. */
export async function claimJob(shop: Shop): Promise<Job | undefined> {
  const { jobs } = shop.release.tables;
  const leaseId = randomUUID();
  const next = shop.db
    .select({ id: jobs.id })
    .from(jobs)
    .where(
      or(
        and(eq(jobs.status, "queued"), lte(jobs.runAt, sql`now()`)),
        and(
          eq(jobs.status, "running"),
          lt(jobs.leaseUntil, sql`now()`),
          lt(jobs.attempts, jobs.maxAttempts),
        ),
      ),
    )
    .orderBy(asc(jobs.runAt), asc(jobs.id))
    .limit(1)
    .for("update", { skipLocked: true });
  const [claimed] = await shop.db
    .update(jobs)
    .set({
      status: "running",
      attempts: sql`${jobs.attempts} + 1`,
      leaseId,
      leaseUntil: sql`now() + ${shop.config.jobs.leaseMs} * interval '1 millisecond'`,
    })
    // `=` and not `IN`: a scalar sub-query runs once, so exactly one row is locked.
    .where(eq(jobs.id, sql`(${next})`))
    .returning();
  return claimed && { ...claimed, leaseId };
}

/** Marks the job done in the transaction of its work; throws when another worker holds it by now. */
export async function completeJob(tx: Database, shop: Shop, job: Job): Promise<void> {
  const { jobs } = shop.release.tables;
  const completed = await tx
    .update(jobs)
    .set({ status: "done", leaseId: null, leaseUntil: null, finishedAt: sql`now()` })
    .where(and(eq(jobs.id, job.id), eq(jobs.leaseId, job.leaseId)))
    .returning({ id: jobs.id });
  if (completed.length === 0) throw new Error(`Job ${job.id} was given to another worker`);
}

/** Puts the job back with a growing pause, or among the dead after its last attempt. */
export async function failJob(shop: Shop, job: Job, error: unknown): Promise<void> {
  const { jobs } = shop.release.tables;
  const patient = error instanceof NotThisRelease;
  const dead = !patient && job.attempts >= job.maxAttempts;
  const longest = Math.min(
    shop.config.jobs.backOffMs * 2 ** (patient ? 0 : job.attempts - 1),
    LONGEST_BACK_OFF_MS,
  );
  // Half of the pause is chance, so that jobs that failed together do not come back together.
  const pause = Math.round(longest * (0.5 + Math.random() / 2));
  await shop.db
    .update(jobs)
    .set({
      status: dead ? "dead" : "queued",
      attempts: patient ? job.attempts - 1 : job.attempts,
      runAt: sql`now() + ${pause} * interval '1 millisecond'`,
      leaseId: null,
      leaseUntil: null,
      lastError: reasonOf(error),
      finishedAt: dead ? sql`now()` : null,
    })
    .where(and(eq(jobs.id, job.id), eq(jobs.leaseId, job.leaseId)));
  shop.log(dead ? "job.dead" : "job.failed", {
    job: job.id,
    kind: job.kind,
    attempt: job.attempts,
    reason: reasonOf(error),
  });
}

/** Jobs whose worker died in their last attempt would otherwise stay `running` for ever. */
export async function buryAbandonedJobs(shop: Shop): Promise<void> {
  const { jobs } = shop.release.tables;
  await shop.db
    .update(jobs)
    .set({
      status: "dead",
      leaseId: null,
      leaseUntil: null,
      lastError: "The worker stopped during the last attempt.",
      finishedAt: sql`now()`,
    })
    .where(
      and(
        eq(jobs.status, "running"),
        lt(jobs.leaseUntil, sql`now()`),
        gte(jobs.attempts, jobs.maxAttempts),
      ),
    );
}

/** An operator's decision: the job starts again with all its attempts. False when it is not waiting. */
export async function retryJob(shop: Shop, id: number): Promise<boolean> {
  const { jobs } = shop.release.tables;
  const revived = await shop.db
    .update(jobs)
    .set({ status: "queued", attempts: 0, runAt: sql`now()`, finishedAt: null })
    .where(and(eq(jobs.id, id), inArray(jobs.status, ["dead", "queued"])))
    .returning({ id: jobs.id });
  return revived.length > 0;
}
