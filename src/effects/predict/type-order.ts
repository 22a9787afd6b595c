import type { TypeUse } from "../world/index.ts";

/** Built-in types without a default operator class for B-tree (pg_opclass, the same on 14 to 18). */
const withoutOrder: ReadonlySet<string> = new Set([
  "aclitem",
  "box",
  "cid",
  "circle",
  "json",
  "jsonpath",
  "line",
  "lseg",
  "path",
  "point",
  "polygon",
  "xid",
  "xml",
]);

/** True for a type that no btree index is for, unless an operator class is named. */
export function hasNoOrder({ schema, name, array }: TypeUse): boolean {
  return schema === "pg_catalog" && !array && withoutOrder.has(name);
}
