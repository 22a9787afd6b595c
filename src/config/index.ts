export type {
  BackfillConfig,
  CheckConfig,
  ContractConfig,
  DeployConfig,
  EnvironmentConfig,
  LockstepConfig,
  MigrationsConfig,
  RunnerConfig,
  ScratchConfig,
  VariableSource,
} from "./define-config.ts";
export { chooseEnvironment, otherEnvironments, type ChosenEnvironment } from "./environment.ts";
export { findConfigIn, loadConfig, type LoadedConfig } from "./load-config.ts";
export type {
  Probe,
  ProbeContext,
  ProbeHttp,
  ProbeModule,
  ProbeRequest,
  ProbeResponse,
} from "./probe.ts";
export { readModule } from "./read-module.ts";
