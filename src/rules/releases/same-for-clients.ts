import { byId, type Break, type TypeUse } from "../../effects/index.ts";
import { qualifiedName } from "../../sql/index.ts";
import type { FileInput } from "../rule.ts";

/** True for a change of type that no client notices: between text and varchar, or within one type. */
export function sameForClients({ before, world }: FileInput, one: Break): boolean {
  if (one.how !== "retyped") return false;
  for (const table of before.relations.values()) {
    if (!one.object.startsWith(`${qualifiedName(table.schema, table.name)}.`)) continue;
    const column = table.columns.find(
      ({ name }) => qualifiedName(table.schema, table.name, name) === one.object,
    );
    const after = byId(world, table.id)?.columns.find(({ name }) => name === column?.name);
    if (column !== undefined && after !== undefined) return alike(column.type, after.type);
  }
  return false;
}

const texts = ["text", "varchar"];

function alike(a: TypeUse, b: TypeUse): boolean {
  if (a.array !== b.array) return false;
  const bothText = texts.includes(a.name) && texts.includes(b.name);
  return bothText || (a.name === b.name && a.schema === b.schema);
}
