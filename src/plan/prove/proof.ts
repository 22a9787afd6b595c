import type { Effect, LockMode } from "../../effects/index.ts";
import type { PhaseName } from "../folder/write.ts";

/** A step with its place in the plan. */
export interface StepPlace {
  readonly phase: PhaseName;
  /** 1 for the first of its phase. */
  readonly number: number;
  readonly title: string;
  /** `file:line` when the plan was read from files. */
  readonly at?: string;
}

/** What a failure speaks against. */
export type ProofName =
  | "catalog"
  | "data"
  | "old-release"
  | "new-release"
  | "locks"
  | "abort"
  | "repeat";

/** One thing that does not hold, or that could not be shown to hold. */
export interface ProofFailure {
  readonly proof: ProofName;
  /** The step that did it, or after which it was seen; null for the whole plan. */
  readonly step: StepPlace | null;
  /** The statement that failed or that is at fault; null when it is about what is there. */
  readonly statement: string | null;
  readonly what: string;
  readonly expected: string;
  readonly found: string;
  readonly why: string;
  /** What to change. */
  readonly next: string;
}

/** The strongest lock that a step takes on a relation that was there before. */
export interface StrongestLock {
  readonly mode: LockMode;
  readonly relation: string;
  readonly step: StepPlace;
}

/** What a step does to a running system, as it was seen: all of its statements together. */
export interface StepEffect {
  readonly phase: PhaseName;
  /** 1 for the first of its phase. */
  readonly number: number;
  /** On what was there before the plan, and for the contract phase before that. */
  readonly effect: Effect;
}

/** What a scratch server showed of a plan. Plain data, kept in manifests: it only grows. */
export interface Proof {
  /** Version of the server that it was shown on, e.g. `18.4`. */
  readonly server: string;
  /** In the end the catalog is the one that the migration as written makes, column order aside. */
  readonly catalogEqual: boolean;
  /** And so are the rows, as far as the migration decides what is in them. */
  readonly dataEqual: boolean;
  /** The old release's statements go well from the start until the contract phase begins. */
  readonly oldContractHolds: boolean;
  /** The new release's statements go well from the end of the backfill phase to the end. */
  readonly newContractHolds: boolean;
  /** No step does work that grows with a table while others wait for it. */
  readonly online: boolean;
  /** Null when no step locks anything that was there. */
  readonly maxLock: StrongestLock | null;
  /** One for each step, in their order. */
  readonly steps: readonly StepEffect[];
  /** Abort gives back the start from every point, and no write of the old release is lost. */
  readonly reversible: boolean;
  /** A step that is run again changes nothing. */
  readonly repeatable: boolean;
  readonly failures: readonly ProofFailure[];
  /** What speaks against nothing and a person should know: values that were not compared, writes that are refused. */
  readonly remarks: readonly string[];
  readonly counted: ProofCounts;
}

/** How much was tried. */
export interface ProofCounts {
  /** Points between steps, the start and the end included. */
  readonly points: number;
  /** Statements of both releases. */
  readonly statements: number;
  /** Rows compared in the end. */
  readonly rows: number;
  /** Points from which the plan was taken back. */
  readonly aborts: number;
  /** Steps and phases that were run again. */
  readonly repeats: number;
}
