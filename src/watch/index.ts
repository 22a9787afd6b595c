export { watchDefaults, type WatchResult, type WatchSettings } from "./model.ts";
export { watch } from "./watch.ts";
