import type { Node, RangeVar } from "@pgsql/types";
import { qualifiedName, type QualifiedName } from "../sql/index.ts";
import { findRelation, relationName, type Relation, searchPathOf } from "../effects/index.ts";
import type { StatementInput } from "./rule.ts";

/** What names are looked up in. */
export type Scope = Pick<StatementInput, "world" | "existing" | "session">;

/** A relation that a statement names. */
export interface Subject {
  /** As it is shown. */
  readonly name: QualifiedName;
  /** Undefined when the catalog does not know it. */
  readonly relation: Relation | undefined;
  /** True when it was there before the file began; also when the catalog is not complete and it may have been. */
  readonly existed: boolean;
}

export function subjectOf(scope: Scope, range: RangeVar): Subject {
  const { world, existing, session } = scope;
  const name = { schema: range.schemaname, name: range.relname ?? "" };
  const relation = findRelation(world, name, searchPathOf(session));
  return {
    name: relation === undefined ? nameAsWritten(name) : relationName(relation),
    relation,
    existed:
      relation === undefined
        ? !world.complete && range.relpersistence !== "t"
        : existing.has(relation.id) && relation.persistence !== "temporary",
  };
}

/** The same for a name given as a list of String nodes, as in DROP. */
export function subjectOfParts(scope: Scope, parts: readonly string[]): Subject {
  const [relname, schemaname] = parts.toReversed();
  return subjectOf(scope, {
    relname: relname!,
    ...(schemaname === undefined ? {} : { schemaname }),
  });
}

/** The texts of a list of String nodes; also of a TypeName's or a single String's. */
export function partsOf(node: Node | undefined): readonly string[] {
  if (node === undefined) return [];
  if ("String" in node) return [node.String.sval ?? ""];
  if ("List" in node) return (node.List.items ?? []).flatMap(partsOf);
  if ("TypeName" in node) return (node.TypeName.names ?? []).flatMap(partsOf);
  if ("ObjectWithArgs" in node) return (node.ObjectWithArgs.objname ?? []).flatMap(partsOf);
  return [];
}

function nameAsWritten(name: {
  readonly schema: string | undefined;
  readonly name: string;
}): QualifiedName {
  return name.schema === undefined
    ? qualifiedName(name.name)
    : qualifiedName(name.schema, name.name);
}
