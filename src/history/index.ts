export { prefixKeys } from "./key.ts";
export { replayHistory, type HistoryRequest, type ReplayedHistory } from "./replay.ts";
export { rolesNamed } from "./roles-named.ts";
