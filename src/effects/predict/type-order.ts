import type { TypeUse, World } from "../world/index.ts";

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

/** Built-in types with a default operator class, arrays as `array` (pg_opclass, the same on 14 to 18). */
const classes: Readonly<Record<string, ReadonlySet<string>>> = {
  gist: new Set(
    "box circle point polygon tsquery tsvector int4range int8range numrange daterange tsrange tstzrange int4multirange int8multirange nummultirange datemultirange tsmultirange tstzmultirange".split(
      " ",
    ),
  ),
  gin: new Set(["array", "jsonb", "tsvector"]),
};

/** True when no index of the method can be made for the type. Extensions may have brought classes of their own. */
export function lacksOperatorClass(world: World, method: string, type: TypeUse): boolean {
  if (method === "btree") return hasNoOrder(type);
  const known = classes[method];
  const hasExtensions = [...world.extensions].some((name) => name !== "plpgsql");
  if (known === undefined || hasExtensions || type.schema === undefined) return false;
  if (type.array) return !known.has("array");
  return type.schema === "pg_catalog" && !known.has(type.name);
}
