export { commandTag } from "./command-tag.ts";
export { dropsPart, firedBy, type FiredTrigger } from "./firing.ts";
