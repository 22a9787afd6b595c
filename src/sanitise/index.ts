export type { MaskedColumn, MaskName, MaskReason } from "./choose.ts";
export { copySanitised, type SanitisedCopy, type SanitiseRequest } from "./copy.ts";
export type { MaskRule, MaskRules } from "./rules.ts";
