export { supportedMajors } from "./binaries.ts";
export {
  startScratch,
  type Scratch,
  type ScratchDatabase,
  type ScratchOptions,
} from "./scratch.ts";
