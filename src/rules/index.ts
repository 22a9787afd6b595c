export type * from "./finding.ts";
export type * from "./rule.ts";
