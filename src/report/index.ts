export { renderBlockers, type BlockersReport } from "./blockers.ts";
export { renderDrift } from "./drift.ts";
export { errorJson, renderError, type ErrorJson } from "./error.ts";
export { renderGate } from "./gate.ts";
export { renderResolved } from "./resolved.ts";
export { needsAttention, renderStatus, type StatusReport } from "./status.ts";
export { progressReporter } from "./progress.ts";
export { count, duration, styleFor, type Style } from "./style.ts";
export { checkFormats, renderCheck, type CheckFormat } from "./check.ts";
