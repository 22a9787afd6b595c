import type { Node, RangeVar } from "@pgsql/types";
import { qualifiedName } from "../../sql/index.ts";
import type { RelationKind, RelationRole } from "../effect.ts";
import type { Name, Relation } from "../world/index.ts";
import { dottedName, rangeName, strings } from "../world/nodes.ts";
import type { EffectDraft } from "./draft.ts";

/** A name as messages of the server have it. */
export function shown({ schema, name }: Name): string {
  return schema === undefined ? `"${name}"` : `"${qualifiedName(schema, name)}"`;
}

/** True for relations of Postgres itself, which a world does not list: names that begin with `pg_` are its own. */
export function isSystemName({ schema, name }: Name): boolean {
  if (schema === undefined) return name.startsWith("pg_");
  return schema === "pg_catalog" || schema === "information_schema" || schema === "pg_toast";
}

/** The relation that a statement names; undefined, with the failure noted, when it is not there. */
export function target(draft: EffectDraft, range: RangeVar | undefined): Relation | undefined {
  return named(draft, rangeName(range));
}

/** As `target`, by a dotted name. */
export function named(draft: EffectDraft, name: Name): Relation | undefined {
  const relation = draft.find(name);
  if (relation === undefined && !isSystemName(name))
    draft.missing(`relation ${shown(name)}`, "42P01");
  return relation;
}

/** The name in a `List` of `String`s, as DROP and COMMENT hold it. */
export function listName(node: Node | undefined): Name {
  if (node === undefined) return { name: "" };
  if ("List" in node) return dottedName(strings(node.List.items));
  if ("TypeName" in node) return dottedName(strings(node.TypeName.names));
  if ("String" in node) return { name: node.String.sval ?? "" };
  if ("ObjectWithArgs" in node) return dottedName(strings(node.ObjectWithArgs.objname));
  return { name: "" };
}

/** What a partition is to its table. */
export function partitionRole({ partitionOf }: Relation): RelationRole {
  return partitionOf?.isDefault === true ? "default-partition" : "partition";
}

export const tableKinds: readonly RelationKind[] = ["table", "partitioned table", "foreign table"];

export function isTable(relation: Relation): boolean {
  return tableKinds.includes(relation.kind);
}
