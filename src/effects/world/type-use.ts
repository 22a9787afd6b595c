import type { Node, TypeName } from "@pgsql/types";
import { builtinFacts } from "./builtin/facts.ts";
import { byId, defaultSearchPath, findRelation, findType } from "./lookup.ts";
import type { Relation, TypeUse, World } from "./model.ts";
import { constantText, dottedName, strings } from "./nodes.ts";

/** Types that CREATE TABLE turns into an integer with a sequence (parse_utilcmd.c, transformColumnDefinition). */
export const serialTypes: Readonly<Record<string, "int2" | "int4" | "int8">> = {
  smallserial: "int2",
  serial2: "int2",
  serial: "int4",
  serial4: "int4",
  bigserial: "int8",
  serial8: "int8",
};

/**
 * What a type name in SQL means. Types of the world come before built-in ones only where the search path says so: an
 * unqualified name of a built-in type is that type (pg_catalog is searched first, manual 5.10.5). Schema is undefined
 * when neither the world nor Postgres itself has the type. Modifiers are as written, completed as Postgres completes
 * them (`numeric(10)` is [10, 0]).
 */
export function resolveType(
  typeName: TypeName | undefined,
  world: World,
  searchPath: readonly string[] = defaultSearchPath,
): TypeUse {
  const written = strings(typeName?.names);
  const array = (typeName?.arrayBounds?.length ?? 0) > 0;
  if (typeName?.pct_type === true) return columnType(written, world, searchPath, array);
  const name = dottedName(written);
  const serial = name.schema === undefined ? serialTypes[name.name] : undefined;
  if (serial !== undefined) return builtinType(serial, [], array);
  const found = resolveName(name, world, searchPath);
  const typmods = typeName?.typmods;
  if (!array && typmods === undefined) return found;
  const modifiers = writtenModifiers(typmods);
  return {
    ...found,
    array: array || found.array,
    modifiers: found.schema === "pg_catalog" ? complete(found.name, modifiers) : modifiers,
  };
}

/** A built-in type. */
export function builtinType(
  name: string,
  modifiers: readonly number[] = [],
  array = false,
): TypeUse {
  return { schema: "pg_catalog", name, modifiers, array };
}

/** True for the same type with the same modifiers; false when either is not known. */
export function sameType(a: TypeUse, b: TypeUse): boolean {
  return (
    a.schema !== undefined &&
    a.schema === b.schema &&
    a.name === b.name &&
    a.array === b.array &&
    a.modifiers.length === b.modifiers.length &&
    a.modifiers.every((modifier, index) => modifier === b.modifiers[index])
  );
}

function resolveName(
  name: { readonly schema?: string | undefined; readonly name: string },
  world: World,
  searchPath: readonly string[],
): TypeUse {
  const { schema } = name;
  if (schema === undefined || schema === "pg_catalog") {
    if (builtinFacts(world.major).types.has(name.name)) return builtinType(name.name);
    // `_int4` is the array type of int4 (makeArrayTypeName, pg_type.c).
    const element = name.name.slice(1);
    if (name.name.startsWith("_") && builtinFacts(world.major).types.has(element))
      return builtinType(element, [], true);
  }
  const found = findType(world, name, searchPath) ?? findRelation(world, name, searchPath);
  if (found !== undefined)
    return { schema: found.schema, name: found.name, modifiers: [], array: false };
  return {
    schema: world.complete ? undefined : schema,
    name: name.name,
    modifiers: [],
    array: false,
  };
}

/** `table.column%TYPE`. */
function columnType(
  written: readonly string[],
  world: World,
  searchPath: readonly string[],
  array: boolean,
): TypeUse {
  const table = findRelation(world, dottedName(written.slice(0, -1)), searchPath);
  const column = table?.columns.find((candidate) => candidate.name === written.at(-1));
  if (column === undefined) return { schema: undefined, name: "", modifiers: [], array };
  return { ...column.type, array: array || column.type.array };
}

function writtenModifiers(typmods: readonly Node[] | undefined): readonly number[] {
  return (typmods ?? []).flatMap((node) => {
    const text = constantText(node);
    return text === undefined || Number.isNaN(Number(text)) ? [] : [Number(text)];
  });
}

function complete(type: string, modifiers: readonly number[]): readonly number[] {
  if (type === "numeric" && modifiers.length === 1) return [modifiers[0]!, 0];
  // `interval` without fields is parsed with all of them (timestamp.h, INTERVAL_FULL_RANGE).
  if (type === "interval" && modifiers.length === 1 && modifiers[0] === 0x7fff) return [];
  return modifiers;
}

/** The relation whose row type this is; undefined for any other type. */
export function rowRelation(world: World, type: TypeUse): Relation | undefined {
  if (type.schema === undefined || type.array) return undefined;
  const relation = findRelation(world, { schema: type.schema, name: type.name });
  return relation === undefined ? undefined : byId(world, relation.id);
}
