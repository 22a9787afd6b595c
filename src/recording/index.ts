export { variablesFor } from "./environment.ts";
export { isNotRecorded, recordFolder, type RecordRequest } from "./record.ts";
export { installed } from "./run-on-scratch.ts";
