import type { Node } from "@pgsql/types";
import { findType } from "../lookup.ts";
import type { TypeUse, World } from "../model.ts";
import { isNull } from "../nodes.ts";

/** The default that a column has: NULL is none, but for a domain, whose own it stands before (heap.c, AddRelationNewConstraints). */
export function keptDefault(
  expression: Node | undefined,
  { schema, name, array }: TypeUse,
  world: World,
): Node | undefined {
  if (!isNull(expression)) return expression;
  const isDomain = !array && findType(world, { schema, name })?.domain !== undefined;
  return isDomain ? expression : undefined;
}
