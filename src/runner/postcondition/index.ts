export { rangeName, regclass, type Check, type Postcondition } from "./check.ts";
export { examine, type Finding } from "./examine.ts";
export { isNeutral, isRepeatable, postconditionOf } from "./postcondition.ts";
