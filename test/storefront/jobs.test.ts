import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { buryAbandonedJobs, claimJob, retryJob } from "../../examples/storefront/jobs.ts";
import { paymentSucceeded } from "../../examples/storefront/played-provider.ts";
import { drainJobs, runJob, startWorker } from "../../examples/storefront/worker.ts";
import type { Scratch } from "../../src/scratch/index.ts";
import { startScratch } from "../../src/scratch/index.ts";
import type { TestShop } from "./fixture.ts";
import { attach, openTestShop, secret } from "./fixture.ts";

let scratch: Scratch;
let shop: TestShop;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
});
beforeEach(async () => {
  shop = await openTestShop(scratch);
});
afterEach(() => shop[Symbol.asyncDispose]());
afterAll(() => scratch.close());

async function pay(product?: string) {
  const bought = await shop.checkout(product);
  await shop.send(paymentSucceeded(bought.payment, { secret }));
  return bought;
}

const leaseIsOver = () => shop.sql("UPDATE jobs SET lease_until = now() - interval '1 second'");
const jobs = () =>
  shop.sql("SELECT kind, status::text, attempts, last_error FROM jobs ORDER BY id");

describe("workers", () => {
  it("share the work of forty orders, each of which is delivered once", async () => {
    for (let order = 0; order < 40; order += 1) await pay();
    await using second = attach(shop.url);
    const done = await Promise.all([
      drainJobs(shop.shop),
      drainJobs(shop.shop),
      drainJobs(second.shop),
      drainJobs(second.shop),
    ]);
    // A worker may leave while the last jobs are still being made by another one's transaction.
    const rest = await drainJobs(shop.shop);
    expect(done.reduce((sum, count) => sum + count, rest)).toBe(80);
    expect(done.filter((count) => count > 0).length).toBeGreaterThan(1);
    const [row] = await shop.sql(
      `SELECT (SELECT count(*)::int FROM orders WHERE status = 'fulfilled') AS fulfilled,
              (SELECT count(*)::int FROM entitlements) AS entitlements,
              (SELECT count(*)::int FROM delivery_tokens) AS tokens,
              (SELECT count(*)::int FROM mails) AS mails,
              (SELECT max(attempts) FROM jobs) AS attempts`,
    );
    expect(row).toEqual({ fulfilled: 40, entitlements: 40, tokens: 40, mails: 40, attempts: 1 });
  });

  it("step over a job that another one is just claiming, instead of waiting for it", async () => {
    await pay();
    await pay();
    const claiming = new pg.Client({ connectionString: shop.url });
    await claiming.connect();
    await claiming.query("BEGIN");
    const { rows } = await claiming.query<{ id: string }>(
      "SELECT id FROM jobs ORDER BY id LIMIT 1 FOR UPDATE",
    );
    const patience = new Promise<"waited">((resolve) => setTimeout(resolve, 5_000, "waited"));
    const claimed = await Promise.race([claimJob(shop.shop), patience]);
    expect(claimed).toMatchObject({ id: Number(rows[0]!.id) + 1 });
    await claiming.query("ROLLBACK");
    await claiming.end();
  });

  it("take over from one that died after claiming, and not before its lease is over", async () => {
    await pay();
    expect(await claimJob(shop.shop)).toMatchObject({ kind: "fulfil-order", attempts: 1 });
    expect(await drainJobs(shop.shop)).toBe(0);
    await leaseIsOver();
    expect(await drainJobs(shop.shop)).toBe(2);
    expect(await jobs()).toMatchObject([
      { status: "done", attempts: 2 },
      { status: "done", attempts: 1 },
    ]);
    expect(await shop.sql("SELECT count(*)::int AS mails FROM mails")).toEqual([{ mails: 1 }]);
  });

  it("take over between the entitlement and its delivery", async () => {
    const { email } = await pay();
    await runJob(shop.shop, (await claimJob(shop.shop))!);
    expect(await shop.sql("SELECT count(*)::int AS owned FROM entitlements")).toEqual([
      { owned: 1 },
    ]);
    expect(await claimJob(shop.shop)).toMatchObject({ kind: "deliver-order" });
    await leaseIsOver();
    await drainJobs(shop.shop);
    expect(await shop.links(email)).toHaveLength(1);
  });

  it("undo the work of one that wakes up after its job was given away", async () => {
    await pay();
    const slow = (await claimJob(shop.shop))!;
    await leaseIsOver();
    await drainJobs(shop.shop);
    const before = await jobs();
    await runJob(shop.shop, slow);
    expect(await jobs()).toEqual(before);
    expect(shop.logged.at(-1)).toMatchObject({ reason: expect.stringContaining("another worker") });

    // Also when the other worker has not come to the end of it: only the one that holds the lease commits.
    await pay();
    const first = (await claimJob(shop.shop))!;
    await leaseIsOver();
    const second = (await claimJob(shop.shop))!;
    await runJob(shop.shop, first);
    expect(await shop.sql("SELECT count(*)::int AS owned FROM entitlements")).toEqual([
      { owned: 1 },
    ]);
    await runJob(shop.shop, second);
    expect(await shop.sql("SELECT count(*)::int AS owned FROM entitlements")).toEqual([
      { owned: 2 },
    ]);
  });
});

