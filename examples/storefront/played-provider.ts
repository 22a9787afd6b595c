/** The other side of the payment provider: events, signed as the provider signs them. For tests, probes and simulated customers. */
import { randomUUID } from "node:crypto";
import Stripe from "stripe";

const stripe = new Stripe("sk_test_offline");

export interface Payment {
  readonly intentId: string;
  readonly amountCents: number;
  readonly currency: string;
}

export interface SignedEvent {
  readonly eventId: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Signing {
  readonly secret: string;
  /** Default: a new one. */
  readonly eventId?: string;
  /** Default: now. */
  readonly signedAt?: Date;
}

function signed(type: string, object: Record<string, unknown>, signing: Signing): SignedEvent {
  const eventId = signing.eventId ?? `evt_${randomUUID().replaceAll("-", "")}`;
  const timestamp = Math.floor((signing.signedAt?.getTime() ?? Date.now()) / 1000);
  const body = JSON.stringify({
    id: eventId,
    object: "event",
    type,
    created: timestamp,
    livemode: false,
    data: { object },
  });
  const signature = stripe.webhooks.generateTestHeaderString({
    payload: body,
    secret: signing.secret,
    timestamp,
  });
  return {
    eventId,
    body,
    headers: { "content-type": "application/json", "stripe-signature": signature },
  };
}

function intentObject(payment: Payment, received: number): Record<string, unknown> {
  return {
    id: payment.intentId,
    object: "payment_intent",
    amount: payment.amountCents,
    amount_received: received,
    currency: payment.currency,
  };
}

export function paymentSucceeded(payment: Payment, signing: Signing): SignedEvent {
  const object = { ...intentObject(payment, payment.amountCents), status: "succeeded" };
  return signed("payment_intent.succeeded", object, signing);
}

export function paymentFailed(payment: Payment, signing: Signing): SignedEvent {
  const object = { ...intentObject(payment, 0), status: "requires_payment_method" };
  return signed("payment_intent.payment_failed", object, signing);
}

/** `refundedCents` defaults to all of it. */
export function chargeRefunded(
  payment: Payment,
  signing: Signing,
  refundedCents = payment.amountCents,
): SignedEvent {
  const object = {
    id: `ch_${payment.intentId.slice(3)}`,
    object: "charge",
    payment_intent: payment.intentId,
    amount: payment.amountCents,
    amount_refunded: refundedCents,
    refunded: refundedCents >= payment.amountCents,
    currency: payment.currency,
  };
  return signed("charge.refunded", object, signing);
}
