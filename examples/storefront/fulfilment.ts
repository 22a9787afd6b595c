/** From a paid order to links in the customer's mail: two jobs, each of which may be tried again. */
import { eq, inArray, sql } from "drizzle-orm";
import { mintLinks } from "./delivery-token.ts";
import { deliveryOf, grantOrder, lockEntitlements } from "./entitlement.ts";
import { enqueue } from "./jobs.ts";
import { sendLinks } from "./mail.ts";
import type { Database, Shop } from "./shop.ts";

/** Job `fulfil-order`: the customer owns what was paid for. */
export async function fulfilOrder(tx: Database, shop: Shop, orderId: string): Promise<void> {
  const order = await lockPaidOrder(tx, shop, orderId);
  if (!order) return;
  await grantOrder(tx, shop, order);
  await enqueue(tx, shop, {
    kind: "deliver-order",
    key: `deliver:${order.id}`,
    payload: { orderId: order.id },
  });
}

/** Job `deliver-order`: the customer has links to it. */
export async function deliverOrder(tx: Database, shop: Shop, orderId: string): Promise<void> {
  const { customers, entitlements, orderItems, orders } = shop.release.tables;
  const order = await lockPaidOrder(tx, shop, orderId);
  if (!order) return;
  const items = tx
    .select({ id: orderItems.id })
    .from(orderItems)
    .where(eq(orderItems.orderId, order.id));
  const owned = await lockEntitlements(tx, shop, inArray(entitlements.orderItemId, items));
  const { deliverables, licenseKeys } = await deliveryOf(tx, shop, owned);
  if (deliverables.length === 0) throw new Error("A paid order with nothing to deliver");
  const [customer] = await tx.select().from(customers).where(eq(customers.id, order.customerId));
  if (!customer) throw new Error("An order without a customer");
  await sendLinks(tx, shop, {
    key: `order:${order.id}`,
    recipient: customer.email,
    subject: "Your order is ready",
    links: await mintLinks(tx, shop, deliverables),
    licenseKeys,
  });
  await tx
    .update(orders)
    .set({ status: "fulfilled", fulfilledAt: sql`now()` })
    .where(eq(orders.id, order.id));
}

/** Nothing to do for an order that is delivered already, or was refunded in the meantime. */
async function lockPaidOrder(tx: Database, shop: Shop, orderId: string) {
  const { orders } = shop.release.tables;
  const [order] = await tx.select().from(orders).where(eq(orders.id, orderId)).for("no key update");
  return order?.status === "paid" ? order : undefined;
}
