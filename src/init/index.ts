export { initProject, type InitDatabase, type InitReport, type InitRequest } from "./init.ts";
export { pipelineExamples } from "./pipelines/all.ts";
export type { ContractProposal, Known, ProjectDatabase } from "./project.ts";
