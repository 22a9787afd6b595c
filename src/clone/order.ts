import type { CloneTable } from "./structure.ts";

/** Parents before children, partitions of a parent among them; where foreign keys go round in a circle, some child comes first. */
export function parentsFirst(tables: readonly CloneTable[]): readonly CloneTable[] {
  const byOid = new Map<number, CloneTable[]>();
  for (const table of tables)
    for (const oid of [table.oid, ...table.partOf])
      byOid.set(oid, [...(byOid.get(oid) ?? []), table]);
  const ordered = new Set<CloneTable>();
  const visit = (table: CloneTable, path: ReadonlySet<CloneTable>): void => {
    if (ordered.has(table) || path.has(table)) return;
    for (const { parent } of table.foreignKeys)
      for (const next of byOid.get(parent) ?? []) visit(next, new Set([...path, table]));
    ordered.add(table);
  };
  for (const table of tables) visit(table, new Set());
  return [...ordered];
}
