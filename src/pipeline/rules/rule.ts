import type { Severity, WayOut } from "../../rules/index.ts";
import type { Facts } from "../facts.ts";
import type { Span } from "../text/source-file.ts";

/** What a rule found; the rest of a Finding is filled in by `checkPipeline`. */
export interface PipelineVerdict {
  readonly at: Span;
  /** The rule's own default when it is left out. */
  readonly severity?: Severity;
  readonly message: string;
  readonly why: string;
  readonly wayOut: WayOut;
}

export interface PipelineRule {
  /** Also the name of its page, `docs/rules/<id>.md`, and of its fixtures, `test/pipeline/fixtures/<id>`. */
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly check: (facts: Facts) => Iterable<PipelineVerdict>;
}
