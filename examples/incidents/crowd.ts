/** Customers who keep coming at their own pace, whatever state the shop is in, until the doors are closed. */
import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { runCustomers, type Call, type Tally } from "../storefront/customers.ts";

export interface CrowdOptions {
  readonly baseUrl: string;
  /** The shop's database, whose table of mails is the customers' mailbox. */
  readonly databaseUrl: string;
  readonly webhookSecret: string;
  /** Slugs that are bought in turn. */
  readonly products: readonly string[];
  /** A new customer comes every so many ms… */
  readonly everyMs: number;
  /** …unless so many are in the shop already. Default 8: a crowd is no load test. */
  readonly atMost?: number;
  /** How long a customer waits for the links. */
  readonly deliveryTimeoutMs: number;
  /** How long one call may take. Default 5,000. */
  readonly requestTimeoutMs?: number;
  readonly signal: AbortSignal;
  readonly onCall?: (call: Call) => void;
}

export interface Visits {
  readonly calls: readonly Call[];
  readonly customers: number;
  readonly paid: number;
  readonly delivered: number;
}

/** A call and when it was answered, on the clock of `performance.now()`. */
export interface TimedCall extends Call {
  readonly at: number;
}

export class Crowd implements AsyncDisposable {
  readonly calls: TimedCall[] = [];
  readonly #options: CrowdOptions;
  readonly #pool: pg.Pool;
  readonly #visits = new Set<Promise<void>>();
  readonly #doors = new AbortController();
  readonly #coming: Promise<void>;
  #customers = 0;
  #inside = 0;
  #paid = 0;
  #delivered = 0;

  constructor(options: CrowdOptions) {
    // Every customer inside listens to it.
    const signal = AbortSignal.any([options.signal]);
    setMaxListeners(0, signal);
    this.#options = { ...options, signal };
    this.#pool = new pg.Pool({ connectionString: options.databaseUrl, max: 2 });
    this.#pool.on("error", () => {});
    this.#coming = this.#come();
  }

  /** Failed calls as customers saw them, e.g. `checkout 500`, the most frequent first. */
  get failures(): readonly (readonly [string, number])[] {
    return countFailures(this.calls);
  }

  async #come(): Promise<void> {
    const { signal } = this.#options;
    const closed = AbortSignal.any([this.#doors.signal, signal]);
    while (!closed.aborted) {
      if (this.#inside < (this.#options.atMost ?? 8))
        this.#visits.add(this.#visit(this.#customers++));
      await sleep(this.#options.everyMs, undefined, { signal: closed }).catch(() => {});
    }
  }

  /** How many calls of this kind were answered well so far. */
  succeeded(what: Call["what"]): number {
    return this.calls.filter((call) => call.what === what && call.ok).length;
  }

  async #visit(number: number): Promise<void> {
    this.#inside += 1;
    const tally = await this.#buy(number);
    this.#inside -= 1;
    this.#paid += tally.paid;
    this.#delivered += tally.delivered;
  }

  #buy(number: number): Promise<Tally> {
    const { products, onCall, ...options } = this.#options;
    return runCustomers({
      ...options,
      customers: 1,
      concurrency: 1,
      products: [products[number % products.length] ?? "icon-set"],
      mailbox: async (email) => {
        const { rows } = await this.#pool.query<{ body: string }>(
          "SELECT body FROM public.mails WHERE recipient = $1 ORDER BY created_at DESC LIMIT 1",
          [email],
        );
        return rows[0]?.body;
      },
      onCall: (call) => {
        this.calls.push({ ...call, at: performance.now() });
        onCall?.(call);
      },
    });
  }

  /** No one else comes; those inside finish. */
  async leave(): Promise<Visits> {
    this.#doors.abort();
    await this.#coming;
    await Promise.all(this.#visits);
    return {
      calls: this.calls,
      customers: this.#customers,
      paid: this.#paid,
      delivered: this.#delivered,
    };
  }

  /** For the stage that opened the doors. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#doors.abort();
    await this.#coming;
    await Promise.allSettled(this.#visits);
    await this.#pool.end();
  }
}

export function countFailures(calls: readonly Call[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { ok, what, status } of calls) {
    if (ok) continue;
    const label = status === 0 ? `${what}: no answer` : `${what} ${status}`;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a);
}
