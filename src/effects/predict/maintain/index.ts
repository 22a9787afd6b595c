export { hasOption, isOff, isOn } from "./options.ts";
export { predictReindex } from "./reindex.ts";
export { predictCluster, predictRefresh, predictVacuum } from "./storage.ts";
export { predictTruncate } from "./truncate.ts";
