import { qualifiedName } from "../../sql/index.ts";
import {
  byId,
  findRelation,
  indexesOf,
  type Break,
  type Relation,
  searchPathOf,
} from "../../effects/index.ts";
import type { CheckedStatement, FileInput } from "../rule.ts";
import { partsOf } from "../subject.ts";

/**
 * Unique indexes of the file's beginning that a statement drops, by themselves or with their constraint, when no other
 * unique index has the same columns at the end: ON CONFLICT on these columns then finds no arbiter
 * (infer_arbiter_indexes, plancat.c).
 */
export function lostArbiters(input: FileInput, at: CheckedStatement): readonly Break[] {
  return droppedIndexes(input, at).flatMap((index) => {
    const table = byId(input.before, index.index!.table);
    const now = byId(input.world, index.index!.table);
    if (table === undefined || now === undefined || !input.existing.has(table.id)) return [];
    const replaced = indexesOf(input.world, table.id).some((one) => sameArbiter(one, index));
    const object = qualifiedName(table.schema, table.name, index.index!.constraint ?? index.name);
    return replaced ? [] : [{ object, how: "constraint-dropped" as const }];
  });
}

function sameArbiter(a: Relation, b: Relation): boolean {
  if (a.index?.unique !== true || !a.index.valid || a.index.predicate !== undefined) return false;
  const [own, other] = [new Set(a.index.columns), new Set(b.index!.columns)];
  return own.size === other.size && [...own].every((column) => other.has(column));
}

function droppedIndexes(input: FileInput, at: CheckedStatement): readonly Relation[] {
  const { kind, node } = at.statement;
  if (kind !== "DropStmt" && kind !== "AlterTableStmt") return [];
  const path = searchPathOf(at.session);
  const candidates: (Relation | undefined)[] = [];
  if ("DropStmt" in node && node.DropStmt.removeType === "OBJECT_INDEX")
    for (const object of node.DropStmt.objects ?? []) {
      const [name = "", schema] = partsOf(object).toReversed();
      candidates.push(findRelation(input.before, { schema, name }, path));
    }
  if ("AlterTableStmt" in node && node.AlterTableStmt.relation !== undefined) {
    const { relation, cmds = [] } = node.AlterTableStmt;
    const name = { schema: relation.schemaname, name: relation.relname ?? "" };
    const dropped = cmds.flatMap((cmd) =>
      "AlterTableCmd" in cmd && cmd.AlterTableCmd.subtype === "AT_DropConstraint"
        ? [cmd.AlterTableCmd.name]
        : [],
    );
    // The catalog before the file is made when it is asked for.
    const table = dropped.length === 0 ? undefined : findRelation(input.before, name, path);
    if (table !== undefined)
      for (const index of indexesOf(input.before, table.id))
        if (index.index?.constraint !== undefined && dropped.includes(index.index.constraint))
          candidates.push(index);
  }
  return candidates.filter(
    (one) => one?.index?.unique === true && one.index.valid && one.index.predicate === undefined,
  ) as Relation[];
}
