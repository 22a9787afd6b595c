import { runBackfill, type BackfillResult, type BackfillRun } from "../../src/backfill/index.ts";
import type { EventBody } from "../../src/events/index.ts";

type EventOf<Type extends EventBody["type"]> = Extract<EventBody, { readonly type: Type }>;
export type Steered = EventOf<"backfill.steered">;

/** A backfill at work, and what it tells. */
export interface Steering extends AsyncDisposable {
  readonly events: readonly (EventBody & { readonly at: number })[];
  readonly result: Promise<BackfillResult>;
  /** The next event that is so; those that were before the call do not count. */
  next<Type extends EventBody["type"]>(
    type: Type,
    is?: (event: EventOf<Type>) => boolean,
  ): Promise<EventOf<Type> & { readonly at: number }>;
  /** The state that was told last is so, or the next that is. */
  settled(is: (event: Steered) => boolean): Promise<Steered & { readonly at: number }>;
}

/** Runs a backfill and listens; disposed, it is stopped. */
export function steer(run: BackfillRun): Steering {
  const events: (EventBody & { readonly at: number })[] = [];
  const listeners = new Set<(event: EventBody & { readonly at: number }) => void>();
  const controller = new AbortController();
  const result = runBackfill({
    ...run,
    signal: controller.signal,
    emit: (event) => {
      const told = { ...event, at: performance.now() };
      events.push(told);
      for (const listener of listeners) listener(told);
    },
  });
  // Whoever waits for an event that cannot come any more is told why.
  const failed = result.then((end) => {
    throw new Error(`the backfill has ended: ${end.outcome}`);
  });
  failed.catch(() => {});
  const next: Steering["next"] = async (type, is = () => true) => {
    type Wanted = EventOf<typeof type> & { readonly at: number };
    const found = new Promise<Wanted>((resolve) => {
      const listener = (event: EventBody & { readonly at: number }) => {
        if (event.type !== type || !is(event as Wanted)) return;
        listeners.delete(listener);
        resolve(event as Wanted);
      };
      listeners.add(listener);
    });
    return Promise.race([found, failed]);
  };
  return {
    events,
    result,
    next,
    async settled(is) {
      const last = events.findLast((event) => event.type === "backfill.steered");
      return last !== undefined && is(last) ? last : next("backfill.steered", is);
    },
    async [Symbol.asyncDispose]() {
      controller.abort();
      await result.catch(() => {});
    },
  };
}

/** A verdict for which this signal is a reason, with this effect. */
export function because(signal: string, effect: "slow" | "stop"): (event: Steered) => boolean {
  return ({ reasons }) => reasons.some((one) => one.signal === signal && one.effect === effect);
}

export function isGo({ verdict }: Steered): boolean {
  return verdict === "go";
}
