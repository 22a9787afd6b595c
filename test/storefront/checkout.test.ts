import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Scratch } from "../../src/scratch/index.ts";
import { startScratch } from "../../src/scratch/index.ts";
import type { TestShop } from "./fixture.ts";
import { codeOf, openTestShop } from "./fixture.ts";

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

const basket = (email: string, ...products: string[]) => ({ email, products });

describe("checkout", () => {
  it("opens an order with its items and one payment", async () => {
    const key = { "idempotency-key": crypto.randomUUID() };
    const answer = await shop.post(
      "/checkout",
      basket(" Ada@Example.com ".trim(), "icon-set", "interface-kit"),
      key,
    );
    expect(answer.status).toBe(201);
    const { orderId, payment } = (await answer.json()) as {
      orderId: string;
      payment: { amountCents: number; currency: string };
    };
    expect(payment).toMatchObject({ amountCents: 9_800, currency: "eur" });
    expect(
      await shop.sql(
        `SELECT o.status::text, o.total_cents, c.email, count(*)::int AS items
           FROM orders o JOIN customers c ON c.id = o.customer_id JOIN order_items i ON i.order_id = o.id
          WHERE o.id = $1 GROUP BY o.id, c.email`,
        [orderId],
      ),
    ).toEqual([{ status: "pending", total_cents: 9_800, email: "ada@example.com", items: 2 }]);
  });

  it("makes one order of ten clicks at the same moment", async () => {
    const key = { "idempotency-key": crypto.randomUUID() };
    await shop.warm();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        shop.post("/checkout", basket("clicks@example.com", "icon-set"), key),
      ),
    );
    const bodies = await Promise.all(answers.map((answer) => answer.text()));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([201]));
    expect(new Set(bodies).size).toBe(1);
    const [row] = await shop.sql(
      `SELECT (SELECT count(*)::int FROM orders WHERE customer_id = c.id) AS orders,
              (SELECT count(*)::int FROM payments p JOIN orders o ON o.id = p.order_id
                WHERE o.customer_id = c.id) AS payments
         FROM customers c WHERE email = 'clicks@example.com'`,
    );
    expect(row).toEqual({ orders: 1, payments: 1 });
  });

  it.each([
    ["another product", basket("first@example.com", "interface-kit")],
    ["one product more", basket("first@example.com", "icon-set", "interface-kit")],
    ["another customer", basket("second@example.com", "icon-set")],
  ])("refuses a key that was used for %s", async (_difference, other) => {
    const key = { "idempotency-key": crypto.randomUUID() };
    const first = await shop.post("/checkout", basket("first@example.com", "icon-set"), key);
    expect(first.status).toBe(201);
    const second = await shop.post("/checkout", other, key);
    expect([second.status, await codeOf(second)]).toEqual([409, "key_reused"]);
  });

  it("refuses what it cannot read, naming the field, and what it does not sell", async () => {
    const key = { "idempotency-key": crypto.randomUUID() };
    const unreadable = await shop.post("/checkout", basket("no address", "icon-set"), key);
    expect(unreadable.status).toBe(400);
    expect(await unreadable.text()).toContain("email");
    const empty = await shop.post("/checkout", basket("ada@example.com"), key);
    expect(empty.status).toBe(400);
    const keyless = await shop.post("/checkout", basket("ada@example.com", "icon-set"));
    expect([keyless.status, await codeOf(keyless)]).toEqual([400, "invalid_request"]);
    const unknown = await shop.post("/checkout", basket("ada@example.com", "icon-set", "hat"), key);
    expect(unknown.status).toBe(404);
    expect(await unknown.text()).toContain("hat");
    const huge = await shop.app.request("/checkout", { method: "POST", body: "x".repeat(300_000) });
    expect(huge.status).toBe(413);
  });

  it("shows an order's state to whoever knows its id, and nobody's address", async () => {
    const { orderId, email } = await shop.checkout();
    const answer = await shop.get(`/orders/${orderId}`);
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({ order: { id: orderId, status: "pending" } });
    expect(text).not.toContain(email);
    expect((await shop.get(`/orders/${crypto.randomUUID()}`)).status).toBe(404);
    expect((await shop.get("/orders/1%27%20or%20true")).status).toBe(404);
  });
});
