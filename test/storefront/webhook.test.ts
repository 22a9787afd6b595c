import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from "vitest";
import {
  chargeRefunded,
  paymentFailed,
  paymentSucceeded,
} from "../../examples/storefront/played-provider.ts";
import { drainJobs } from "../../examples/storefront/worker.ts";
import type { Scratch } from "../../src/scratch/index.ts";
import { startScratch } from "../../src/scratch/index.ts";
import type { TestShop } from "./fixture.ts";
import { codeOf, openTestShop, secret } from "./fixture.ts";

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

/** Everything a payment can have led to, counted. */
async function state() {
  const [row] = await shop.sql(
    `SELECT (SELECT string_agg(status::text, ',') FROM orders) AS orders,
            (SELECT string_agg(status::text, ',') FROM payments) AS payments,
            (SELECT count(*)::int FROM webhook_events) AS events,
            (SELECT count(*)::int FROM jobs WHERE kind = 'fulfil-order') AS jobs,
            (SELECT count(*)::int FROM entitlements) AS entitlements,
            (SELECT count(*)::int FROM mails) AS mails`,
  );
  return row;
}

describe("the signature", () => {
  it.each([
    ["another secret", { secret: "whsec_of_somebody_else" }],
    ["a time outside the tolerance", { secret, signedAt: new Date(Date.now() - 301_000) }],
  ])("is refused with %s, and nothing is stored", async (_flaw, signing) => {
    const { payment } = await shop.checkout();
    const answer = await shop.send(paymentSucceeded(payment, signing));
    expect([answer.status, await codeOf(answer)]).toEqual([400, "invalid_signature"]);
    expect(await state()).toMatchObject({ orders: "pending", events: 0 });
  });

  it("does not hold for a body that was changed, nor without a header", async () => {
    const { payment } = await shop.checkout();
    const event = paymentSucceeded(payment, { secret });
    const changed = await shop.send({ ...event, body: event.body.replace("1900", "1901") });
    expect(changed.status).toBe(400);
    const bare = await shop.send({ ...event, headers: {} });
    expect(bare.status).toBe(400);
    expect(await state()).toMatchObject({ orders: "pending", events: 0 });
  });
});

describe("exactly once", () => {
  it("applies one event that is delivered eight times at once", async () => {
    const { payment } = await shop.checkout();
    const event = paymentSucceeded(payment, { secret });
    await shop.warm();
    const answers = await Promise.all(Array.from({ length: 8 }, () => shop.send(event)));
    const receipts = await Promise.all(
      answers.map((answer) => answer.json() as Promise<{ duplicate: boolean }>),
    );
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
    expect(receipts.filter((receipt) => !receipt.duplicate)).toHaveLength(1);
    await drainJobs(shop.shop);
    expect(await state()).toEqual({
      orders: "fulfilled",
      payments: "succeeded",
      events: 1,
      jobs: 1,
      entitlements: 1,
      mails: 1,
    });
    expect(await shop.sql("SELECT deliveries FROM webhook_events")).toEqual([{ deliveries: 8 }]);
  });

  it("delivers one order once although two different events say it is paid", async () => {
    const { payment } = await shop.checkout();
    const events = [1, 2, 3, 4].map(() => paymentSucceeded(payment, { secret }));
    await shop.warm();
    const answers = await Promise.all(events.map((event) => shop.send(event)));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
    const outcomes = await shop.sql("SELECT outcome FROM webhook_events ORDER BY outcome DESC");
    const late = { outcome: "ignored: payment is succeeded" };
    expect(outcomes).toEqual([{ outcome: "order paid" }, late, late, late]);
    await drainJobs(shop.shop);
    expect(await state()).toMatchObject({ events: 4, jobs: 1, entitlements: 1, mails: 1 });
  });

  it("ignores a replay of yesterday's event that is signed anew", async () => {
    const { payment } = await shop.buy();
    const again = paymentSucceeded(payment, { secret, eventId: "evt_kept" });
    await shop.send(again);
    await shop.send(chargeRefunded(payment, { secret }));
    const replay = await shop.send(paymentSucceeded(payment, { secret, eventId: "evt_kept" }));
    expect(await replay.json()).toMatchObject({ duplicate: true });
    await drainJobs(shop.shop);
    expect(await state()).toMatchObject({ orders: "refunded", payments: "refunded", mails: 1 });
  });
});

