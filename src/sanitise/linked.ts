import type { Structure } from "../clone/index.ts";

/** A column by its table's oid and its name. */
export type ColumnId = string;

export function columnId(table: number, column: string): ColumnId {
  return `${table} ${column}`;
}

/** Columns that hold the same values: a key and all that refers to it, a partitioned table's and its partitions'. */
export interface LinkedColumns {
  readonly members: readonly ColumnId[];
  /** Those of them that refer to another one. */
  readonly referring: ReadonlySet<ColumnId>;
}

/** Puts each column of the tables into the one group that it belongs to. */
export function linkedColumns({
  tables,
}: Pick<Structure, "tables">): ReadonlyMap<ColumnId, LinkedColumns> {
  const groups = new Map<ColumnId, Set<ColumnId>>();
  const groupOf = (id: ColumnId): Set<ColumnId> => {
    const found = groups.get(id) ?? new Set([id]);
    groups.set(id, found);
    return found;
  };
  const link = (one: ColumnId, other: ColumnId) => {
    const [into, from] = [groupOf(one), groupOf(other)];
    if (into === from) return;
    for (const id of from) {
      into.add(id);
      groups.set(id, into);
    }
  };
  const referring = new Set<ColumnId>();
  for (const { oid, columns, partOf, foreignKeys } of tables) {
    for (const { name } of columns) {
      groupOf(columnId(oid, name));
      for (const whole of partOf) link(columnId(whole, name), columnId(oid, name));
    }
    for (const key of foreignKeys)
      for (const [place, name] of key.columns.entries()) {
        const [own, parent] = [
          columnId(oid, name),
          columnId(key.parent, key.parentColumns[place]!),
        ];
        if (own === parent) continue;
        referring.add(own);
        link(parent, own);
      }
  }
  const made = new Map<Set<ColumnId>, LinkedColumns>();
  const linked = new Map<ColumnId, LinkedColumns>();
  for (const { oid, columns } of tables)
    for (const { name } of columns) {
      const group = groupOf(columnId(oid, name));
      const known = made.get(group) ?? {
        members: [...group],
        referring: new Set([...group].filter((id) => referring.has(id))),
      };
      made.set(group, known);
      linked.set(columnId(oid, name), known);
    }
  return linked;
}
