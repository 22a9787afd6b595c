import type { Node, RangeVar } from "@pgsql/types";
import { temporarySchema, type Name } from "./lookup.ts";

/** Texts of a list of String nodes: the parts of a dotted name, a list of column names. */
export function strings(list: readonly Node[] | undefined): string[] {
  const found: string[] = [];
  if (list === undefined) return found;
  for (let index = 0; index < list.length; index++) {
    const node = list[index]!;
    if ("String" in node) found.push(node.String.sval ?? "");
    else if ("List" in node) found.push(...strings(node.List.items));
  }
  return found;
}

/** A dotted name: the last part, and the schema before it. A database name before that is left away. */
export function dottedName(parts: readonly string[]): Name {
  const name = parts.at(-1) ?? "";
  const schema = parts.length > 1 ? parts.at(-2) : undefined;
  return { schema, name };
}

export function rangeName(range: RangeVar | undefined): Name {
  const schema = range?.relpersistence === "t" ? temporarySchema : range?.schemaname;
  return { schema, name: range?.relname ?? "" };
}

/** Text of a node that is a plain value: an option's argument. */
export function valueText(node: Node | undefined): string | undefined {
  if (node === undefined) return undefined;
  if ("String" in node) return node.String.sval ?? "";
  if ("Integer" in node) return String(node.Integer.ival ?? 0);
  if ("Float" in node) return node.Float.fval ?? "";
  if ("Boolean" in node) return String(node.Boolean.boolval ?? false);
  if ("TypeName" in node) return strings(node.TypeName.names).at(-1);
  if ("A_Const" in node) return constantText(node);
  return undefined;
}

/** True for NULL, cast or not: as a default it is none (heap.c, AddRelationNewConstraints). */
export function isNull(node: Node | undefined): boolean {
  if (node === undefined) return false;
  if ("TypeCast" in node) return isNull(node.TypeCast.arg);
  return "A_Const" in node && node.A_Const.isnull === true;
}

/** Text of a constant as written; undefined for NULL and for anything that is no constant. */
export function constantText(node: Node | undefined): string | undefined {
  if (node === undefined || !("A_Const" in node)) return undefined;
  const { isnull, ival, fval, sval, bsval, boolval } = node.A_Const;
  if (isnull) return undefined;
  if (sval !== undefined) return sval.sval ?? "";
  if (ival !== undefined) return String(ival.ival ?? 0);
  if (fval !== undefined) return fval.fval ?? "";
  if (bsval !== undefined) return bsval.bsval ?? "";
  if (boolval !== undefined) return String(boolval.boolval ?? false);
  return undefined;
}
