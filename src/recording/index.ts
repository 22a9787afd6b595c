export { isNotRecorded, recordFolder, type RecordRequest } from "./record.ts";
export { hearCommand, type Heard, type HearRequest } from "./hear.ts";
export { recordBack } from "./way-back.ts";
export { rehearseCommandRun, type CommandRehearsed } from "./rehearse-command.ts";