describe("a job that fails", () => {
  beforeEach(async () => {
    await pay();
    // The product has lost its files: it can be granted and not be delivered.
    await shop.sql("DELETE FROM product_files");
  });

  it("comes back with a growing pause, is given up after its last attempt, and is revived by hand", async () => {
    await drainJobs(shop.shop);
    const pauses: number[] = [];
    for (let attempt = 1; attempt < 6; attempt += 1) {
      expect(await jobs()).toMatchObject([{}, { status: "queued", attempts: attempt }]);
      const [row] = await shop.sql<{ ms: number }>(
        `SELECT extract(epoch FROM run_at - now())::float * 1000 AS ms FROM jobs WHERE status = 'queued'`,
      );
      pauses.push(row!.ms);
      expect(await drainJobs(shop.shop)).toBe(0);
      await shop.sql("UPDATE jobs SET run_at = now() WHERE status = 'queued'");
      await drainJobs(shop.shop);
    }
    pauses.forEach((pause, index) => {
      expect(pause).toBeGreaterThan(500 * 2 ** index - 300);
      expect(pause).toBeLessThanOrEqual(1_000 * 2 ** index);
    });
    expect(await jobs()).toMatchObject([
      { status: "done" },
      { status: "dead", attempts: 6, last_error: "A paid order with nothing to deliver" },
    ]);
    expect(shop.logged.at(-1)).toMatchObject({ event: "job.dead" });

    await shop.sql(
      "INSERT INTO product_files SELECT p.id, f.id, 0 FROM products p, files f WHERE p.slug = 'icon-set'",
    );
    const [dead] = await shop.sql<{ id: string }>("SELECT id FROM jobs WHERE status = 'dead'");
    expect(await retryJob(shop.shop, Number(dead!.id))).toBe(true);
    await drainJobs(shop.shop);
    expect(await shop.sql("SELECT status::text FROM orders")).toEqual([{ status: "fulfilled" }]);
    expect(await retryJob(shop.shop, Number(dead!.id))).toBe(false);
  });

  it("leaves nothing of its attempt behind", async () => {
    await drainJobs(shop.shop);
    expect(await shop.sql("SELECT 1 FROM delivery_tokens")).toEqual([]);
    expect(await shop.sql("SELECT 1 FROM mails")).toEqual([]);
  });

  it("is given up when its worker dies in the last attempt", async () => {
    await shop.sql("UPDATE jobs SET attempts = max_attempts - 1");
    await claimJob(shop.shop);
    await leaseIsOver();
    expect(await claimJob(shop.shop)).toBeUndefined();
    await buryAbandonedJobs(shop.shop);
    expect(await jobs()).toMatchObject([{ status: "dead" }]);
  });
});

it("the loop works off the queue, survives a job of an unknown kind, and ends when it is told to", async () => {
  await shop.sql(
    "INSERT INTO jobs (kind, idempotency_key, payload, max_attempts) VALUES ('dance', 'dance', '{}', 1)",
  );
  const { email } = await pay();
  {
    await using _worker = startWorker(shop.shop, { intervalMs: 20 });
    await expect.poll(() => shop.links(email), { timeout: 10_000 }).toHaveLength(1);
  }
  expect(await jobs()).toMatchObject([
    { status: "dead", last_error: "No handler for jobs of kind dance" },
    { status: "done" },
    { status: "done" },
  ]);
  await pay();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect((await jobs()).at(-1)).toMatchObject({ kind: "fulfil-order", status: "queued" });
});
