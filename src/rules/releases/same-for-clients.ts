import { byId, type Break, type Relation, type TypeUse, type World } from "../../effects/index.ts";
import { qualifiedName } from "../../catalog/index.ts";
import type { FileInput } from "../rule.ts";

/** True for a change of type that no client notices: between text and varchar, or to a wider one of the same type. */
export function sameForClients({ before, world }: FileInput, one: Break): boolean {
  if (one.how === "constraint-dropped") return !isArbiter(before, one.object);
  if (one.how !== "retyped") return false;
  const found = columnNamed(before, one.object);
  if (found === undefined) return false;
  const after = byId(world, found.table.id)?.columns.find(({ name }) => name === found.column.name);
  return after !== undefined && alike(found.column.type, after.type);
}

const texts = ["text", "varchar"];

function alike(a: TypeUse, b: TypeUse): boolean {
  if (a.array !== b.array) return false;
  const bothText = texts.includes(a.name) && texts.includes(b.name);
  return bothText || (a.name === b.name && a.schema === b.schema);
}

function columnNamed(world: World, object: string) {
  for (const table of world.relations.values()) {
    const prefix = qualifiedName(table.schema, table.name);
    if (!object.startsWith(`${prefix}.`)) continue;
    const column = table.columns.find(
      ({ name }) => qualifiedName(table.schema, table.name, name) === object,
    );
    if (column !== undefined) return { table, column };
  }
  return undefined;
}

/** ON CONFLICT can rest on a primary key, a unique or an exclusion constraint, not on others. */
function isArbiter(world: World, object: string): boolean {
  return [...world.relations.values()].some((table: Relation) =>
    table.constraints.some(
      ({ kind, name }) =>
        (kind === "primary-key" || kind === "unique" || kind === "exclusion") &&
        qualifiedName(table.schema, table.name, name) === object,
    ),
  );
}
