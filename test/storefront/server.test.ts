import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Call } from "../../examples/storefront/customers.ts";
import { runCustomers } from "../../examples/storefront/customers.ts";
import { readEnvironment } from "../../examples/storefront/config.ts";
import { home } from "../../examples/storefront/home.ts";
import { paymentSucceeded } from "../../examples/storefront/played-provider.ts";
import type { Scratch } from "../../src/scratch/index.ts";
import { startScratch } from "../../src/scratch/index.ts";
import { nextLine, spawnTypescript } from "../support/run-typescript.ts";
import type { TestShop } from "./fixture.ts";
import { openTestShop, secret } from "./fixture.ts";

let scratch: Scratch;
let shop: TestShop;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
  shop = await openTestShop(scratch);
});
afterAll(async () => {
  await shop[Symbol.asyncDispose]();
  await scratch.close();
});

const program = (file: string, env: Record<string, string> = {}) =>
  spawnTypescript(join(home, file), [], {
    DATABASE_URL: shop.url,
    STRIPE_WEBHOOK_SECRET: secret,
    ...env,
  });

async function serve(env: Record<string, string> = {}) {
  const child = program("server.ts", { PORT: "0", WORKER_INTERVAL_MS: "20", ...env });
  const line = await nextLine(child);
  expect(line).toMatch(/^listening on http:\/\/127\.0\.0\.1:\d+$/);
  return { child, url: line.slice("listening on ".length) };
}

async function end(child: ChildProcess): Promise<number | null> {
  const exit = once(child, "exit") as Promise<[number | null]>;
  child.kill("SIGTERM");
  const [code] = await exit;
  return code;
}

const mailbox = async (email: string) => {
  const [mail] = await shop.sql<{ body: string }>("SELECT body FROM mails WHERE recipient = $1", [
    email,
  ]);
  return mail?.body;
};

describe("the process", () => {
  it("serves customers, whose orders are all delivered, and ends in peace", async () => {
    const { child, url } = await serve();
    expect(await (await fetch(`${url}/ready`)).json()).toEqual({ ready: true, release: "v2" });
    const calls: Call[] = [];
    const tally = await runCustomers({
      baseUrl: url,
      webhookSecret: secret,
      mailbox,
      customers: 30,
      concurrency: 6,
      products: ["icon-set", "studio-bundle"],
      onCall: (call) => calls.push(call),
    });
    expect(tally).toMatchObject({
      customers: 30,
      failed: 0,
      failures: {},
      paid: 30,
      delivered: 30,
      undelivered: [],
    });
    // 30 checkouts, 36 deliveries of events, 15 × 1 and 15 × 3 downloads.
    expect(calls).toHaveLength(30 + 36 + 15 + 45);
    expect(tally.ok).toBe(calls.length);
    expect(await end(child)).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
  });

  it("may be killed at any moment: the next one delivers the rest, and nothing twice", async () => {
    await using store = await openTestShop(scratch);
    const env = { DATABASE_URL: store.url, WORKER_INTERVAL_MS: "1", JOB_LEASE_MS: "200" };
    const orders = 80;
    const customers = Array.from({ length: orders }, async () => {
      const { payment } = await store.checkout("studio-bundle");
      await store.send(paymentSucceeded(payment, { secret }));
    });
    await Promise.all(customers);
    const mails = async () =>
      (await store.sql<{ count: number }>("SELECT count(*)::int FROM mails"))[0]!.count;
    for (const enough of [3, 12]) {
      const { child } = await serve(env);
      await expect.poll(mails, { interval: 5, timeout: 10_000 }).toBeGreaterThan(enough);
      child.kill("SIGKILL");
    }
    expect(await mails()).toBeLessThan(orders);
    const { child } = await serve(env);
    await expect.poll(mails, { timeout: 10_000 }).toBe(orders);
    expect(await end(child)).toBe(0);
    const [row] = await store.sql(
      `SELECT (SELECT count(*)::int FROM orders WHERE status = 'fulfilled') AS fulfilled,
              (SELECT count(*)::int FROM entitlements) AS entitlements,
              (SELECT count(*)::int FROM delivery_tokens) AS tokens,
              (SELECT count(*)::int FROM jobs WHERE status <> 'done') AS open`,
    );
    expect(row).toEqual({ fulfilled: orders, entitlements: orders, tokens: 3 * orders, open: 0 });
  });

  it("finishes the request at hand before it ends", async () => {
    const { child, url } = await serve({ WORKER_INTERVAL_MS: "0" });
    const blocker = new pg.Client({ connectionString: shop.url });
    await blocker.connect();
    await blocker.query("BEGIN; LOCK TABLE products IN ACCESS EXCLUSIVE MODE");
    const answer = fetch(`${url}/products`);
    await expect
      .poll(async () => (await shop.sql("SELECT 1 FROM pg_locks WHERE NOT granted")).length)
      .toBe(1);
    const ended = end(child);
    await blocker.query("COMMIT");
    await blocker.end();
    expect((await answer).status).toBe(200);
    expect(await ended).toBe(0);
  });

  it("names what is missing in its environment, and its secrets never", () => {
    const message = (env: Record<string, string>) => {
      try {
        readEnvironment(env);
        return "";
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(message({})).toMatch(/DATABASE_URL.*STRIPE_WEBHOOK_SECRET/);
    const wrong = message({ DATABASE_URL: shop.url, STRIPE_WEBHOOK_SECRET: "short", PORT: "x" });
    expect(wrong).toMatch(/STRIPE_WEBHOOK_SECRET.*PORT/);
    expect(wrong).not.toContain("short");
  });
});

describe("simulated customers", () => {
  it("report paid orders that nobody delivers, and stop when they are told to", async () => {
    const { child, url } = await serve({ WORKER_INTERVAL_MS: "0" });
    const options = { baseUrl: url, webhookSecret: secret, mailbox, concurrency: 2 };
    const tally = await runCustomers({ ...options, customers: 2, deliveryTimeoutMs: 100 });
    expect(tally).toMatchObject({ paid: 2, delivered: 0, failed: 0 });
    expect(tally.undelivered).toHaveLength(2);

    const stop = new AbortController();
    const endless = runCustomers({ ...options, customers: 100_000, signal: stop.signal });
    await new Promise((resolve) => setTimeout(resolve, 300));
    stop.abort();
    expect((await endless).customers).toBeLessThan(20);
    await end(child);

    const outage = await runCustomers({ ...options, customers: 3 });
    expect(outage).toMatchObject({ ok: 0, failed: 3, failures: { "checkout 0": 3 }, paid: 0 });
  });

  it("visit this machine only, and come in a bounded number", async () => {
    const options = {
      baseUrl: "https://shop.example",
      webhookSecret: secret,
      mailbox,
      customers: 1,
    };
    await expect(runCustomers(options)).rejects.toThrow("not shop.example");
    await expect(
      runCustomers({ ...options, baseUrl: "http://127.0.0.1:1", customers: Infinity }),
    ).rejects.toThrow("100,000");
  });

  it("and the seed are programs too", async () => {
    const seeded = program("seed.ts");
    expect(await nextLine(seeded)).toBe("3 products are in the catalogue");
    const { child, url } = await serve();
    const customers = program("customer.ts", { BASE_URL: url, CUSTOMERS: "3" });
    const exit = once(customers, "exit");
    expect(JSON.parse(await nextLine(customers))).toMatchObject({ paid: 3, delivered: 3 });
    expect((await exit)[0]).toBe(0);
    expect(await end(child)).toBe(0);
  });
});
