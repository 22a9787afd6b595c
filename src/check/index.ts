export { acceptFindings, type Accepted, type AcceptRequest } from "./accept.ts";
export { check, type CheckRequest } from "./check.ts";
export { fixFiles, type FixedFile } from "./fix-files.ts";
export {
  summaryOf,
  type CheckReport,
  type CheckServer,
  type EffectReport,
  type FileReport,
  type Note,
  type PipelineSummary,
  type Selection,
  type StatementReport,
  type Summary,
} from "./report.ts";
