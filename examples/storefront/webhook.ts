/**
 * Events of the payment provider: stored once, applied once, in whatever order they arrive.
 *
 * Storing and applying are two commits. An event whose application fails stays visible with its error; the
 * provider's next delivery, or an operator, applies it again.
 */
import { eq, sql } from "drizzle-orm";
import { revokeOrder } from "./entitlement.ts";
import { enqueue } from "./jobs.ts";
import type { PaymentNews } from "./payment-provider.ts";
import { newsOf, verifyEvent } from "./payment-provider.ts";
import { Refusal } from "./refusal.ts";
import type { Tables } from "./release.ts";
import type { Database, Shop } from "./shop.ts";
import { reasonOf } from "./shop.ts";

export interface Receipt {
  readonly duplicate: boolean;
  readonly outcome: string;
}

/** Throws a refusal for a bad signature, and whatever went wrong while applying: then the provider sends again. */
export async function receiveWebhook(
  shop: Shop,
  rawBody: string,
  signature: string | undefined,
): Promise<Receipt> {
  const { webhookEvents } = shop.release.tables;
  const event = verifyEvent(rawBody, signature, shop.config);
  const [stored] = await shop.db
    .insert(webhookEvents)
    .values({
      eventId: event.id,
      type: event.type,
      payload: event.payload,
      occurredAt: event.occurredAt,
    })
    .onConflictDoUpdate({
      target: webhookEvents.eventId,
      set: { deliveries: sql`${webhookEvents.deliveries} + 1` },
    })
    .returning({ id: webhookEvents.id });
  if (!stored) throw new Error("An upsert returned no row");
  return applyEvent(shop, stored.id);
}

/** Applies a stored event unless that is done. Two callers at once: the second waits and does nothing. */
export async function applyEvent(shop: Shop, id: string): Promise<Receipt> {
  const { webhookEvents } = shop.release.tables;
  try {
    return await shop.db.transaction(async (tx) => {
      const [event] = await tx
        .select()
        .from(webhookEvents)
        .where(eq(webhookEvents.id, id))
        .for("no key update");
      if (!event) throw new Refusal(404, "unknown_event", "There is no such event.");
      if (event.processedAt) return { duplicate: true, outcome: event.outcome ?? "" };

      const news = newsOf(event.payload);
      const outcome = news ? await applyNews(tx, shop, news) : `ignored: ${event.type}`;
      await tx
        .update(webhookEvents)
        .set({ processedAt: sql`now()`, outcome, lastError: null })
        .where(eq(webhookEvents.id, id));
      return { duplicate: false, outcome };
    });
  } catch (error) {
    await shop.db
      .update(webhookEvents)
      .set({ lastError: reasonOf(error) })
      .where(eq(webhookEvents.id, id));
    throw error;
  }
}

/**
 * A payment only moves forward: requires_payment → failed → succeeded → refunded. News that would move it
 * back came late and changes nothing.
 */
async function applyNews(tx: Database, shop: Shop, news: PaymentNews): Promise<string> {
  const { payments } = shop.release.tables;
  const [payment] = await tx
    .select()
    .from(payments)
    .where(eq(payments.intentId, news.intentId))
    .for("no key update");
  // The event may be faster than the commit of its checkout: refused, so that it comes again.
  if (!payment) throw new Refusal(404, "unknown_payment", "No payment with this intent yet.");
  const late = `ignored: payment is ${payment.status}`;

  if (news.what === "failed") {
    if (payment.status !== "requires_payment") return late;
    await mark(tx, shop, payment, "failed");
    return "payment failed";
  }
  if (news.what === "refunded") {
    if (payment.status === "refunded") return late;
    if (!news.inFull) return "ignored: partial refund, access stays";
    await mark(tx, shop, payment, "refunded");
    await revokeOrder(tx, shop, payment.orderId);
    return "order refunded, access revoked";
  }
  if (payment.status === "succeeded" || payment.status === "refunded") return late;
  await mark(tx, shop, payment, "succeeded");
  return payOrder(tx, shop, payment, news);
}

type Payment = Tables["payments"]["$inferSelect"];

async function mark(
  tx: Database,
  shop: Shop,
  payment: Payment,
  status: Payment["status"],
): Promise<void> {
  const { payments } = shop.release.tables;
  await tx
    .update(payments)
    .set({ status, updatedAt: sql`now()` })
    .where(eq(payments.id, payment.id));
}

/** The order is paid and its delivery is asked for, in one commit; a wrong amount is for a person to judge. */
async function payOrder(
  tx: Database,
  shop: Shop,
  payment: Payment,
  paid: { readonly amountCents: number; readonly currency: string },
): Promise<string> {
  const { orders } = shop.release.tables;
  if (paid.amountCents !== payment.amountCents || paid.currency !== payment.currency) {
    await tx.update(orders).set({ status: "review" }).where(eq(orders.id, payment.orderId));
    return `review: paid ${paid.amountCents} ${paid.currency} of ${payment.amountCents} ${payment.currency}`;
  }
  const [order] = await tx
    .update(orders)
    .set({ status: "paid", paidAt: sql`now()`, ...shop.release.confirmation })
    .where(eq(orders.id, payment.orderId))
    .returning();
  if (!order) throw new Error("A payment without an order");
  await enqueue(tx, shop, {
    kind: "fulfil-order",
    key: `fulfil:${order.id}`,
    payload: { orderId: order.id },
  });
  return "order paid";
}
