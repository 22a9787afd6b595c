import type { Scratch } from "../../scratch/index.ts";
import type { Statement } from "../../sql/index.ts";
import type { Plan } from "../model.ts";

/** What is to be proven of a plan. */
export interface ProofRequest {
  readonly scratch: Scratch;
  /**
   * Name of a database of the scratch server that nobody is connected to: the catalog that the plan is made for, with
   * rows or without. It is copied, never changed.
   */
  readonly template: string;
  /** The migration as it was written. */
  readonly naive: readonly Statement[];
  /** The plan as it is now, changed by a person or not. */
  readonly plan: Plan;
  /** Where the migration's names are looked up. */
  readonly searchPath: readonly string[];
  /** Ends the proof with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  readonly emit?: ((event: ProofProgress) => void) | undefined;
}

/** How far a proof has come. */
export interface ProofProgress {
  /** What is tried now, for people. */
  readonly doing: string;
  readonly done: number;
  readonly of: number;
}
