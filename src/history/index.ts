export { replayHistory, type HistoryRequest, type ReplayedHistory } from "./replay.ts";
export { createRoles } from "./roles.ts";
export { rolesNamed } from "./roles-named.ts";
