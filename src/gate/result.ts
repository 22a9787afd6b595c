/** What a difference is about: the rule that found it. docs/contract.md explains them. */
export type DifferenceKind =
  | "missing-schema"
  | "missing-table"
  | "missing-view"
  | "missing-column"
  | "missing-enum"
  | "missing-enum-value"
  | "missing-domain"
  | "missing-type"
  | "missing-sequence"
  | "missing-default"
  | "missing-unique"
  | "missing-foreign-key"
  | "missing-check"
  | "missing-index"
  | "missing-variable"
  | "missing-privilege"
  | "wrong-kind"
  | "wrong-type"
  | "wrong-nullability"
  | "wrong-default"
  | "wrong-identity"
  | "wrong-generation"
  | "wrong-collation"
  | "wrong-unique"
  | "wrong-foreign-key"
  | "wrong-check"
  | "wrong-index"
  | "wrong-enum-order"
  | "wrong-answer"
  | "wrong-search-path"
  | "extra-required-column"
  | "extra-unique"
  | "extra-check"
  | "extra-foreign-key"
  | "invalid-index"
  | "not-validated"
  | "row-security"
  | "refused-query";

/** One thing that a release expects and the database does not have, or has otherwise. */
export interface Difference {
  /** Errors close the gate: the release's statements fail or give wrong answers. Warnings leave it open. */
  readonly severity: "error" | "warning";
  /** Qualified name: `public.orders.confirmed_at`, `public.status.paid`, or a variable's or check's name. */
  readonly object: string;
  readonly kind: DifferenceKind;
  readonly expected: string;
  readonly found: string;
  /** Where the expectation stands: `src/db/schema.ts:41`. */
  readonly from: string;
  /** What it does to the release. */
  readonly effect: string;
  /** Why it is probably so, found by looking. */
  readonly cause: string;
  /** What to run next. */
  readonly next: string;
}

/** The verdict of a gate: what `lockstep gate --format json` prints. Changes are additive. */
export interface GateResult {
  readonly version: 1;
  /** False when at least one difference is an error. */
  readonly open: boolean;
  readonly release: string;
  readonly environment: string;
  readonly differences: readonly Difference[];
}

/** A difference before anyone has looked for its cause. */
export interface Finding {
  readonly severity: "error" | "warning";
  readonly object: string;
  readonly kind: DifferenceKind;
  readonly expected: string;
  readonly found: string;
  readonly from: string | undefined;
  /** What it does to the release. */
  readonly effect: string;
  /** Address of the object that is wanted (see the contract's `Annotations.from`), to look for its migration. */
  readonly address?: string | undefined;
  /** What to run, when no cause says more. */
  readonly next?: string | undefined;
  /** A rule that the code does not know, with the only values it meets there: the server tells which are refused. */
  readonly ifRefused?: {
    readonly column: string;
    readonly type: string;
    readonly values: readonly string[];
    readonly expression: string;
  };
  /** A statement of the code: when the server plans it after all, there is no difference. */
  readonly unlessPlanned?: string | undefined;
  /** What holds instead when the live default calls no function, which only the parser can tell. */
  readonly whenConstant?: {
    readonly expression: string;
    readonly effect: string;
  };
}
