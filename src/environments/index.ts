export { compareEnvironments, type CompareOptions, type EnvironmentFinding } from "./compare.ts";
export type { EnvironmentState, MigrationState, Reached, ReleaseState } from "./state.ts";
export { readStatusFile } from "./status-file.ts";
