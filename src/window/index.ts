export { holdForWindow } from "./hold.ts";
export { look } from "./look.ts";
export { parseWindow, type Window } from "./model.ts";
export { risksIn } from "./risk.ts";
