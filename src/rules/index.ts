export type * from "./finding.ts";
export type * from "./rule.ts";
export {
  evaluateFile,
  type EffectQuestion,
  type EvaluatedFile,
  type FileToEvaluate,
} from "./evaluate.ts";
export { asConfigured, compareFindings, type RuleConfig } from "./configured.ts";
export { columnOf } from "./evaluate-findings.ts";
export { RollbackPoints } from "./evaluate-rollback.ts";
export { gatherFindings, oneByOne } from "./gather.ts";
export { rules } from "./all.ts";
export { explainSyntaxError } from "./syntax-hint.ts";
export { staleSuppression } from "./suppression-rules.ts";
export {
  lineHash,
  parseBaseline,
  statementHash,
  writeBaseline,
  type AcceptedFinding,
  type Baseline,
  type BaselineEntry,
} from "./suppression-baseline.ts";
export type { SuppressedFinding } from "./suppression.ts";
export { applyFixes, type Fixed } from "./fix.ts";
