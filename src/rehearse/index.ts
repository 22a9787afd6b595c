export type * from "./model.ts";
export { rehearse, type LoadRequest, type RehearseRequest } from "./rehearse.ts";
