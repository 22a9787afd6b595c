import {
  defaultLimits,
  signalNames,
  type LimitName,
  type SignalName,
  type SteeringOptions,
} from "../backfill/index.ts";
import { LockstepError } from "../errors/index.ts";

/** How `lockstep backfill run` is to be steered, as its options say it. */
export interface SteeringWords {
  /** `replica-seconds=3:10`; either side may be `-` for never. */
  readonly limit?: readonly string[];
  readonly ignore?: readonly string[];
  readonly ignoreReplica?: readonly string[];
  readonly cpus?: number;
}

/** @throws LockstepError `usage` for a limit or signal that there is not */
export function steeringFrom(words: SteeringWords): SteeringOptions {
  const { limit = [], ignore = [], ignoreReplica = [], cpus } = words;
  return {
    limits: Object.fromEntries(limit.map(limitOf)),
    ignore: ignore.map(signalOf),
    ignoreReplicas: ignoreReplica,
    ...(cpus === undefined ? {} : { cpus }),
  };
}

function limitOf(text: string) {
  const [, name = "", slow = "", stop = ""] = /^([a-z-]+)=([^:]+):([^:]+)$/.exec(text) ?? [];
  const [slowAt, stopAt] = [bound(slow), bound(stop)];
  if (!isLimit(name) || slowAt === undefined || stopAt === undefined)
    throw new LockstepError("usage", {
      what: `--limit ${text} is no limit`,
      expected: `name=slow:stop, with a number or - for never on either side, of ${Object.keys(defaultLimits).join(", ")}`,
      found: text,
      next: ["lockstep backfill run --limit replica-seconds=3:10"],
    });
  return [name, { slow: slowAt, stop: stopAt }] as const;
}

function isLimit(name: string): name is LimitName {
  return Object.hasOwn(defaultLimits, name);
}

function bound(text: string): number | null | undefined {
  if (text === "-") return null;
  const value = Number(text);
  return text !== "" && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function signalOf(text: string): SignalName {
  const found = signalNames.find((each) => each === text);
  if (found !== undefined) return found;
  throw new LockstepError("usage", {
    what: `there is no signal ${text}`,
    expected: `one of ${signalNames.join(", ")}`,
    found: text,
    next: ["lockstep backfill run --ignore latency"],
  });
}
