export { acceptFindings, type Accepted, type AcceptRequest } from "./accept.ts";
export { answerKey } from "./answer-key.ts";
export { applyHistory, rolesOf } from "./apply.ts";
export { replayBefore, type Before, type BeforeRequest } from "./before.ts";
export { check } from "./check-later.ts";
export { codeFolders, codeMigrations } from "./code-migrations.ts";
export { findFolders, type LookedAt } from "./find-folder.ts";
export { listFiles } from "./list-files.ts";
export { readInputs, type CheckInputs } from "./inputs.ts";
export { keptAnswers, type Answer, type KeptAnswers } from "./kept-answers.ts";
export { replayMigrations } from "./replay-migrations.ts";
export type { Agreed, CheckRequest } from "./request.ts";
export { fixFiles, type FixedFile } from "./fix-files.ts";
export {
  effectReport,
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
export { adoptSettings, scratchSettings } from "./target.ts";