describe("out of order", () => {
  it("delivers nothing when the refund arrives before the payment", async () => {
    const { payment } = await shop.checkout();
    expect((await shop.send(chargeRefunded(payment, { secret }))).status).toBe(200);
    const late = await shop.send(paymentSucceeded(payment, { secret }));
    expect(await late.json()).toMatchObject({ outcome: "ignored: payment is refunded" });
    await drainJobs(shop.shop);
    expect(await state()).toMatchObject({ orders: "refunded", jobs: 0, entitlements: 0, mails: 0 });
  });

  it("delivers nothing when the refund arrives between the payment and the job", async () => {
    const { payment } = await shop.checkout();
    await shop.send(paymentSucceeded(payment, { secret }));
    await shop.send(chargeRefunded(payment, { secret }));
    await drainJobs(shop.shop);
    expect(await state()).toMatchObject({ orders: "refunded", jobs: 1, entitlements: 0, mails: 0 });
  });

  it("keeps a paid order paid when the news of a failed try comes late", async () => {
    const { payment } = await shop.checkout();
    await shop.send(paymentSucceeded(payment, { secret }));
    const late = await shop.send(paymentFailed(payment, { secret }));
    expect(await late.json()).toMatchObject({ outcome: "ignored: payment is succeeded" });
    await drainJobs(shop.shop);
    expect(await state()).toMatchObject({ orders: "fulfilled", payments: "succeeded" });
  });

  it("delivers when a second card works after the first one failed", async () => {
    const { payment } = await shop.checkout();
    await shop.send(paymentFailed(payment, { secret }));
    expect(await state()).toMatchObject({ orders: "pending", payments: "failed" });
    await shop.send(paymentSucceeded(payment, { secret }));
    await drainJobs(shop.shop);
    expect(await state()).toMatchObject({ orders: "fulfilled", payments: "succeeded" });
  });

  it("asks for an event again that was faster than its checkout", async () => {
    const unknown = { intentId: "pi_not_yet", amountCents: 1_900, currency: "eur" };
    const event = paymentSucceeded(unknown, { secret });
    const early = await shop.send(event);
    expect([early.status, await codeOf(early)]).toEqual([404, "unknown_payment"]);
    const { orderId } = await shop.checkout();
    await shop.sql("UPDATE payments SET intent_id = 'pi_not_yet' WHERE order_id = $1", [orderId]);
    expect((await shop.send(event)).status).toBe(200);
    await drainJobs(shop.shop);
    expect(await state()).toMatchObject({ orders: "fulfilled", events: 1 });
  });
});

describe("the amount", () => {
  it.each([
    ["too little", { amountCents: 100, currency: "eur" }],
    ["another currency", { amountCents: 1_900, currency: "usd" }],
  ])("is for a person to judge when it is %s", async (_flaw, paid) => {
    const { payment } = await shop.checkout();
    await shop.send(paymentSucceeded({ ...payment, ...paid }, { secret }));
    await drainJobs(shop.shop);
    expect(await state()).toMatchObject({ orders: "review", jobs: 0, entitlements: 0 });
  });

  it("keeps access after a partial refund and takes it after a full one", async () => {
    const { payment } = await shop.buy();
    const partial = await shop.send(chargeRefunded(payment, { secret }, 500));
    expect(await partial.json()).toMatchObject({
      outcome: "ignored: partial refund, access stays",
    });
    expect(await state()).toMatchObject({ orders: "fulfilled" });
    await shop.send(chargeRefunded(payment, { secret }));
    expect(await state()).toMatchObject({ orders: "refunded" });
    expect(await shop.sql("SELECT 1 FROM entitlements WHERE revoked_at IS NULL")).toEqual([]);
  });
});

it("acknowledges events it has no use for", async () => {
  const { payment } = await shop.checkout();
  const event = paymentSucceeded(payment, { secret });
  const { default: Stripe } = await import("stripe");
  const body = event.body.replace("payment_intent.succeeded", "customer.updated");
  const header = new Stripe("sk_test_offline").webhooks.generateTestHeaderString({
    payload: body,
    secret,
  });
  const answer = await shop.send({ ...event, body, headers: { "stripe-signature": header } });
  expect(await answer.json()).toEqual({ duplicate: false, outcome: "ignored: customer.updated" });
});
