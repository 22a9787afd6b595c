import type { EventReason } from "../events/index.ts";
import type { Limit, Steering } from "./limits.ts";
import type { Readings } from "./sampler.ts";
import { meanActive, type SessionsReading } from "./signals/sessions.ts";
import type { History, Measure } from "./signals/signal.ts";

/** How a backfill goes on until the next look at the server. */
export interface Decision {
  readonly verdict: "go" | "slow" | "stop";
  /** Share of the time that batches may take, 0 to 1. */
  readonly duty: number;
  /** How long a batch may take, in ms. */
  readonly batchMs: number;
  /** The server has had room for some time, and has it for more than one worker. */
  readonly hasSlack: boolean;
  /** Nothing that was read is beyond its limit, or only what a vacuum is the remedy for. */
  readonly mayVacuum: boolean;
  readonly reasons: readonly EventReason[];
  /** Others are at work on the server. */
  readonly isLoaded: boolean;
  /** Backends of ours that others wait for. */
  readonly waitedFor: readonly { readonly pid: number; readonly isTooLong: boolean }[];
  /** Since when nothing has been wrong; undefined while something is. */
  readonly calmSince: number | undefined;
}

/** Before the first look: unknown is slow. */
export function firstDecision({ loadedBatchMs }: Steering): Decision {
  return {
    verdict: "slow",
    duty: unreadableDuty,
    batchMs: loadedBatchMs,
    hasSlack: false,
    mayVacuum: false,
    reasons: [],
    isLoaded: true,
    waitedFor: [],
    calmSince: undefined,
  };
}

/** What was wrong must fall to this share of its limit before it is fine again. */
const relief = 0.7;
/** Duty falls by this factor a look while something is beyond its limit, to the least, and rises by a step when nothing is. */
const easing = 0.7;
const leastDuty = 0.1;
const dutyStep = 0.15;
/** Where something cannot be read, half of the time is left to others. */
const unreadableDuty = 0.5;
/** Others were seen at work within so many ms: batches are kept short. */
const loadMs = 30_000;
/** Nothing was wrong for so many ms: there is room for more. */
const calmMs = 2_000;

/** Decides by what was read, and by what was decided before. */
export function decide(readings: Readings, last: Decision, steering: Steering): Decision {
  const { at } = readings;
  const worst = readings.measures.flatMap((measure) => judge(measure, last, steering));
  const reasons: EventReason[] = [
    ...worst,
    ...readings.unreadable.map(({ signal, subject, unreadable }) => ({
      signal,
      subject,
      effect: "slow" as const,
      value: null,
      limit: null,
      unit: "",
      text: `${signal} cannot be read: ${unreadable}`,
    })),
  ];
  const verdict = reasons.some(({ effect }) => effect === "stop")
    ? "stop"
    : reasons.length > 0
      ? "slow"
      : "go";
  const calmSince = verdict === "go" ? (last.calmSince ?? at) : undefined;
  const active = readings.history("sessions") as History<SessionsReading>;
  const isLoaded =
    active.length === 0 || active.some((one) => at - one.at <= loadMs && one.reading.active > 0);
  const seen = active.length === 0 ? 0 : meanActive(active, calmMs) / steering.cpus;
  const isIdle = seen <= (steering.limits.sessions.slow ?? Infinity) / 2;
  const isCalm = calmSince !== undefined && at - calmSince >= calmMs;
  return {
    verdict,
    duty: dutyOf(verdict, worst.length > 0, last),
    batchMs: verdict === "go" && !isLoaded ? steering.batchMs : steering.loadedBatchMs,
    hasSlack: isCalm && isIdle,
    mayVacuum: isIdle && worst.every(isOfDeadRows),
    reasons,
    isLoaded,
    waitedFor: readings.measures.flatMap((measure) => {
      const { behind, value } = measure;
      if (behind === undefined) return [];
      return [{ pid: behind, isTooLong: value >= (limitOf(measure, steering).stop ?? Infinity) }];
    }),
    calmSince,
  };
}

function isOfDeadRows({ signal, effect }: EventReason): boolean {
  return signal === "vacuum" && effect === "slow";
}

/** A measure beyond its limit, or not yet far enough below one that it was beyond. */
function judge(
  measure: Readings["measures"][number],
  last: Decision,
  steering: Steering,
): readonly EventReason[] {
  const { signal, subject, value, unit, text } = measure;
  const { slow, stop } = limitOf(measure, steering);
  const before = last.reasons.find(
    (reason) =>
      reason.signal === signal &&
      reason.subject === subject &&
      reason.unit === unit &&
      reason.value !== null,
  );
  const reason = (effect: "slow" | "stop", limit: number): readonly EventReason[] => [
    { signal, subject, effect, value, limit, unit, text: `${text}; limit ${limit} ${unit}`.trim() },
  ];
  if (stop !== null && value >= (before?.effect === "stop" ? stop * relief : stop))
    return reason("stop", stop);
  if (slow !== null && value >= (before === undefined ? slow : slow * relief))
    return reason("slow", slow);
  return [];
}

function limitOf({ limit }: Pick<Measure, "limit">, { limits }: Steering): Limit {
  return limit === "always" ? { slow: null, stop: 1 } : limits[limit];
}

function dutyOf(verdict: Decision["verdict"], isMeasured: boolean, last: Decision): number {
  if (verdict === "go") return Math.min(1, last.duty + dutyStep);
  if (!isMeasured) return unreadableDuty;
  return Math.max(leastDuty, last.duty * easing);
}
