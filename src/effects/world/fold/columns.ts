import { byId, childrenOf } from "../lookup.ts";
import type { ObjectId, Relation, WorldColumn } from "../model.ts";
import { newId } from "../store.ts";
import { change, type FoldContext } from "./context.ts";

export function columnOf(relation: Relation | undefined, name: string): WorldColumn | undefined {
  return relation?.columns.find((column) => column.name === name);
}

/**
 * Adds a column to a relation and, unless `only`, to its children and partitions. A child's own column of that name
 * becomes an inherited one (tablecmds.c, ATExecAddColumn).
 */
export function addColumn(
  context: FoldContext,
  id: ObjectId,
  column: Omit<WorldColumn, "number">,
  recurse = true,
): void {
  const { world } = context;
  const relation = byId(world, id);
  if (relation === undefined) return;
  const existing = columnOf(relation, column.name);
  if (existing === undefined)
    change(world, id, { columns: [...relation.columns, { number: newId(world), ...column }] });
  else if (column.inherited) updateColumn(context, id, column.name, { inherited: true });
  else return;
  if (!recurse) return;
  for (const child of childrenOf(world, id))
    addColumn(context, child.id, { ...column, inherited: true, local: false, grants: [] });
}

/** Changes fields of one column. */
export function updateColumn(
  { world }: FoldContext,
  id: ObjectId,
  name: string,
  fields: Partial<WorldColumn>,
): void {
  const relation = byId(world, id);
  if (columnOf(relation, name) === undefined) return;
  change(world, id, {
    columns: relation!.columns.map((column) =>
      column.name === name ? { ...column, ...fields } : column,
    ),
  });
}

/** A relation and all that inherit from it or are partitions of it, at every level. */
export function withDescendants(
  context: FoldContext,
  id: ObjectId,
  recurse = true,
): readonly ObjectId[] {
  const found = new Set([id]);
  if (recurse)
    for (const next of found)
      for (const child of childrenOf(context.world, next)) found.add(child.id);
  return [...found];
}
