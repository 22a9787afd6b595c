export { nameInText } from "./name-in-text.ts";
export { predictProgram, type ProgramText } from "./predict-program.ts";
