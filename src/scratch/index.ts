export { Confinement, type Reaching } from "./confinement.ts";
export { supportedMajors } from "./binaries.ts";
export {
  startScratch,
  type Scratch,
  type ScratchDatabase,
  type ScratchOptions,
} from "./scratch.ts";
export { keptFiles, type KeptFiles } from "./kept-files.ts";
export { surplus } from "./surplus.ts";
