import type { LockMode } from "../effects/index.ts";

/** What was tried of a plan on scratch, and what came of it. Only grows: manifests hold it. */
export interface Proof {
  /** The end catalog is the naive migration's, column order aside. */
  readonly catalogEqual: boolean;
  /** So are the rows, as far as the migration decides what is in them. */
  readonly dataEqual: boolean;
  /** What the old release expects and sends goes well until the contract phase begins. */
  readonly oldContractHolds: boolean;
  /** What the new release expects and sends goes well from the end of the backfill phase on. */
  readonly newContractHolds: boolean;
  /** No step does work that grows with a table under a lock that others wait for. */
  readonly online: boolean;
  /** The strongest lock that a step takes on a relation that was there before. */
  readonly maxLock: LockMode | null;
  /** `abort` from every point gives the start back and loses no write of the old release. */
  readonly reversible: boolean;
  /** Doing a step again changes nothing. */
  readonly repeatable: boolean;
  readonly failures: readonly ProofFailure[];
  /** How much was tried. */
  readonly tried: {
    readonly statements: number;
    readonly points: number;
    readonly rows: number;
  };
  /** What each step was seen to do to relations that were there before, by its place: `expand 2`. */
  readonly effects: Readonly<Record<string, StepEffect>>;
  /** Full version of the server, `18.4`. */
  readonly server: string;
}

/** As in the JSON of `lockstep check`. */
export interface StepEffect {
  readonly locks: readonly { readonly relation: string; readonly mode: LockMode }[];
  readonly rewrites: readonly string[];
  readonly scans: readonly string[];
}

/** Which of the five. */
export type ProofKind = "end" | "releases" | "locks" | "abort" | "repeat";

/** Something that does not hold; unknown counts as such. */
export interface ProofFailure {
  readonly proof: ProofKind;
  /** `expand 2`, the point behind which it shows; null for the plan as a whole. */
  readonly step: string | null;
  readonly what: string;
  readonly expected?: string;
  readonly found?: string;
  readonly statement?: string;
  readonly why?: string;
  /** `file:line` of the step, when it was read from files. */
  readonly at?: string;
}
