import type { ProofCounts, ProofFailure, ProofName, StepEffect, StrongestLock } from "./proof.ts";
import { stepPlace, type PlacedStep } from "./places.ts";

/** What a proof has tried and found so far. */
export interface Tally {
  readonly failures: ProofFailure[];
  /** Each once. */
  readonly remarks: Set<string>;
  readonly counted: { -readonly [Count in keyof ProofCounts]: number };
  maxLock: StrongestLock | null;
  readonly steps: StepEffect[];
}

export function startTally(): Tally {
  return {
    failures: [],
    remarks: new Set(),
    counted: { points: 0, statements: 0, rows: 0, aborts: 0, repeats: 0 },
    maxLock: null,
    steps: [],
  };
}

/** Notes that something does not hold: behind a step or, without one, of the whole plan. */
export function fail(
  { failures }: Tally,
  proof: ProofName,
  place: PlacedStep | undefined,
  found: Omit<ProofFailure, "proof" | "step">,
): void {
  failures.push({ proof, step: place === undefined ? null : stepPlace(place), ...found });
}
