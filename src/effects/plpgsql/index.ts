export { nameInText } from "./name-in-text.ts";
export { foldStatement, predictProgram } from "./run-program.ts";
