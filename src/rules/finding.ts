/** `error` and `warning` are hazards, `info` is advice. */
export type Severity = "error" | "warning" | "info";

/** A replacement in a file: UTF-16 offsets into its text. */
export interface Edit {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What to do instead. */
export interface WayOut {
  /** One or two sentences. */
  readonly text: string;
  /** Paste-ready SQL (or YAML, shell) in the user's own names; several transactions are parted by a blank line. */
  readonly code?: string;
  /** What `--fix` does; only when the change is one-to-one. */
  readonly edits?: readonly Edit[];
  /** True when it needs phases: `lockstep plan` does it. */
  readonly needsPlan?: boolean;
}

/** A rule's verdict, ready to be shown. */
export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly column?: number;
  readonly endLine?: number;
  readonly endColumn?: number;
  /** What: one sentence with the user's own names. */
  readonly message: string;
  /** Why: facts, in words. */
  readonly why: string;
  /** Where the facts come from, in words: `observed on 18.4`, `predicted from …`, `Postgres' own grammar`, `workflow file`. */
  readonly source: string;
  readonly wayOut: WayOut;
  /** The rule's page. */
  readonly docs: string;
  /** The findings that are told with this one, when one is told for several files. */
  readonly others?: readonly Finding[];
}
