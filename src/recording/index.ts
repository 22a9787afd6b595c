export { isNotRecorded, recordFolder, type RecordRequest } from "./record.ts";
