import type { Print, Prints } from "./prints.ts";

/** True for an object that some migration makes exactly so. */
export type IsMade = (key: string, print: Print) => boolean;

/**
 * In how many objects a database (`after`) differs from what a prefix makes (`before`). What is part of a table that one of
 * them lacks is not counted beside it, but for what a migration outside of the prefix makes exactly so: that is no chance.
 * A table under another name with the same columns is one difference and not two.
 */
export function distance(before: Prints, after: Prints, isMade: IsMade): number {
  const missing: string[] = [];
  const extra: string[] = [];
  let changed = 0;
  for (const [key, print] of before) {
    const other = after.get(key);
    if (other === undefined) {
      if (isCounted(print, after)) missing.push(key);
    } else if (other.hash !== print.hash) changed++;
  }
  for (const [key, print] of after)
    if (!before.has(key) && (isCounted(print, before) || isMade(key, print))) extra.push(key);
  return changed + missing.length + extra.length - renamed(missing, extra, before, after);
}

/** False for a part of a table that the other side does not have at all. */
function isCounted({ table }: Print, other: Prints): boolean {
  return table === undefined || other.has(table);
}

function renamed(
  missing: readonly string[],
  extra: readonly string[],
  before: Prints,
  after: Prints,
): number {
  if (missing.length === 0 || extra.length === 0) return 0;
  const gone = new Map<string, number>();
  for (const key of missing) {
    const shape = shapeOf(key, before);
    if (shape !== undefined) gone.set(shape, (gone.get(shape) ?? 0) + 1);
  }
  let found = 0;
  for (const key of extra) {
    const shape = shapeOf(key, after);
    const left = shape === undefined ? 0 : (gone.get(shape) ?? 0);
    if (left === 0) continue;
    gone.set(shape!, left - 1);
    found++;
  }
  return found;
}

/** By which a table is known under another name: its columns. */
function shapeOf(key: string, prints: Prints): string | undefined {
  if (!key.startsWith("table ")) return undefined;
  const columns: string[] = [];
  for (const [each, { hash, table }] of prints)
    if (table === key && each.startsWith("column ")) columns.push(hash);
  return columns.length === 0 ? undefined : columns.toSorted().join(" ");
}
