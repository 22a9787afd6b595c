import type { AlterTableCmd } from "@pgsql/types";
import type { Relation } from "../../world/index.ts";
import { resolveType } from "../../world/type-use.ts";
import { containsRow } from "./finish.ts";
import { changeOf, columnOf, refuse, type Plan } from "./plan.ts";

/** ADD, DROP and ALTER ATTRIBUTE of a composite type. */
export function changeComposite(plan: Plan, type: Relation, command: AlterTableCmd): void {
  const change = changeOf(plan, type);
  const { def, name = "" } = command;
  const definition = def !== undefined && "ColumnDef" in def ? def.ColumnDef : undefined;
  if (definition?.typeName !== undefined) {
    const attribute = resolveType(definition.typeName, plan.world, plan.searchPath);
    if (containsRow(plan.world, attribute, type))
      refuse(plan, "42P16", `composite type ${type.name} cannot be made a member of itself`);
    if (attribute.schema === undefined) plan.draft.missing(`type "${attribute.name}"`, "42704");
  }
  const { subtype = "AT_AddColumn" } = command;
  const added = definition?.colname ?? "";
  if (subtype === "AT_DropColumn" && command.missing_ok !== true) columnOf(plan, change, name);
  else if (subtype === "AT_AlterColumnType") {
    if (columnOf(plan, change, name) !== undefined) refuseUsers(plan, type);
  } else if (subtype === "AT_AddColumn" && change.columns.some((column) => column.name === added))
    refuse(plan, "42701", `column "${added}" of relation "${type.name}" already exists`);
}

/** An attribute's type cannot be changed while a stored column has the type (find_composite_type_dependencies). */
function refuseUsers(plan: Plan, type: Relation): void {
  for (const relation of plan.world.relations.values()) {
    if (relation.kind === "composite type" || relation.kind === "view") continue;
    const column = relation.columns.find((candidate) =>
      containsRow(plan.world, candidate.type, type),
    );
    if (column === undefined) continue;
    refuse(
      plan,
      "0A000",
      `cannot alter type "${type.name}" because column "${relation.name}.${column.name}" uses it`,
    );
    return;
  }
}
