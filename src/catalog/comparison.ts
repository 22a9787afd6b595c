import type { CompareOptions, Difference, DifferenceKind } from "./difference.ts";
import type { ExpressionKeys } from "./expression-keys.ts";
import type { Facet, Facets } from "./facets.ts";
import { stableJson } from "./stable-json.ts";

/** What the comparison of two catalogs carries along. */
export interface Comparison {
  readonly keys: ExpressionKeys;
  readonly options: CompareOptions;
  readonly counting: Counting;
  readonly found: Difference[];
  /** Addresses (`goneAddress`) of what only one side has, so that what hangs on it is not reported too. */
  readonly gone: Set<string>;
}

type ByName<Item> = Readonly<Record<string, Item>>;

/** How a part differs from the others in being compared. */
export interface PartHooks<Item> {
  /** Compares further what both sides have. */
  readonly both?: (comparison: Comparison, before: Item, after: Item, object: string) => void;
  /** Facets of an item that follow from a difference already reported. */
  readonly implied?: (item: Item) => ReadonlySet<string>;
  /** Addresses that an item goes with. */
  readonly owners?: (item: Item) => readonly string[];
  /** Addresses that go with an item. */
  readonly owned?: (item: Item) => readonly string[];
}

/** Words of parts whose names share one namespace in Postgres: a relation always has a type of its name. */
const relationWords: ReadonlySet<string> = new Set([
  "table",
  "view",
  "materialized-view",
  "materialized view",
  "enum",
  "domain",
  "composite-type",
  "range-type",
  "type",
]);
const routineWords: ReadonlySet<string> = new Set(["routine", "function", "procedure"]);

/** One address for the different words that differences and comments use for the same kind of object. */
export function goneAddress(word: string, name: string): string {
  if (relationWords.has(word)) return `relation ${name}`;
  if (routineWords.has(word)) return `routine ${name}`;
  return `${word} ${name}`;
}

/** Reports what is missing, extra or changed between the items of one part, by name. */
export function compareItems<Item>(
  comparison: Comparison,
  word: string,
  facets: Facets<Item>,
  before: ByName<Item>,
  after: ByName<Item>,
  hooks: PartHooks<Item> = {},
): void {
  for (const object of unionOfKeys(before, after)) {
    const old = Object.hasOwn(before, object) ? before[object] : undefined;
    const now = Object.hasOwn(after, object) ? after[object] : undefined;
    if (old !== undefined && now !== undefined) {
      compareFacets(comparison, object, facets, old, now, hooks.implied?.(old));
      hooks.both?.(comparison, old, now, object);
    } else if (old !== undefined) {
      reportOne(comparison, `missing-${word}`, word, object, old, hooks);
    } else if (now !== undefined) {
      reportOne(comparison, `extra-${word}`, word, object, now, hooks);
    }
  }
}

function reportOne<Item>(
  comparison: Comparison,
  kind: string,
  word: string,
  object: string,
  item: Item,
  hooks: PartHooks<Item>,
): void {
  const { gone } = comparison;
  gone.add(goneAddress(word, object));
  for (const address of hooks.owned?.(item) ?? []) gone.add(address);
  if (hooks.owners?.(item).some((owner) => gone.has(owner)) === true) return;
  const missing = kind.startsWith("missing");
  report(comparison, kind, object, missing ? item : null, missing ? null : item);
}

/** Reports each facet that differs, but for those in `implied`. */
export function compareFacets<Item>(
  comparison: Comparison,
  object: string,
  facets: Facets<Item>,
  before: Item,
  after: Item,
  implied: ReadonlySet<string> = nothing,
): void {
  for (const [kind, facet] of comparison.counting(facets)) {
    if (implied.has(kind) || facet.value(before) === facet.value(after)) continue;
    if (facetKey(facet, before, comparison.keys) !== facetKey(facet, after, comparison.keys))
      report(comparison, kind, object, facet.value(before), facet.value(after));
  }
}

const nothing: ReadonlySet<string> = new Set();

/** The text by which a facet of an item is compared. */
export function facetKey<Item>(facet: Facet<Item>, item: Item, keys: ExpressionKeys): string {
  return stableJson(facet.key === undefined ? facet.value(item) : facet.key(item, keys));
}

/** The facets that count, by kind. */
export type Counting = <Item>(facets: Facets<Item>) => readonly [string, Facet<Item>][];

/** Finds the facets that count under the options, once for each set of facets. */
export function countingFacets({ notNullNames = false }: CompareOptions): Counting {
  const known = new Map<unknown, readonly [string, Facet<never>][]>();
  return <Item>(facets: Facets<Item>) => {
    let counting = known.get(facets) as readonly [string, Facet<Item>][] | undefined;
    if (counting === undefined) {
      counting = Object.entries(facets).filter(
        ([kind]) => notNullNames || kind !== "not-null-name-changed",
      );
      known.set(facets, counting);
    }
    return counting;
  };
}

/** Adds a difference. The caller answers for kind and values belonging together. */
export function report(
  comparison: Comparison,
  kind: string,
  object: string,
  before: unknown,
  after: unknown,
): void {
  const difference = { kind: kind as DifferenceKind, object, before, after };
  comparison.found.push(difference as Difference);
}

function unionOfKeys(before: ByName<unknown>, after: ByName<unknown>): readonly string[] {
  const names = Object.keys(before);
  const extra = Object.keys(after).filter((name) => !Object.hasOwn(before, name));
  return extra.length === 0 ? names : [...names, ...extra].sort();
}
