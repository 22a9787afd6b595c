export { deleteRows } from "./delete.ts";
export { insertRows } from "./insert.ts";
export { updateRows } from "./update.ts";
