export { isDone, makeWay, makeWayForUnit, removeLeftovers } from "./remove.ts";
