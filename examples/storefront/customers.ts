/**
 * People who buy, and the payment provider that tells the shop about it: load for demonstrations and for
 * measuring what an outage costs. Bounded, stopped by a signal, and only ever against this machine.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Payment } from "./played-provider.ts";
import { paymentSucceeded } from "./played-provider.ts";
import { linksIn } from "./probes/walk.ts";

export type What = "checkout" | "webhook" | "download";

/** One HTTP call as the caller saw it. `status` 0: no answer in time, or no connection. */
export interface Call {
  readonly what: What;
  readonly status: number;
  readonly ok: boolean;
  readonly ms: number;
}

export interface CustomersOptions {
  readonly baseUrl: string;
  readonly webhookSecret: string;
  /** The text of the newest mail to this address, if there is one. */
  readonly mailbox: (email: string) => Promise<string | undefined>;
  /** How many people come in all; at most 100,000. */
  readonly customers: number;
  /** How many are in the shop at once. Default 4. */
  readonly concurrency?: number;
  /** Slugs that are bought in turn. Default: the icon set. */
  readonly products?: readonly string[];
  /** Pause of one person before the next one. Default 0. */
  readonly pauseMs?: number;
  /** How long a person waits for the links before the order counts as not delivered. Default 5,000. */
  readonly deliveryTimeoutMs?: number;
  /** How long one call may take. Default 5,000. */
  readonly requestTimeoutMs?: number;
  /** Ends the load: no one else comes, and those inside stop waiting. */
  readonly signal?: AbortSignal;
  readonly onCall?: (call: Call) => void;
}

export interface Tally {
  /** People who came. */
  readonly customers: number;
  readonly ok: number;
  readonly failed: number;
  /** Failed calls by kind and status, e.g. `webhook 500`. */
  readonly failures: Readonly<Record<string, number>>;
  /** Orders whose money was taken. */
  readonly paid: number;
  readonly delivered: number;
  /** Orders that were paid and not delivered in time. */
  readonly undelivered: readonly string[];
  readonly slowestMs: number;
}

/** Every so many payments the event arrives twice at once: providers promise "at least once". */
const REPEATED_EVENT_EVERY = 5;
const WEBHOOK_TRIES = 3;
const LOOK_EVERY_MS = 50;

export async function runCustomers(options: CustomersOptions): Promise<Tally> {
  expectLoopback(options.baseUrl);
  if (
    !Number.isInteger(options.customers) ||
    options.customers < 0 ||
    options.customers > 100_000
  ) {
    throw new Error("The number of customers is an integer from 0 to 100,000.");
  }
  const { concurrency = 4, pauseMs = 0, signal } = options;
  const calls: Call[] = [];
  const record = (call: Call) => {
    calls.push(call);
    options.onCall?.(call);
  };
  const visits: Visit[] = [];
  let came = 0;
  async function stream(): Promise<void> {
    while (came < options.customers && !signal?.aborted) {
      came += 1;
      visits.push(await visit(options, came, record));
      if (pauseMs > 0) await sleep(pauseMs, undefined, { signal }).catch(() => {});
    }
  }
  await Promise.all(Array.from({ length: concurrency }, stream));

  const failed = calls.filter((call) => !call.ok);
  const failures: Record<string, number> = {};
  for (const { what, status } of failed) {
    const label = `${what} ${status}`;
    failures[label] = (failures[label] ?? 0) + 1;
  }
  const paid = visits.filter((each) => each.paidOrder !== undefined);
  return {
    customers: came,
    ok: calls.length - failed.length,
    failed: failed.length,
    failures,
    paid: paid.length,
    delivered: paid.filter((each) => each.delivered).length,
    undelivered: paid.flatMap((each) => (each.delivered ? [] : (each.paidOrder ?? []))),
    slowestMs: calls.reduce((slowest, call) => Math.max(slowest, call.ms), 0),
  };
}

interface Visit {
  readonly paidOrder: string | undefined;
  readonly delivered: boolean;
}

async function visit(
  options: CustomersOptions,
  number: number,
  record: (call: Call) => void,
): Promise<Visit> {
  const { products = ["icon-set"] } = options;
  const product = products[(number - 1) % products.length] ?? "icon-set";
  const email = `customer-${number}-${randomUUID()}@storefront.invalid`;
  const send = (what: What, path: string, init?: RequestInit) =>
    call(options, record, what, path, init);

  const checkout = await send("checkout", "/checkout", {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": randomUUID() },
    body: JSON.stringify({ email, products: [product] }),
  });
  if (!checkout) return { paidOrder: undefined, delivered: false };
  const { orderId, payment } = JSON.parse(checkout) as { orderId: string; payment: Payment };

  // From here on the customer's money is gone, whatever the shop makes of it.
  const event = paymentSucceeded(payment, { secret: options.webhookSecret });
  const post = { method: "POST", headers: event.headers, body: event.body };
  if (number % REPEATED_EVENT_EVERY === 0) {
    await Promise.all([1, 2].map(() => send("webhook", "/webhooks/payments", post)));
  } else {
    for (let tries = 1; tries <= WEBHOOK_TRIES; tries += 1) {
      if (options.signal?.aborted || (await send("webhook", "/webhooks/payments", post))) break;
    }
  }

  const links = await awaitLinks(options, email);
  const contents = await Promise.all(links.map((link) => send("download", link)));
  const delivered = links.length > 0 && contents.every((content) => content !== undefined);
  return { paidOrder: orderId, delivered };
}

async function awaitLinks(options: CustomersOptions, email: string): Promise<readonly string[]> {
  const until = Date.now() + (options.deliveryTimeoutMs ?? 5_000);
  for (;;) {
    const links = linksIn((await options.mailbox(email)) ?? "");
    if (links.length > 0 || Date.now() > until || options.signal?.aborted) return links;
    await sleep(LOOK_EVERY_MS, undefined, { signal: options.signal }).catch(() => {});
  }
}

/** The body of a good answer; nothing for a bad one, for none, and for one that came too late. */
async function call(
  { baseUrl, requestTimeoutMs = 5_000 }: CustomersOptions,
  record: (call: Call) => void,
  what: What,
  path: string,
  init: RequestInit = {},
): Promise<string | undefined> {
  const startedAt = performance.now();
  let status = 0;
  let body: string | undefined;
  try {
    const answer = await fetch(new URL(path, baseUrl), {
      ...init,
      redirect: "error",
      signal: AbortSignal.timeout(requestTimeoutMs),
    });
    body = await answer.text();
    status = answer.status;
  } catch {
    status = 0;
  }
  const ok = status >= 200 && status < 300;
  record({ what, status, ok, ms: Math.round(performance.now() - startedAt) });
  return ok ? body : undefined;
}

/** Made-up customers have no business with a shop that real ones use. */
export function expectLoopback(url: string): void {
  const { hostname } = new URL(url);
  if (!["127.0.0.1", "localhost", "[::1]"].includes(hostname)) {
    throw new Error(`Simulated customers visit only this machine, not ${hostname}`);
  }
}
