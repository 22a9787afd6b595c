import {
  defaultLimits,
  signalNames,
  type LimitName,
  type SignalName,
  type BackfillRun,
} from "../backfill/index.ts";
import type { LoadedConfig } from "../config/index.ts";
import { LockstepError } from "../errors/index.ts";

/** How rows are filled, as options say it: what they leave away the config says. */
export interface SteeringWords {
  readonly workers?: number;
  readonly vacuum?: boolean;
  /** `replica-seconds=3:10`; either side may be `-` for never. */
  readonly limit?: readonly string[];
  readonly ignore?: readonly string[];
  readonly ignoreReplica?: readonly string[];
  readonly cpus?: number;
}

/**
 * How rows are filled.
 * @throws LockstepError `usage` for a limit or signal that there is not; `config-invalid` for one in the config
 */
export function backfillSettings(
  words: SteeringWords,
  { config: { backfill = {} }, file }: LoadedConfig,
): Pick<BackfillRun, "workers" | "steering" | "vacuum"> {
  const from = file ?? "the config";
  const limits = Object.entries(backfill.limits ?? {}).map(([name, bounds]) => {
    if (isLimit(name)) return [name, bounds] as const;
    throw notThere(`backfill.limits.${name}`, name, Object.keys(defaultLimits), from);
  });
  const ignored = (backfill.ignore ?? []).map((name) => {
    const found = signalNames.find((each) => each === name);
    if (found !== undefined) return found;
    throw notThere("backfill.ignore", name, signalNames, from);
  });
  const cpus = words.cpus ?? backfill.cpus;
  return {
    workers: words.workers ?? backfill.workers ?? 1,
    // The option can only be off: what is on by default says nothing.
    vacuum: words.vacuum !== false && backfill.vacuum !== false,
    steering: {
      limits: Object.fromEntries([...limits, ...(words.limit ?? []).map(limitOf)]),
      ignore: [...ignored, ...(words.ignore ?? []).map(signalOf)],
      ignoreReplicas: [...(backfill.ignoreReplicas ?? []), ...(words.ignoreReplica ?? [])],
      ...(cpus === undefined ? {} : { cpus }),
    },
  };
}

function notThere(
  key: string,
  name: string,
  known: readonly string[],
  from: string,
): LockstepError {
  return new LockstepError("config-invalid", {
    what: `${key}: there is no "${name}"`,
    expected: `one of ${known.join(", ")}`,
    found: `"${name}"`,
    from,
    why: "a misspelt name would leave a limit as it is, in silence",
    next: [`docs/backfill.md names them; correct ${key}`],
  });
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
