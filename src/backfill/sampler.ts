import { isConnectionLost, type Session } from "../pg/index.ts";
import { quoteLiteral } from "../sql/index.ts";
import type { SignalName, Steering } from "./limits.ts";
import { signals } from "./signals/all.ts";
import type { Measure, Sample, Signal, Unreadable, Watched } from "./signals/signal.ts";

/** All that was read at one moment. */
export interface Readings {
  readonly at: number;
  readonly measures: readonly (Measure & { readonly signal: SignalName })[];
  readonly unreadable: readonly (Unreadable & { readonly signal: SignalName })[];
  /** Readings of one signal, oldest first. */
  history(name: SignalName): readonly Sample<unknown>[];
}

/** How long readings are remembered, and after how long a signal that could not be read is tried again, in ms. */
const memoryMs = 65_000;
const retryMs = 15_000;

interface Watch {
  readonly signal: Signal<unknown, unknown>;
  begun: { readonly value: unknown } | undefined;
  /** Why it cannot be read, and when it is tried again. */
  failure: { readonly why: string; readonly retryAt: number } | undefined;
  history: Sample<unknown>[];
}

/** Reads all signals in one round trip, on a session of its own. */
export class Sampler {
  readonly #steering: Steering;
  readonly #watches: readonly Watch[];

  constructor(steering: Steering) {
    this.#steering = steering;
    this.#watches = signals
      .filter(({ name }) => !steering.ignore.has(name))
      .map((signal) => ({ signal, begun: undefined, failure: undefined, history: [] }));
  }

  /**
   * Asks the server. A signal that it refuses to tell does not spoil the others: it is unreadable, and tried again later.
   * @throws what a lost connection throws
   */
  async read(session: Session, watched: Watched): Promise<Readings> {
    const named = { ...watched, table: quoteLiteral(watched.table) };
    const due = this.#watches.filter(
      ({ failure }) => failure === undefined || failure.retryAt <= performance.now(),
    );
    const asked: Watch[] = [];
    for (const watch of due)
      if (await attempt(watch, () => begin(watch, session, named))) asked.push(watch);
    try {
      await ask(session, asked, named);
    } catch (error) {
      if (isConnectionLost(error)) throw error;
      // One of them is at fault: each is asked alone, which costs a round trip each, once.
      for (const watch of asked) await attempt(watch, () => ask(session, [watch], named));
    }
    return this.#readings();
  }

  #readings(): Readings {
    const measures: (Measure & { readonly signal: SignalName })[] = [];
    const unreadable: (Unreadable & { readonly signal: SignalName })[] = [];
    for (const { signal, begun, failure, history } of this.#watches) {
      const { name } = signal;
      if (failure !== undefined)
        unreadable.push({ signal: name, subject: "", unreadable: failure.why });
      else
        for (const one of signal.measure(history, this.#steering, begun!.value))
          if ("unreadable" in one) unreadable.push({ signal: name, ...one });
          else measures.push({ signal: name, ...one });
    }
    return {
      at: performance.now(),
      measures,
      unreadable,
      history: (name) => this.#watches.find(({ signal }) => signal.name === name)?.history ?? [],
    };
  }
}

async function begin(watch: Watch, session: Session, watched: Watched): Promise<void> {
  watch.begun ??= { value: await watch.signal.begin?.(session, watched) };
}

async function ask(session: Session, asked: readonly Watch[], watched: Watched): Promise<void> {
  if (asked.length === 0) return;
  const columns = asked.map(
    ({ signal, begun }, n) => `${signal.sql(watched, begun!.value)} AS s${n}`,
  );
  const { rows } = await session.query<Record<string, unknown>>(`SELECT ${columns.join(",\n")}`);
  const at = performance.now();
  asked.forEach((watch, n) => {
    watch.failure = undefined;
    watch.history = watch.history.filter((sample) => at - sample.at <= memoryMs);
    watch.history.push({ at, reading: rows[0]![`s${n}`] });
  });
}

/** Does something for a signal; when it fails the signal cannot be read, and begins anew later. */
async function attempt(watch: Watch, action: () => Promise<void>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    if (isConnectionLost(error)) throw error;
    watch.failure = { why: (error as Error).message, retryAt: performance.now() + retryMs };
    watch.begun = undefined;
    watch.history = [];
    return false;
  }
}
