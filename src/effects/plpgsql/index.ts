export { nameInText } from "./name-in-text.ts";
export type { ProgramText } from "./program.ts";
export { predictProgram, runProgram } from "./run-program.ts";
