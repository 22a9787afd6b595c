import { LockstepError } from "../errors/index.ts";
import type { Catalog, CatalogPart } from "./model.ts";

/** Every part of a catalog, in the order of the model. */
export const catalogParts: readonly CatalogPart[] = [
  "schemas",
  "extensions",
  "tables",
  "views",
  "materializedViews",
  "sequences",
  "enums",
  "domains",
  "compositeTypes",
  "rangeTypes",
  "routines",
  "aggregates",
  "triggers",
  "policies",
  "rules",
  "statistics",
  "comments",
  "grants",
];

/** The parts that a catalog has. */
export function partsOf(catalog: Partial<Catalog>): readonly CatalogPart[] {
  return catalogParts.filter((part) => catalog[part] !== undefined);
}

/** The parts to compare; both sides must have the same, or the comparison would be silent about some. */
export function comparedParts(
  before: Partial<Catalog>,
  after: Partial<Catalog>,
): readonly CatalogPart[] {
  const [old, now] = [partsOf(before), partsOf(after)];
  if (old.join() === now.join()) return old;
  throw new LockstepError("internal", {
    what: "catalogs with different parts cannot be compared",
    expected: old.join(", "),
    found: now.join(", "),
    why: "one of them was read for another purpose",
    next: ["report this: Lockstep compared what it must not"],
  });
}
