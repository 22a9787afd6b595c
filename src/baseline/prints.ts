import { createHash } from "node:crypto";
import { thingsOf, type Thing } from "../agreement/index.ts";
import { catalogParts, type CatalogPart, type PartialCatalog } from "../catalog/index.ts";

/** What is compared: all but comments and grants. */
export const printedParts = catalogParts.filter(
  (part): part is Exclude<CatalogPart, "comments" | "grants"> =>
    part !== "comments" && part !== "grants",
);

export type PrintedCatalog = PartialCatalog<(typeof printedParts)[number]>;

/**
 * A catalog as a print of each object, by key: two objects of one key are the same when their prints are. What is part of a
 * table has a print of its own. Comments, grants and the order of columns have no part in it.
 */
export type Prints = ReadonlyMap<string, Print>;

export interface Print {
  /** Of all that counts in the object. */
  readonly hash: string;
  /** Key of the table that it comes and goes with. */
  readonly table: string | undefined;
}

/** What one migration did to the prints; null for an object that it took away. */
export type Change = readonly [key: string, print: Print | null];

export function printsOf(catalog: PrintedCatalog): Prints {
  const prints = new Map<string, Print>();
  for (const [key, thing] of thingsOf(catalog))
    prints.set(key, {
      hash: createHash("sha256")
        .update(JSON.stringify(itemOf(thing)))
        .digest("base64")
        .slice(0, 16),
      table: tableOf(thing),
    });
  return prints;
}

/** What of an object counts: a table without its parts, a column without its place, an index and a trigger without
 * their table's name. */
function itemOf({ word, item }: Thing): unknown {
  const own = item as Readonly<Record<string, unknown>>;
  if (word === "table") {
    const { columns: _, constraints: __, indexes: ___, name: ____, ...rest } = own;
    return rest;
  }
  if (word === "column") {
    const { position: _, notNull, ...rest } = own;
    const { name: __, ...state } = (notNull ?? {}) as { readonly name?: string };
    return { ...rest, notNull: state };
  }
  if (word === "index") {
    const { definition: _, ...rest } = own;
    return rest;
  }
  if (word === "trigger") {
    // Its table is part of the key, and of the definition the only name that a rename changes.
    const { table, definition, ...rest } = own as { table: string; definition: string };
    return { ...rest, definition: definition.replace(` ON ${table} `, " ON ") };
  }
  if (word === "materialized-view") {
    const { indexes: _, ...rest } = own;
    return rest;
  }
  return item;
}

function tableOf({ word, table, item }: Thing): string | undefined {
  if (table !== undefined) return `table ${table}`;
  if (word !== "sequence") return undefined;
  const { ownedBy } = item as { readonly ownedBy: { readonly table: string } | null };
  return ownedBy === null ? undefined : `table ${ownedBy.table}`;
}

/** What has to be done to `before` to have `after`. */
export function changesBetween(before: Prints, after: Prints): readonly Change[] {
  const changes: Change[] = [];
  for (const key of before.keys()) if (!after.has(key)) changes.push([key, null]);
  for (const [key, print] of after)
    if (before.get(key)?.hash !== print.hash) changes.push([key, print]);
  return changes;
}

export function withChanges(prints: Prints, changes: readonly Change[]): Map<string, Print> {
  const changed = new Map(prints);
  for (const [key, print] of changes)
    if (print === null) changed.delete(key);
    else changed.set(key, print);
  return changed;
}
