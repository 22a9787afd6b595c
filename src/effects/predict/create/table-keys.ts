import type { ColumnDef, Constraint, CreateStmt, Node } from "@pgsql/types";
import { resolveType } from "../../world/index.ts";
import { strings } from "../../world/nodes.ts";
import type { EffectDraft } from "../draft.ts";
import { refuseKeyTypes } from "../key-types.ts";
import { shown } from "../names.ts";

/** PRIMARY KEY, UNIQUE and EXCLUDE of a new table: whether an index can stand behind them. */
export function checkKeys(
  draft: EffectDraft,
  statement: CreateStmt,
  columns: readonly ColumnDef[],
  elements: readonly Node[],
): void {
  checkPartitionKeys(draft, statement, columns, elements);
  const typeOf = (name: string) => {
    const type = columns.find(({ colname }) => colname === name)?.typeName;
    return type === undefined ? undefined : resolveType(type, draft.world, draft.searchPath);
  };
  const keys: readonly Constraint[] = [
    ...columns.flatMap(({ colname = "", constraints }) =>
      keysIn(constraints).map((key) => ({ ...key, keys: [{ String: { sval: colname } }] })),
    ),
    ...keysIn(elements),
  ];
  for (const key of keys) if (refuseKeyTypes(draft, key, typeOf)) return;
}

function keysIn(nodes: readonly Node[] = []): readonly Constraint[] {
  return nodes.flatMap((node) =>
    "Constraint" in node &&
    (isUnique(node) || node.Constraint.contype === "CONSTR_EXCLUSION") &&
    node.Constraint.indexname === undefined
      ? [node.Constraint]
      : [],
  );
}

/** A primary key or unique constraint of a partitioned table must have all columns of the partition key. */
function checkPartitionKeys(
  draft: EffectDraft,
  { partspec }: CreateStmt,
  columns: readonly ColumnDef[],
  elements: readonly Node[],
): void {
  if (partspec === undefined) return;
  const key = (partspec.partParams ?? []).flatMap((node) =>
    "PartitionElem" in node ? (node.PartitionElem.name ?? []) : [],
  );
  const uniques = [
    ...columns.flatMap(({ colname = "", constraints = [] }) =>
      constraints.some(isUnique) ? [[colname]] : [],
    ),
    ...elements
      .filter(isUnique)
      .map((node) => ("Constraint" in node ? strings(node.Constraint.keys) : [])),
  ];
  if (uniques.some((unique) => !key.every((column) => unique.includes(column))))
    draft.fail(
      "always",
      "0A000",
      `unique constraint on partitioned table must include all partitioning columns: ${shown({ name: key.join(", ") })}`,
    );
}

function isUnique(node: Node): boolean {
  return (
    "Constraint" in node &&
    (node.Constraint.contype === "CONSTR_PRIMARY" || node.Constraint.contype === "CONSTR_UNIQUE")
  );
}
