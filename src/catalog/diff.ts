import {
  compareItems,
  countingFacets,
  goneAddress,
  report,
  type Comparison,
} from "./comparison.ts";
import { comparedParts } from "./parts.ts";
import { commonInOrder, diffIndexes, diffTable, tableIndexes } from "./diff-table.ts";
import type { CompareOptions, Difference } from "./difference.ts";
import { expressionKeys } from "./expression-keys.ts";
import * as facets from "./facets.ts";
import type { Catalog, CatalogPart, EnumType, PartialCatalog, Sequence } from "./model.ts";
import { namePart } from "./names.ts";
import { stableJson } from "./stable-json.ts";

/**
 * How `after` differs from `before`, in a fixed order: by part, then by name. Empty exactly when both have
 * the same fingerprint under the same options. The server's major is not a difference.
 *
 * An object that only one side has is reported once; what hangs on it (columns, indexes, triggers, owned
 * sequences, comments, grants) is not reported again. Nothing is taken for a rename: the old name is
 * missing, the new one extra.
 *
 * @throws LockstepError `internal` when the catalogs were read with different parts
 */
export async function diff<Part extends CatalogPart>(
  before: PartialCatalog<Part>,
  after: PartialCatalog<Part>,
  options: CompareOptions = {},
): Promise<readonly Difference[]> {
  const comparison: Comparison = {
    keys: await expressionKeys(),
    options,
    counting: countingFacets(options),
    found: [],
    gone: new Set(),
  };
  // A comparer reads its own part only, and `comparedParts` gives those that both have.
  const [a, b] = [before as Catalog, after as Catalog];
  for (const part of comparedParts(a, b)) comparers[part](comparison, a, b);
  return comparison.found;
}

type Comparer = (comparison: Comparison, before: Catalog, after: Catalog) => void;

/** One comparison a part, in the model's order: what hangs on an object comes after it. */
const comparers: Readonly<Record<CatalogPart, Comparer>> = {
  schemas: (c, a, b) => compareItems(c, "schema", {}, byName(a.schemas), byName(b.schemas)),
  extensions: (c, a, b) =>
    compareItems(
      c,
      "extension",
      facets.extensionFacets,
      byName(a.extensions),
      byName(b.extensions),
    ),
  tables: (c, a, b) =>
    compareItems(c, "table", facets.tableFacets, a.tables, b.tables, {
      both: diffTable,
      owned: tableIndexes,
    }),
  views: (c, a, b) => compareItems(c, "view", facets.viewFacets, a.views, b.views),
  materializedViews: (c, a, b) =>
    compareItems(
      c,
      "materialized-view",
      facets.materializedViewFacets,
      a.materializedViews,
      b.materializedViews,
      { both: (comparison, old, now) => diffIndexes(comparison, old, now), owned: tableIndexes },
    ),
  sequences: (c, a, b) =>
    compareItems(c, "sequence", facets.sequenceFacets, a.sequences, b.sequences, {
      owners: sequenceOwners,
    }),
  enums: (c, a, b) => compareItems(c, "enum", {}, a.enums, b.enums, { both: diffEnum }),
  domains: (c, a, b) => compareItems(c, "domain", facets.domainFacets, a.domains, b.domains),
  compositeTypes: (c, a, b) =>
    compareItems(
      c,
      "composite-type",
      facets.compositeTypeFacets,
      a.compositeTypes,
      b.compositeTypes,
    ),
  rangeTypes: (c, a, b) =>
    compareItems(c, "range-type", facets.rangeTypeFacets, a.rangeTypes, b.rangeTypes),
  routines: (c, a, b) => compareItems(c, "routine", facets.routineFacets, a.routines, b.routines),
  aggregates: (c, a, b) =>
    compareItems(c, "aggregate", facets.aggregateFacets, a.aggregates, b.aggregates),
  triggers: (c, a, b) =>
    compareItems(c, "trigger", facets.triggerFacets, a.triggers, b.triggers, withTable),
  policies: (c, a, b) =>
    compareItems(c, "policy", facets.policyFacets, a.policies, b.policies, withTable),
  rules: (c, a, b) => compareItems(c, "rule", facets.ruleFacets, a.rules, b.rules, withTable),
  statistics: (c, a, b) =>
    compareItems(c, "statistics", facets.statisticsFacets, a.statistics, b.statistics, withTable),
  comments: (c, a, b) => diffNotes(c, "comment-changed", a.comments, b.comments),
  grants: (c, a, b) => diffNotes(c, "grants-changed", a.grants, b.grants),
};

const withTable = {
  owners: ({ table }: { readonly table: string }) => [goneAddress("table", table)],
};

function sequenceOwners({ ownedBy }: Sequence): readonly string[] {
  if (ownedBy === null) return [];
  const column = `${ownedBy.table}.${namePart(ownedBy.column)}`;
  return [goneAddress("table", ownedBy.table), goneAddress("column", column)];
}

function diffEnum(comparison: Comparison, before: EnumType, after: EnumType, object: string): void {
  const [old, now] = [new Set(before.labels), new Set(after.labels)];
  for (const label of before.labels)
    if (!now.has(label)) report(comparison, "missing-enum-value", object, label, null);
  for (const label of after.labels)
    if (!old.has(label)) report(comparison, "extra-enum-value", object, null, label);
  const order = commonInOrder(before.labels, after.labels);
  if (order !== undefined)
    report(comparison, "enum-order-changed", object, order.before, order.after);
}

/** Compares comments or grants, but for those of objects that only one side has. */
function diffNotes(
  comparison: Comparison,
  kind: "comment-changed" | "grants-changed",
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): void {
  for (const address of new Set([...Object.keys(before), ...Object.keys(after)].sort())) {
    const old = before[address] ?? null;
    const now = after[address] ?? null;
    if (stableJson(old) !== stableJson(now) && !wentAway(address, comparison.gone))
      report(comparison, kind, address, old, now);
  }
}

/** Whether an address, or the relation it belongs to, is only on one side. */
function wentAway(address: string, gone: ReadonlySet<string>): boolean {
  if (gone.size === 0) return false;
  const word = address.startsWith("materialized view ")
    ? "materialized view"
    : address.slice(0, address.indexOf(" "));
  const name = address.slice(word.length + 1);
  if (gone.has(goneAddress(word, name))) return true;
  for (let dot = name.indexOf("."); dot !== -1; dot = name.indexOf(".", dot + 1))
    if (gone.has(goneAddress("table", name.slice(0, dot)))) return true;
  return false;
}

function byName<Item extends { readonly name: string }>(
  items: readonly Item[],
): Readonly<Record<string, Item>> {
  return Object.fromEntries(items.map((item) => [namePart(item.name), item]));
}
