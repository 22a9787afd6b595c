import type { Relation, TypeUse, World, WorldColumn } from "../../world/index.ts";
import { baseOf } from "./conversion.ts";
import type { TableChange } from "./plan.ts";

/**
 * True when an index made again for a change of type keeps its storage (tablecmds.c, TryReuseIndex; indexcmds.c,
 * CheckIndexCompatible): no expression, no predicate, and each column's values are compared as before.
 */
export function keepsStorage(world: World, index: Relation, change: TableChange): boolean {
  const facts = index.index;
  if (facts === undefined || change.rewrite || facts.partOf !== undefined) return false;
  if (facts.expressions.length > 0 || facts.predicate !== undefined) return false;
  return facts.columns.every((name) => {
    const before = change.relation.columns.find((column) => column.name === name);
    const after = change.columns.find((column) => column.name === name);
    return before !== undefined && after !== undefined && sameOrder(world, before, after);
  });
}

function sameOrder(world: World, before: WorldColumn, after: WorldColumn): boolean {
  return (
    before.collation === after.collation &&
    operatorClass(baseOf(world, before.type)) === operatorClass(baseOf(world, after.type))
  );
}

/** Types that have no default operator class of their own (pg_opclass). */
const borrowed: Readonly<Record<string, string>> = { varchar: "text", cidr: "inet" };

/** What stands for a type's default operator class; those of enums, arrays and ranges are polymorphic, so the type itself. */
function operatorClass({ schema, name, array }: TypeUse): string {
  const own = schema === "pg_catalog" && !array ? (borrowed[name] ?? name) : name;
  return `${schema ?? "?"}.${own}${array ? "[]" : ""}`;
}
