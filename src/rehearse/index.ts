export { requireCopy } from "./copies.ts";
export type * from "./model.ts";
export { calibrate, heldAgainst, type Held } from "./past.ts";
export { parseRehearsal } from "./read.ts";
export { rehearse } from "./rehearse.ts";
export type {
  LoadRequest,
  RecoveryRequest,
  RehearseRequest,
  SanitiseFrom,
  StepRequest,
} from "./request.ts";
