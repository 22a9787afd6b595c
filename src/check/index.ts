export { summaryOf } from "./report.ts";
export type {
  CheckReport,
  CheckServer,
  EffectReport,
  FileReport,
  Note,
  Selection,
  StatementReport,
  Summary,
} from "./report.ts";
