export { nameInText } from "../world/name-in-text.ts";
export { foldStatement, predictProgram } from "./run-program.ts";
export { parseProgram, statementsOf } from "./parse.ts";
export { expressionOf, type PlNode } from "./tree.ts";
export type { ProgramText } from "./program.ts";
