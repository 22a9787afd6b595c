import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { paymentSucceeded } from "../../examples/storefront/played-provider.ts";
import probeModule from "../../examples/storefront/probes/storefront.probe.ts";
import { drainJobs } from "../../examples/storefront/worker.ts";
import type { ProbeModule } from "../../src/config/index.ts";
import type { Scratch } from "../../src/scratch/index.ts";
import { startScratch } from "../../src/scratch/index.ts";
import type { TestShop } from "./fixture.ts";
import { attach, migrateTo, openTestShop, schemas, secret } from "./fixture.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
});
afterAll(() => scratch.close());

/** What a deploy takes: the compiler compares the storefront's own types with Lockstep's. */
const deployable: ProbeModule = probeModule;

it("the probes name what they touch, the change of release 2 included", () => {
  const touched = deployable.probes.flatMap((each) => each.touches ?? []);
  expect(touched).toContain("public.orders.confirmed_at");
  expect(touched).toContain("public.entitlement_kind");
});

/** Runs all probes; gives the lines they logged. */
async function probe(shop: TestShop): Promise<string[]> {
  const lines: string[] = [];
  for (const each of probeModule.probes) {
    const env = { STRIPE_WEBHOOK_SECRET: secret };
    await each.run({ ...shop.tools, env, log: (line) => lines.push(line) });
  }
  return lines;
}

const slugs = async (shop: TestShop) => {
  const answer = (await (await shop.get("/products")).json()) as { products: { slug: string }[] };
  return answer.products.map((product) => product.slug);
};

describe("release 1", () => {
  it.each(["v1", "v2"] as const)("works on the schema of %s", async (schema) => {
    await using shop = await openTestShop(scratch, { schema, config: { release: "v1" } });
    expect(await slugs(shop)).toEqual(["icon-set", "interface-kit"]);
    expect(await probe(shop)).toContain("release v1 sells no bundles");
    const bundle = await shop.post(
      "/checkout",
      { email: "ada@example.com", products: ["studio-bundle"] },
      { "idempotency-key": crypto.randomUUID() },
    );
    expect(bundle.status).toBe(404);
    const { orderId } = await shop.buy();
    expect(await (await shop.get(`/orders/${orderId}`)).text()).not.toContain("confirmedAt");
  });
});

describe("release 2", () => {
  it("works on its own schema, sells bundles and confirms orders", async () => {
    await using shop = await openTestShop(scratch, { schema: "v2", config: { release: "v2" } });
    expect(await slugs(shop)).toEqual(["icon-set", "interface-kit", "studio-bundle"]);
    expect(await probe(shop)).toContain("bundle entitlement granted, links sent");
    const { email } = await shop.buy("studio-bundle");
    expect(await shop.links(email)).toHaveLength(3);
    expect(
      await shop.sql("SELECT 1 FROM orders WHERE paid_at IS NOT NULL AND confirmed_at IS NULL"),
    ).toEqual([]);
  });

  it("fails on every order while confirmed_at is missing, nullable or not", async () => {
    await using old = await openTestShop(scratch, { schema: "v1", config: { release: "v1" } });
    const waiting = await old.checkout();
    await using shop = attach(old.url, { release: "v2" });

    expect((await shop.get("/health")).status).toBe(200);
    expect((await shop.get("/ready")).status).toBe(200);
    await expect(shop.checkout()).rejects.toThrow("internal");
    expect((await shop.get(`/orders/${waiting.orderId}`)).status).toBe(500);
    expect((await shop.send(paymentSucceeded(waiting.payment, { secret }))).status).toBe(500);
    expect(shop.logged.map((line) => line["reason"])).toEqual([
      'column "confirmed_at" of relation "orders" does not exist',
      'column "confirmed_at" does not exist',
      'column "confirmed_at" does not exist',
    ]);
    // The money is taken and the event kept: the old release, or the new one on its schema, can apply it.
    expect(await old.sql("SELECT last_error, processed_at FROM webhook_events")).toEqual([
      { last_error: 'column "confirmed_at" does not exist', processed_at: null },
    ]);
    await expect(probe(shop)).rejects.toThrow("checkout of icon-set answered 500");
    await migrateTo(old.url, schemas.v2);
    expect((await shop.send(paymentSucceeded(waiting.payment, { secret }))).status).toBe(200);
  });

  it("takes money and delivers nothing while the enum value is missing, until it is there", async () => {
    await using shop = await openTestShop(scratch, {
      schema: "confirmedAtOnly",
      config: { release: "v2", jobs: { maxAttempts: 1, backOffMs: 1, leaseMs: 30_000 } },
    });
    const { orderId, email } = await shop.buy("studio-bundle");
    expect((await shop.get("/ready")).status).toBe(200);
    expect(await shop.sql("SELECT status::text FROM orders WHERE id = $1", [orderId])).toEqual([
      { status: "paid" },
    ]);
    const reason = 'invalid input value for enum entitlement_kind: "bundle"';
    expect(shop.logged).toMatchObject([{ event: "job.dead", kind: "fulfil-order", reason }]);
    expect(await shop.sql("SELECT 1 FROM entitlements")).toEqual([]);
    // What was sold before still works, which is why nobody notices.
    expect(await shop.links((await shop.buy("icon-set")).email)).toHaveLength(1);
    await expect(probe(shop)).rejects.toThrow(`the order is paid and not fulfilled: ${reason}`);

    await migrateTo(shop.url, schemas.v2);
    await shop.sql("UPDATE jobs SET status = 'queued', attempts = 0 WHERE status = 'dead'");
    await drainJobs(shop.shop);
    expect(await shop.links(email)).toHaveLength(3);
  });
});

describe("both releases at once", () => {
  it("let the older one leave to the newer what it cannot do, without using up attempts", async () => {
    await using shop = await openTestShop(scratch, { config: { release: "v2" } });
    await using old = attach(shop.url, { release: "v1" });
    const { email, payment } = await shop.checkout("studio-bundle");
    await shop.send(paymentSucceeded(payment, { secret }));
    expect(await drainJobs(old.shop)).toBe(1);
    expect(await shop.sql("SELECT status::text, attempts, last_error FROM jobs")).toEqual([
      { status: "queued", attempts: 0, last_error: "v1 cannot fulfil a bundle" },
    ]);
    await shop.sql("UPDATE jobs SET run_at = now()");
    await drainJobs(shop.shop);
    const [link] = await shop.links(email);
    expect((await old.get(link!)).status).toBe(200);
  });
});
