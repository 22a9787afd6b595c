import type { Node } from "@pgsql/types";
import { findType } from "../lookup.ts";
import type { TypeUse } from "../model.ts";
import { isNull } from "../nodes.ts";
import { withSequences } from "../sequence-calls.ts";
import { resolveType, sameType } from "../type-use.ts";
import type { FoldContext } from "./context.ts";

/**
 * The default that a column has. A NULL is none (heap.c, AddRelationNewConstraints), unless something is done to it: it
 * becomes a domain's value, whose own default it stands before, gets a length, or is cast from another type.
 */
export function keptDefault(
  expression: Node | undefined,
  type: TypeUse,
  { world, searchPath }: FoldContext,
): Node | undefined {
  if (!isNull(expression)) return withSequences(expression, world, searchPath);
  const isDomain = !type.array && findType(world, type)?.domain !== undefined;
  // The input function of an interval sees to its fields (parse_coerce.c, coerce_type).
  const hasLength = type.modifiers.length > 0 && (type.name !== "interval" || type.array);
  return isDomain || hasLength || isCast(expression, type, { world, searchPath })
    ? expression
    : undefined;
}

function isCast(
  expression: Node | undefined,
  type: TypeUse,
  { world, searchPath }: FoldContext,
): boolean {
  if (expression === undefined || !("TypeCast" in expression)) return false;
  const written = resolveType(expression.TypeCast.typeName, world, searchPath);
  return !sameType({ ...written, modifiers: [] }, { ...type, modifiers: [] });
}
