export { predictProgram, type ProgramText } from "./predict-program.ts";
