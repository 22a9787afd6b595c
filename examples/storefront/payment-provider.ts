/**
 * The payment provider as the shop sees it: it opens payment intents and sends signed events.
 *
 * No call leaves this machine. Opening an intent is played with an answer derived from the idempotency key,
 * as the provider would give the same intent for the same key; verifying events is the real library.
 */
import { createHash } from "node:crypto";
import Stripe from "stripe";
import type { Config } from "./config.ts";
import { Refusal } from "./refusal.ts";

const stripe = new Stripe("sk_test_offline");

/** Same key, same intent: a retried checkout never charges twice. */
export function openIntent(idempotencyKey: string): { readonly id: string } {
  return { id: `pi_${createHash("sha256").update(idempotencyKey).digest("hex").slice(0, 24)}` };
}

export interface PaymentEvent {
  readonly id: string;
  readonly type: string;
  readonly occurredAt: Date;
  readonly payload: unknown;
}

/** The news in an event, or nothing when the shop has no use for its type. */
export type PaymentNews =
  | {
      readonly what: "succeeded";
      readonly intentId: string;
      readonly amountCents: number;
      readonly currency: string;
    }
  | { readonly what: "failed"; readonly intentId: string }
  | { readonly what: "refunded"; readonly intentId: string; readonly inFull: boolean };

/** Throws a refusal when the signature is missing, wrong, or older than the tolerance. */
export function verifyEvent(
  rawBody: string,
  signature: string | undefined,
  config: Config,
): PaymentEvent {
  try {
    const event = stripe.webhooks.constructEvent(
      rawBody,
      signature ?? "",
      config.webhookSecret,
      config.webhookToleranceSeconds,
    );
    return {
      id: event.id,
      type: event.type,
      occurredAt: new Date(event.created * 1000),
      payload: event,
    };
  } catch (error) {
    if (error instanceof Stripe.errors.StripeSignatureVerificationError) {
      throw new Refusal(400, "invalid_signature", "The webhook's signature does not hold.");
    }
    throw new Refusal(400, "invalid_event", "The webhook is not a readable event.");
  }
}

/** Reads a stored payload; it was verified when it was stored. */
export function newsOf(payload: unknown): PaymentNews | undefined {
  const event = payload as Stripe.Event;
  if (event.type === "payment_intent.succeeded") {
    const { id, amount_received: amountCents, currency } = event.data.object;
    return { what: "succeeded", intentId: id, amountCents, currency };
  }
  if (event.type === "payment_intent.payment_failed") {
    return { what: "failed", intentId: event.data.object.id };
  }
  if (event.type === "charge.refunded") {
    const { payment_intent: intent, refunded: inFull } = event.data.object;
    if (intent === null) return undefined;
    return { what: "refunded", intentId: typeof intent === "string" ? intent : intent.id, inFull };
  }
  return undefined;
}
