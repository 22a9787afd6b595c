/** What the operator page shows, read in one query a panel. */
import type { SQL } from "drizzle-orm";
import { count, desc, eq, inArray, isNull, sql } from "drizzle-orm";
import type { Shop } from "../shop.ts";

const ROWS = 30;

export async function readState(shop: Shop) {
  const [figures, orders, jobs, events] = await Promise.all([
    readFigures(shop),
    readOrders(shop),
    readJobs(shop),
    readEvents(shop),
  ]);
  return { release: shop.release.name, figures, orders, jobs, events };
}

export type OperatorState = Awaited<ReturnType<typeof readState>>;
export type OrderRow = OperatorState["orders"][number];
export type JobRow = OperatorState["jobs"][number];
export type EventRow = OperatorState["events"][number];

/** Paid for, not delivered, and no longer just busy. */
function isStuck(shop: Shop): SQL<boolean> {
  const { orders } = shop.release.tables;
  return sql`(${orders.status} = 'paid'
    and ${orders.paidAt} < now() - ${shop.config.stuckAfterSeconds} * interval '1 second')`;
}

async function readFigures(shop: Shop) {
  const { jobs, orders, webhookEvents } = shop.release.tables;
  const [[ofOrders], [ofJobs], [ofEvents]] = await Promise.all([
    shop.db
      .select({
        today: counting(sql`${orders.createdAt} > now() - interval '24 hours'`),
        stuck: counting(isStuck(shop)),
        review: counting(eq(orders.status, "review")),
      })
      .from(orders),
    shop.db
      .select({
        open: counting(inArray(jobs.status, ["queued", "running"])),
        dead: counting(eq(jobs.status, "dead")),
      })
      .from(jobs),
    shop.db.select({ open: count() }).from(webhookEvents).where(isNull(webhookEvents.processedAt)),
  ]);
  return {
    ordersToday: ofOrders?.today ?? 0,
    stuck: ofOrders?.stuck ?? 0,
    review: ofOrders?.review ?? 0,
    openJobs: ofJobs?.open ?? 0,
    deadJobs: ofJobs?.dead ?? 0,
    openEvents: ofEvents?.open ?? 0,
  };
}

function counting(condition: SQL) {
  return sql`count(*) filter (where ${condition})`.mapWith(Number);
}

/** The newest orders, those that need a person first. */
async function readOrders(shop: Shop) {
  const { customers, deliveryTokens, downloads, entitlements, orderItems, orders, products } =
    shop.release.tables;
  const attention = sql<boolean>`(${isStuck(shop)} or ${orders.status} = 'review')`;
  return shop.db
    .select({
      order: orders,
      email: customers.email,
      attention,
      products: sql<string>`(
        select string_agg(${products.name}, ', ' order by ${products.name})
        from ${orderItems} join ${products} on ${products.id} = ${orderItems.productId}
        where ${orderItems.orderId} = ${orders.id})`,
      entitled: sql`(
        select count(*) from ${entitlements}
        join ${orderItems} on ${orderItems.id} = ${entitlements.orderItemId}
        where ${orderItems.orderId} = ${orders.id} and ${entitlements.revokedAt} is null)`.mapWith(
        Number,
      ),
      downloads: sql`(
        select count(*) from ${downloads}
        join ${deliveryTokens} on ${deliveryTokens.id} = ${downloads.tokenId}
        join ${entitlements} on ${entitlements.id} = ${deliveryTokens.entitlementId}
        join ${orderItems} on ${orderItems.id} = ${entitlements.orderItemId}
        where ${orderItems.orderId} = ${orders.id})`.mapWith(Number),
    })
    .from(orders)
    .innerJoin(customers, eq(customers.id, orders.customerId))
    .orderBy(desc(attention), desc(orders.createdAt))
    .limit(ROWS);
}

/** Work that waits or was given up; done work is no news. */
async function readJobs(shop: Shop) {
  const { jobs } = shop.release.tables;
  return shop.db
    .select()
    .from(jobs)
    .where(inArray(jobs.status, ["queued", "running", "dead"]))
    .orderBy(desc(eq(jobs.status, "dead")), desc(jobs.id))
    .limit(ROWS);
}

async function readEvents(shop: Shop) {
  const { webhookEvents } = shop.release.tables;
  return shop.db
    .select({
      id: webhookEvents.id,
      eventId: webhookEvents.eventId,
      type: webhookEvents.type,
      deliveries: webhookEvents.deliveries,
      receivedAt: webhookEvents.receivedAt,
      processedAt: webhookEvents.processedAt,
      outcome: webhookEvents.outcome,
      lastError: webhookEvents.lastError,
    })
    .from(webhookEvents)
    .orderBy(desc(isNull(webhookEvents.processedAt)), desc(webhookEvents.receivedAt))
    .limit(ROWS);
}
