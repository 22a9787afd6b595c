import { setTimeout as sleep } from "node:timers/promises";
import type { Emit } from "../events/index.ts";
import { Session, type SessionOptions } from "../pg/index.ts";
import { decide, firstDecision, type Decision } from "./decide.ts";
import type { Steering } from "./limits.ts";
import { Sampler } from "./sampler.ts";

export interface GovernorOptions {
  readonly session: SessionOptions;
  readonly backfill: string;
  /** As `quoteQualified` writes it. */
  readonly table: string;
  readonly steering: Steering;
  /** Backends that work for this backfill now. */
  readonly ours: () => readonly number[];
  readonly emit: Emit;
  /** Told after every look, on the session of the looks. */
  readonly onLook: (session: Session, decision: Decision) => Promise<void>;
}

/** How often the server is looked at, and after how long without an answer nothing is known any more, in ms. */
const lookMs = 500;
const silentMs = 2_000;

/**
 * Looks at the server all the time, on a session of its own, and decides how the backfill goes on. When no answer comes,
 * that is a reason to go slow.
 */
export class Governor implements AsyncDisposable {
  readonly #options: GovernorOptions;
  readonly #sampler: Sampler;
  readonly #end = new AbortController();
  readonly #ticking: NodeJS.Timeout;
  readonly #running: Promise<void>;
  #decision: Decision;
  #lookedAt = performance.now();
  #silence = "it has not been looked at yet";
  #told = "";
  #wake: () => void = () => {};
  #next: Promise<void>;

  constructor(options: GovernorOptions) {
    this.#options = options;
    this.#sampler = new Sampler(options.steering);
    this.#decision = firstDecision(options.steering);
    this.#next = this.#arm();
    // An answer that does not come wakes nobody by itself.
    this.#ticking = setInterval(() => this.#tell(), lookMs);
    this.#running = this.#run();
  }

  /** How to go on now. */
  decide(): Decision {
    const silent = performance.now() - this.#lookedAt;
    if (silent <= silentMs) return this.#decision;
    const text = `the server has not said how it fares for ${(silent / 1_000).toFixed(1)} s: ${this.#silence}`;
    return {
      ...firstDecision(this.#options.steering),
      verdict: this.#decision.verdict === "stop" ? "stop" : "slow",
      reasons: [
        ...this.#decision.reasons.filter(({ effect }) => effect === "stop"),
        { signal: "server", subject: "", effect: "slow", value: null, limit: null, unit: "", text },
      ],
    };
  }

  /** Resolves at the next look, and when the governor ends. */
  next(): Promise<void> {
    return this.#next;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    clearInterval(this.#ticking);
    await this.#running;
  }

  #arm(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async #run(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      try {
        await using session = await Session.open(this.#options.session);
        // At the end nobody waits for an answer that does not come.
        signal.addEventListener("abort", () => void session.close(), { once: true });
        await session.batch("SET statement_timeout = '5s'; SET lock_timeout = '1s'");
        await this.#watch(session);
      } catch (error) {
        this.#silence = (error as Error).message;
        this.#tell();
        await sleep(lookMs, undefined, { signal }).catch(() => {});
      }
    }
    this.#wake();
  }

  /** Looks until the end; throws when the connection fails. */
  async #watch(session: Session): Promise<void> {
    const { steering, table, ours, onLook } = this.#options;
    const { signal } = this.#end;
    while (!signal.aborted) {
      const started = performance.now();
      const watched = { major: session.major, table, ours: ours() };
      this.#silence = "its answer has not come yet";
      const readings = await this.#sampler.read(session, watched);
      this.#decision = decide(readings, this.#decision, steering);
      this.#lookedAt = performance.now();
      this.#tell();
      await onLook(session, this.decide());
      const rest = lookMs - (performance.now() - started);
      if (rest > 0) await sleep(rest, undefined, { signal }).catch(() => {});
    }
  }

  /** Wakes those who wait, and tells when something is otherwise than before. */
  #tell(): void {
    const wake = this.#wake;
    this.#next = this.#arm();
    wake();
    const { verdict, duty, reasons } = this.decide();
    const told = JSON.stringify([
      verdict,
      ...reasons.map(({ signal, subject, effect }) => [signal, subject, effect]),
    ]);
    if (told === this.#told) return;
    this.#told = told;
    const { backfill, emit } = this.#options;
    emit({ type: "backfill.steered", backfill, verdict, duty, reasons });
  }
}
