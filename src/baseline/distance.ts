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
  const pairs = renamedTables(missing, extra, before, after);
  const inside = pairs.map(([from, to]) => partsThatDiffer(from, to, before, after));
  return inside.reduce(
    (sum, each) => sum + each,
    changed + missing.length + extra.length - pairs.length,
  );
}

/** False for a part of a table that the other side does not have at all. */
function isCounted({ table }: Print, other: Prints): boolean {
  return table === undefined || other.has(table);
}

/** Keys of tables that have another name in `after`. */
function renamedTables(
  missing: readonly string[],
  extra: readonly string[],
  before: Prints,
  after: Prints,
): readonly (readonly [string, string])[] {
  if (missing.length === 0 || extra.length === 0) return [];
  const gone = new Map<string, string>();
  for (const key of missing) {
    const shape = shapeOf(key, before);
    if (shape !== undefined) gone.set(shape, key);
  }
  return extra.flatMap((key) => {
    const shape = shapeOf(key, after);
    const from = shape === undefined ? undefined : gone.get(shape);
    if (from === undefined) return [];
    gone.delete(shape!);
    return [[from, key] as const];
  });
}

/** In how many parts a renamed table differs from what it was. */
function partsThatDiffer(from: string, to: string, before: Prints, after: Prints): number {
  const [old, now] = [partsOf(from, before), partsOf(to, after)];
  let amount = 0;
  for (const [name, hash] of old) if (now.get(name) !== hash) amount++;
  for (const name of now.keys()) if (!old.has(name)) amount++;
  return amount;
}

/** Columns, constraints and indexes of a table by their own names. */
function partsOf(table: string, prints: Prints): ReadonlyMap<string, string> {
  const prefix = table.slice("table ".length);
  const parts = new Map<string, string>();
  for (const [key, print] of prints)
    if (print.table === table && !key.startsWith("sequence "))
      parts.set(key.replace(` ${prefix}.`, " "), print.hash);
  return parts;
}

/** By which a table is known under another name: its columns. */
function shapeOf(key: string, prints: Prints): string | undefined {
  if (!key.startsWith("table ")) return undefined;
  const columns: string[] = [];
  for (const [each, { hash, table }] of prints)
    if (table === key && each.startsWith("column ")) columns.push(hash);
  return columns.length === 0 ? undefined : columns.toSorted().join(" ");
}
