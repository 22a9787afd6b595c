export { requireNewGone, requireOldGone, type Evidence } from "./require.ts";
