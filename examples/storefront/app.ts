/** The shop's HTTP face: a pure function of what it is given. */
import { eq, sql } from "drizzle-orm";
import type { Context } from "hono";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "zod";
import { catalogue, checkout } from "./checkout.ts";
import { download, inspect } from "./download.ts";
import { operatorPages } from "./operator/routes.ts";
import { requestRecovery } from "./recovery.ts";
import { Refusal } from "./refusal.ts";
import type { Shop, ShopDependencies } from "./shop.ts";
import { openShop, reasonOf } from "./shop.ts";
import { receiveWebhook } from "./webhook.ts";

export interface AppDependencies extends ShopDependencies {
  /** Rejects while this instance should get no traffic. Default: the database answers. */
  readonly ready?: () => Promise<void>;
}

const basket = z.object({
  email: z.email().max(254),
  products: z.array(z.string().min(1).max(100)).min(1).max(20),
});
const recovery = z.object({ email: z.email().max(254) });
const idempotencyKey = z.string().min(8).max(200);
const orderId = z.uuid();

export function createApp(dependencies: AppDependencies): Hono {
  const shop = openShop(dependencies);
  const ready = dependencies.ready ?? (async () => void (await shop.db.execute(sql`select 1`)));
  const app = new Hono();
  app.use(bodyLimit({ maxSize: 256 * 1024 }));

  app.get("/health", (c) => c.json({ ok: true, release: shop.release.name }));
  app.get("/ready", async (c) => {
    try {
      await ready();
      return c.json({ ready: true, release: shop.release.name });
    } catch (error) {
      shop.log("not-ready", { reason: reasonOf(error) });
      return c.json({ ready: false, release: shop.release.name }, 503);
    }
  });

  app.get("/products", async (c) => c.json({ products: await catalogue(shop) }));

  app.post("/checkout", async (c) => {
    const request = await readBody(c, basket);
    const key = idempotencyKey.safeParse(c.req.header("idempotency-key"));
    if (!key.success) {
      throw new Refusal(400, "invalid_request", "Send an Idempotency-Key of 8 to 200 characters.");
    }
    return c.json(await checkout(shop, { ...request, key: key.data }), 201);
  });

  app.get("/orders/:id", async (c) => c.json(await publicOrder(shop, c.req.param("id"))));

  app.post("/webhooks/payments", async (c) => {
    // The signature is over these very bytes.
    const raw = await c.req.text();
    return c.json(await receiveWebhook(shop, raw, c.req.header("stripe-signature")));
  });

  app.get("/download/:token", (c) => {
    const token = c.req.param("token");
    return c.req.method === "HEAD" ? inspect(shop, token) : download(shop, token);
  });

  app.post("/recover", async (c) => {
    const { email } = await readBody(c, recovery);
    await requestRecovery(shop, email);
    return c.json(
      { message: "If this address has bought something, new links are on their way." },
      202,
    );
  });

  app.route("/operator", operatorPages(shop));

  app.notFound((c) => c.json({ error: { code: "not_found", message: "Nothing here." } }, 404));
  app.onError((error, c) => {
    if (error instanceof Refusal) {
      return c.json({ error: { code: error.code, message: error.message } }, error.status);
    }
    if ("getResponse" in error) return error.getResponse();
    // The route and not the path: a path may hold a download token.
    shop.log("request.failed", {
      method: c.req.method,
      route: c.req.routePath,
      reason: reasonOf(error),
    });
    return c.json({ error: { code: "internal", message: "Something went wrong." } }, 500);
  });
  return app;
}

async function readBody<T>(c: Context, shape: z.ZodType<T>): Promise<T> {
  const body: unknown = await c.req.json().catch(() => undefined);
  const parsed = shape.safeParse(body);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new Refusal(400, "invalid_request", wrong.join("; "));
}

/** The order's state for whoever knows its id: the release's own columns but nothing about the person. */
async function publicOrder(shop: Shop, id: string) {
  const { orders } = shop.release.tables;
  const [order] = orderId.safeParse(id).success
    ? await shop.db.select().from(orders).where(eq(orders.id, id))
    : [];
  if (!order) throw new Refusal(404, "unknown_order", "There is no such order.");
  const { customerId: _customerId, checkoutKey: _checkoutKey, ...visible } = order;
  return { order: visible };
}
