import type { EventBody } from "../events/index.ts";
import type { PlanFolder } from "../plan/index.ts";
import { carry, contract } from "../phases/index.ts";
import type { GivenRunOptions } from "../runner/index.ts";
import type { MigrationFolder } from "../tools/index.ts";
import { Sampler, type Sample } from "./sampler.ts";
import type { Retry } from "./model.ts";
import { ProcessorWaits } from "./processor-waits.ts";
import { StepLog, type Step } from "./steps.ts";

export interface RunRequest {
  readonly url: string;
  readonly folder: MigrationFolder;
  readonly plans: readonly PlanFolder[];
  readonly runner: GivenRunOptions;
  /** What is looked at meanwhile: who waits, with WAL and disk; those two; or nothing, where time alone counts. */
  readonly look: "waits" | "sizes" | "nothing";
  /** True to carry plans through their contract phase too. */
  readonly toTheEnd: boolean;
  readonly signal: AbortSignal | undefined;
}

/** The pending work, run once through the real runner and looked at meanwhile. */
export interface Ran {
  readonly began: number;
  readonly ended: number;
  readonly steps: readonly Step[];
  readonly samples: readonly Sample[];
  readonly applied: number;
  /** Why statements were tried again, in order. */
  readonly retries: readonly Retry[];
  /** Plans that were carried up to their contract phase. */
  readonly carried: readonly string[];
  /** Those of them that were carried through it. */
  readonly finished: readonly string[];
  /** What ended it too early. */
  readonly error: unknown;
}

/** How long an instance counts as running after its last beat; nobody beats on a clone. */
export const instanceTtlMs = 60_000;
/** Who answers for what would hold a plan back in production: nobody's release runs on a clone, and its rows are nobody's. */
export const consent = "lockstep rehearse: nobody uses this database";

export async function runOnce(request: RunRequest): Promise<Ran> {
  const { url, folder, plans, runner, look, toTheEnd, signal } = request;
  const sampler =
    look === "nothing" ? undefined : await Sampler.start(url, { withWaits: look === "waits" });
  const log = new StepLog(new ProcessorWaits(databaseOf(url)));
  const began = performance.now();
  let ended = began;
  let samples: readonly Sample[] = [];
  const done = {
    applied: 0,
    carried: [] as readonly string[],
    finished: [] as readonly string[],
    error: undefined as unknown,
  };
  try {
    const common = {
      url,
      folder,
      plans,
      emit: (event: EventBody) => log.emit(event),
      environment: "rehearsal",
      instanceTtlMs,
      options: { ...runner, command: "rehearse" },
      // One of its own: a run leaves its listeners behind, and there are many runs.
      signal: signal && AbortSignal.any([signal]),
    };
    const { applied, carried } = await carry(common);
    done.applied = applied.length;
    done.carried = carried.map(({ plan }) => plan);
    if (toTheEnd && carried.length > 0) {
      const finished = await contract({ ...common, quietMs: 0, consent, acceptParked: consent });
      done.finished = finished.map(({ plan }) => plan);
    }
  } catch (error) {
    done.error = error ?? new Error("unknown");
  } finally {
    ended = performance.now();
    samples = (await sampler?.stop()) ?? [];
  }
  return { began, ended, steps: log.steps(), retries: log.retries, samples, ...done };
}

export function databaseOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1));
}

/** WAL of a whole run. */
export function walOf(samples: readonly Sample[]): number {
  return samples.at(-1)!.wal - samples[0]!.wal;
}

/** Bytes on top of the first look: at the most, and in the end. */
export function diskOf(samples: readonly Sample[]): {
  readonly peak: number;
  readonly grown: number;
} {
  const sizes = samples.flatMap(({ bytes }) => (bytes === null ? [] : [bytes]));
  const first = sizes[0] ?? 0;
  return {
    peak: Math.max(0, ...sizes.map((size) => size - first)),
    grown: (sizes.at(-1) ?? 0) - first,
  };
}
