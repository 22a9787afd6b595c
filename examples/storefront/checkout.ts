/** From a basket to an order that waits for its payment. */
import { and, asc, eq, inArray } from "drizzle-orm";
import { openIntent } from "./payment-provider.ts";
import { Refusal } from "./refusal.ts";
import type { Database, Shop } from "./shop.ts";

export interface Basket {
  readonly email: string;
  /** Slugs; each product once. */
  readonly products: readonly string[];
  /** The client's idempotency key. */
  readonly key: string;
}

export interface Checkout {
  readonly orderId: string;
  readonly payment: {
    readonly intentId: string;
    readonly amountCents: number;
    readonly currency: string;
  };
}

export function normalizeEmail(email: string): string {
  return email.trim().toLowerCase();
}

/** What can be bought from this release. */
export async function catalogue(shop: Shop) {
  const { products } = shop.release.tables;
  return shop.db
    .select({
      slug: products.slug,
      name: products.name,
      kind: products.kind,
      priceCents: products.priceCents,
      currency: products.currency,
    })
    .from(products)
    .where(sellable(shop))
    .orderBy(asc(products.priceCents));
}

/** Opens an order with its payment intent. The same key again gives the same order, also at the same moment. */
export async function checkout(shop: Shop, basket: Basket): Promise<Checkout> {
  const { customers, orderItems, orders, payments, products } = shop.release.tables;
  const slugs = [...new Set(basket.products)];
  const chosen = await shop.db
    .select()
    .from(products)
    .where(and(sellable(shop), inArray(products.slug, slugs)));
  if (chosen.length !== slugs.length) {
    const known = new Set(chosen.map((product) => product.slug));
    const missing = slugs.filter((slug) => !known.has(slug));
    throw new Refusal(404, "unknown_product", `Not for sale: ${missing.join(", ")}`);
  }
  const [currency, ...others] = new Set(chosen.map((product) => product.currency));
  if (currency === undefined || others.length > 0) {
    throw new Refusal(422, "mixed_currencies", "One order is paid in one currency.");
  }
  const totalCents = chosen.reduce((sum, product) => sum + product.priceCents, 0);
  // Outside the transaction: a provider is not to be waited for with locks held.
  const intent = openIntent(basket.key);

  return shop.db.transaction(async (tx) => {
    const email = normalizeEmail(basket.email);
    await tx.insert(customers).values({ email }).onConflictDoNothing();
    const [customer] = await tx.select().from(customers).where(eq(customers.email, email));
    if (!customer) throw new Error("The customer vanished between two statements");

    const [order] = await tx
      .insert(orders)
      .values({ customerId: customer.id, totalCents, currency, checkoutKey: basket.key })
      .onConflictDoNothing({ target: orders.checkoutKey })
      .returning();
    if (!order) return repeated(tx, shop, basket.key, customer.id, slugs);

    await tx.insert(orderItems).values(
      chosen.map((product) => ({
        orderId: order.id,
        productId: product.id,
        priceCents: product.priceCents,
      })),
    );
    await tx
      .insert(payments)
      .values({ orderId: order.id, intentId: intent.id, amountCents: totalCents, currency });
    return {
      orderId: order.id,
      payment: { intentId: intent.id, amountCents: totalCents, currency },
    };
  });
}

function sellable(shop: Shop) {
  const { products } = shop.release.tables;
  return and(eq(products.active, true), inArray(products.kind, Object.keys(shop.release.grants)));
}

/** The order that the first request with this key opened, if it was the same request. */
async function repeated(
  tx: Database,
  shop: Shop,
  key: string,
  customerId: string,
  slugs: readonly string[],
): Promise<Checkout> {
  const { orderItems, orders, payments, products } = shop.release.tables;
  const rows = await tx
    .select({ order: orders, payment: payments, slug: products.slug })
    .from(orders)
    .innerJoin(payments, eq(payments.orderId, orders.id))
    .innerJoin(orderItems, eq(orderItems.orderId, orders.id))
    .innerJoin(products, eq(products.id, orderItems.productId))
    .where(eq(orders.checkoutKey, key));
  const [first] = rows;
  const sameBasket = rows.length === slugs.length && rows.every((row) => slugs.includes(row.slug));
  if (!first || !sameBasket || first.order.customerId !== customerId) {
    throw new Refusal(409, "key_reused", "This idempotency key belongs to another order.");
  }
  const { intentId, amountCents, currency } = first.payment;
  return { orderId: first.order.id, payment: { intentId, amountCents, currency } };
}
