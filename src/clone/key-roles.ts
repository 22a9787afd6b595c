import type { CloneTable } from "./structure.ts";

/** What one foreign key decides of its table's columns. */
export interface KeyRole {
  /** Its place among the table's foreign keys. */
  readonly key: number;
  /** Columns that keys before it have decided, by the parent's: its own have to belong to the same row of the parent. */
  readonly shared: ReadonlyMap<string, string>;
  /** Columns that it decides itself, with the parent's. */
  readonly own: ReadonlyMap<string, string>;
}

/**
 * In which order the foreign keys of a table decide its columns: those that have parents first, those of most columns before
 * the others. One that shares a column with one before it (a tenant's, for example) follows that one; one that has no column
 * left decides nothing.
 *
 * @param hasParents of each key, in order
 */
export function keyRoles(
  { foreignKeys }: Pick<CloneTable, "foreignKeys">,
  hasParents: readonly boolean[],
): readonly KeyRole[] {
  const order = foreignKeys
    .map((key, index) => ({ key, index }))
    .toSorted(
      (a, b) =>
        Number(hasParents[b.index]) - Number(hasParents[a.index]) ||
        b.key.columns.length - a.key.columns.length,
    );
  const decided = new Set<string>();
  return order.flatMap(({ key, index }) => {
    const pairs = key.columns.map((name, place) => [name, key.parentColumns[place]!] as const);
    const own = pairs.filter(([name]) => !decided.has(name));
    const shared = pairs.filter(([name]) => decided.has(name));
    for (const [name] of own) decided.add(name);
    return own.length === 0
      ? []
      : [{ key: index, shared: new Map(shared), own: new Map(own) } satisfies KeyRole];
  });
}
