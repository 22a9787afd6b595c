import type { GateResult } from "../gate/index.ts";
import type { Stage } from "./stages.ts";

/** How far a deploy came that did not end well. */
export interface DeployEnd {
  readonly run: string;
  readonly environment: string;
  readonly release: string;
  /** The stage that failed. */
  readonly stage: Stage;
  /** Ids of the migrations that this deploy applied. */
  readonly applied: readonly string[];
  /** What the gate said, when it was asked. */
  readonly gate?: GateResult | undefined;
  readonly warnings: readonly string[];
}

const ends = new WeakMap<object, DeployEnd>();

/** Notes how far the deploy came that ends with this error. */
export function noteDeployEnd(error: object, end: DeployEnd): void {
  ends.set(error, end);
}

/** How far the deploy came that ended with this error; undefined for errors of anything else. */
export function deployEndOf(error: unknown): DeployEnd | undefined {
  return typeof error === "object" && error !== null ? ends.get(error) : undefined;
}
