export type { BackRequest, BackVerdict } from "./command-back.ts";
export type { WrappedRequest, WrappedResult } from "./request.ts";
export { runBack } from "./run-back.ts";
export { runWrapped } from "./run-wrapped.ts";
