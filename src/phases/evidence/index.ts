export { requireNewGone, requireOldGone, type Evidence, type EvidenceRequest } from "./require.ts";
