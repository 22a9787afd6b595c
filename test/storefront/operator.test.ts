import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { paymentSucceeded } from "../../examples/storefront/played-provider.ts";
import { drainJobs } from "../../examples/storefront/worker.ts";
import type { Scratch } from "../../src/scratch/index.ts";
import { startScratch } from "../../src/scratch/index.ts";
import type { TestShop } from "./fixture.ts";
import { attach, openTestShop, secret } from "./fixture.ts";

const password = "an operator's password";
const basic = (secretWord: string) => ({
  authorization: `Basic ${Buffer.from(`operator:${secretWord}`).toString("base64")}`,
});
const sameOrigin = {
  origin: "http://localhost",
  "content-type": "application/x-www-form-urlencoded",
};

let scratch: Scratch;
let shop: TestShop;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
  shop = await openTestShop(scratch, {
    config: {
      operatorPassword: password,
      stuckAfterSeconds: 0,
      jobs: { maxAttempts: 1, backOffMs: 1, leaseMs: 1_000 },
    },
  });
});
afterAll(async () => {
  await shop[Symbol.asyncDispose]();
  await scratch.close();
});

const page = async () => (await shop.get("/operator", basic(password))).text();
const press = (path: string, headers: Record<string, string> = sameOrigin) =>
  shop.app.request(path, { method: "POST", headers: { ...basic(password), ...headers } });

describe("the operator page", () => {
  it("is closed without the password, and absent when none is configured", async () => {
    expect((await shop.get("/operator")).status).toBe(401);
    expect((await shop.get("/operator", basic("a guess"))).status).toBe(401);
    await using other = attach(shop.url);
    expect((await other.get("/operator", basic(password))).status).toBe(404);
    expect((await other.get("/operator", basic("undefined"))).status).toBe(404);
  });

  it("shows a delivered order on its whole way, and no alarm", async () => {
    const { orderId, email } = await shop.buy();
    const [link] = await shop.links(email);
    await (await shop.get(link!)).arrayBuffer();
    const text = await page();
    expect(text).toContain(orderId.slice(0, 8));
    for (const step of ["paid", "entitled", "sent", "downloaded"]) {
      expect(text).toContain(`<li class="done">${step}</li>`);
    }
    expect(text).not.toContain('class="figure alarm"');
    expect(text).toContain("The queue is empty.");
  });

  it("escapes what customers send", async () => {
    await shop.buy("icon-set", '"o\'<b>"@example.com'.replaceAll(/["<>]/g, ""));
    await shop.sql(
      "UPDATE customers SET email = '<script>alert(1)</script>' WHERE email LIKE 'o''b%'",
    );
    const text = await page();
    expect(text).toContain("&lt;script&gt;alert(1)");
    expect(text).not.toContain("<script>");
  });

  it("shows a paid order that is stuck, why, and delivers it when Retry is pressed", async () => {
    await shop.sql("CREATE TABLE put_aside AS SELECT * FROM product_files");
    await shop.sql("DELETE FROM product_files");
    const { orderId } = await shop.buy();
    await shop.sql("INSERT INTO product_files SELECT * FROM put_aside");
    const text = await page();
    expect(text).toContain("(1 stuck)");
    expect(text).toMatch(/<span class="tag bad">\s*stuck\s*<\/span>/);
    expect(text).toContain('<li class="missing">not sent</li>');
    expect(text).toContain("A paid order with nothing to deliver");
    const [action] = /\/operator\/jobs\/\d+\/retry/.exec(text) ?? [];

    const foreign = await press(action!, { ...sameOrigin, origin: "https://elsewhere.example" });
    expect(foreign.status).toBe(403);
    expect((await press(action!)).status).toBe(303);
    await drainJobs(shop.shop);
    expect(await shop.sql("SELECT status::text FROM orders WHERE id = $1", [orderId])).toEqual([
      { status: "fulfilled" },
    ]);
    expect(await page()).not.toContain("stuck)");
    expect((await press(action!)).status).toBe(404);
    expect((await press("/operator/jobs/x/retry")).status).toBe(404);
  });

  it("shows an event that could not be applied, and applies it again", async () => {
    const { orderId, payment } = await shop.checkout();
    await shop.sql("UPDATE payments SET intent_id = 'pi_elsewhere' WHERE order_id = $1", [orderId]);
    await shop.send(paymentSucceeded(payment, { secret }));
    await shop.sql("UPDATE payments SET intent_id = $2 WHERE order_id = $1", [
      orderId,
      payment.intentId,
    ]);
    const text = await page();
    expect(text).toContain("No payment with this intent yet.");
    const [action] = /\/operator\/events\/[\w-]+\/apply/.exec(text) ?? [];
    expect((await press(action!)).status).toBe(303);
    expect(await shop.sql("SELECT status::text FROM orders WHERE id = $1", [orderId])).toEqual([
      { status: "paid" },
    ]);
  });

  it("works for release 1 on its own schema too", async () => {
    await using first = await openTestShop(scratch, {
      schema: "v1",
      config: { release: "v1", operatorPassword: password },
    });
    await first.buy();
    const answer = await first.get("/operator", basic(password));
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain("release v1");
  });
});
