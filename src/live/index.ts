export { Companion } from "./companion.ts";
export { type Doing } from "./doing.ts";
export { endSession, sessionsOf, type RunSession } from "./force.ts";
export { readLiveRuns, readLostRuns, type LiveRun } from "./runs.ts";
export { chooseRun, stopRun, type Stopped } from "./stop.ts";
export { waitTree, type WaitNode } from "./wait-tree.ts";
