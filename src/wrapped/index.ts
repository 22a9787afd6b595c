export type { WrappedRequest, WrappedResult } from "./request.ts";
export { runWrapped } from "./run-wrapped.ts";
