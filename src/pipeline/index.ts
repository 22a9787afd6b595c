export { checkPipeline, type CheckPipelineOptions } from "./check-pipeline.ts";
export type { PipelineNote, PipelineReport, ReadFile, UnderstoodStep } from "./report.ts";
export { pipelineRules } from "./rules/all.ts";
export type { PipelineRule } from "./rules/rule.ts";
