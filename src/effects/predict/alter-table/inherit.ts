import type { AlterTableCmd } from "@pgsql/types";
import type { Relation, TypeUse } from "../../world/index.ts";
import { findRelation } from "../../world/index.ts";
import { dottedName, strings } from "../../world/nodes.ts";
import { resolveType, sameType } from "../../world/type-use.ts";
import { target } from "../names.ts";
import { changeOf, descendantsOf, refuse, type Plan, type TableChange } from "./plan.ts";

/** INHERIT (tablecmds.c, ATExecAddInherit). */
export function addInherit(plan: Plan, relation: Relation, { def }: AlterTableCmd): void {
  if (def === undefined || !("RangeVar" in def)) return;
  const { draft, world } = plan;
  if (relation.partitionOf !== undefined) {
    refuse(plan, "42809", "cannot change inheritance of a partition");
    return;
  }
  const parent = target(draft, def.RangeVar);
  if (parent === undefined) return;
  draft.lock(parent, "ShareUpdateExclusive", "inheritance-parent");
  const own = changeOf(plan, relation);
  const below = descendantsOf(world, relation);
  for (const child of below) draft.lock(child, "AccessShare", "child");
  if (
    parent.kind !== "table" &&
    parent.kind !== "partitioned table" &&
    parent.kind !== "foreign table"
  )
    refuse(plan, "42809", `ALTER action INHERIT cannot be performed on relation "${parent.name}"`);
  else if (parent.kind === "partitioned table" || parent.partitionOf !== undefined)
    refuse(plan, "42809", `cannot inherit from partitioned table or partition "${parent.name}"`);
  else if (own.parents.includes(parent.id))
    refuse(plan, "42P07", `relation "${parent.name}" would be inherited from more than once`);
  else if (parent.id === relation.id || below.some(({ id }) => id === parent.id))
    refuse(plan, "42P07", "circular inheritance not allowed");
  else refuseDifferentShape(plan, parent, { ...relation, ...shapeOf(own) }, "child");
  own.parents = [...own.parents, parent.id];
}

/** A table as the subcommands before have left it. */
function shapeOf({ columns, constraints }: TableChange): Pick<Relation, "columns" | "constraints"> {
  return { columns, constraints };
}

/** NO INHERIT (tablecmds.c, ATExecDropInherit). */
export function dropInherit(plan: Plan, relation: Relation, { def }: AlterTableCmd): void {
  if (def === undefined || !("RangeVar" in def)) return;
  if (relation.partitionOf !== undefined) {
    refuse(plan, "42809", "cannot change inheritance of a partition");
    return;
  }
  const parent = target(plan.draft, def.RangeVar);
  if (parent === undefined) return;
  plan.draft.lock(parent, "AccessShare", "inheritance-parent");
  const own = changeOf(plan, relation);
  if (!own.parents.includes(parent.id))
    refuse(
      plan,
      "42P01",
      `relation "${parent.name}" is not a parent of relation "${relation.name}"`,
    );
  own.parents = own.parents.filter((id) => id !== parent.id);
}

/** A child must have the columns and CHECKs of its parent (MergeAttributesIntoExisting, MergeConstraintsIntoExisting). */
export function refuseDifferentShape(
  plan: Plan,
  parent: Relation,
  child: Relation,
  as: "child" | "partition",
): void {
  for (const column of parent.columns) {
    const own = child.columns.find(({ name }) => name === column.name);
    if (own === undefined) refuse(plan, "42804", `child table is missing column "${column.name}"`);
    else if (column.typeKnown && own.typeKnown && !sameType(column.type, own.type))
      refuse(
        plan,
        "42804",
        `child table "${child.name}" has different type for column "${column.name}"`,
      );
    else if (column.notNull && !own.notNull && !isFreeOfNull(parent, column.name))
      refuse(plan, "42804", `column "${column.name}" in child table must be marked NOT NULL`);
    if (plan.draft.fails) return;
  }
  const extra = child.columns.find(
    ({ name }) => !parent.columns.some((column) => column.name === name),
  );
  if (as === "partition" && extra !== undefined)
    refuse(
      plan,
      "42804",
      `table "${child.name}" contains column "${extra.name}" not found in parent "${parent.name}"`,
    );
  for (const constraint of parent.constraints) {
    if (constraint.kind !== "check" || constraint.noInherit) continue;
    if (!child.constraints.some(({ kind, name }) => kind === "check" && name === constraint.name))
      refuse(plan, "42804", `child table is missing constraint "${constraint.name}"`);
  }
}

/** A NOT NULL that children do not have to share. */
function isFreeOfNull(parent: Relation, column: string): boolean {
  return parent.constraints.some(
    (constraint) =>
      constraint.kind === "not-null" && constraint.column === column && constraint.noInherit,
  );
}

/** OF type (tablecmds.c, ATExecAddOf). */
export function addOf(plan: Plan, relation: Relation, { def }: AlterTableCmd): void {
  if (def === undefined || !("TypeName" in def)) return;
  const { draft, world, searchPath } = plan;
  const name = dottedName(strings(def.TypeName.names));
  const type = findRelation(world, name, searchPath);
  if (type === undefined || resolveType(def.TypeName, world, searchPath).schema === undefined) {
    draft.missing(`type "${name.name}"`, "42704");
    return;
  }
  draft.lock(type, "AccessShare", "read");
  for (const [at, column] of type.columns.entries()) {
    const own = relation.columns[at];
    const hasName = own?.name === column.name;
    if (!hasName || !sameOrUnknown(own.type, column.type)) {
      const found = own === undefined ? "no such column" : `column "${own.name}"`;
      refuse(plan, "42804", `table has ${found} where type requires "${column.name}"`);
      return;
    }
  }
  const extra = relation.columns[type.columns.length];
  if (extra !== undefined) refuse(plan, "42804", `table has extra column "${extra.name}"`);
}

function sameOrUnknown(a: TypeUse, b: TypeUse): boolean {
  return a.schema === undefined || b.schema === undefined || sameType(a, b);
}
