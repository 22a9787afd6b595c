import { createHash } from "node:crypto";
import { countingFacets, facetKey, type Counting } from "./comparison.ts";
import type { CompareOptions } from "./difference.ts";
import { expressionKeys, type ExpressionKeys } from "./expression-keys.ts";
import * as facets from "./facets.ts";
import type { Facets } from "./facets.ts";
import type { Catalog, CatalogPart, PartialCatalog, Table } from "./model.ts";
import { partsOf } from "./parts.ts";
import { stableJson } from "./stable-json.ts";

/** Goes into every fingerprint; a new number when the same schema would get another fingerprint. */
const format = "lockstep catalog 1";

/**
 * SHA-256 (64 hexadecimal digits) of everything that `diff` compares: two catalogs with the same parts have
 * the same fingerprint exactly when `diff` finds nothing between them under the same options.
 *
 * It is the same after a dump and restore, in whatever order objects were created, whoever owns them, and on
 * every server major that prints the schema's expressions the same way. Data, statistics, sequences' current
 * values, tablespaces, storage parameters of columns and oids have no part in it.
 */
export async function fingerprint<Part extends CatalogPart>(
  catalog: PartialCatalog<Part>,
  options: CompareOptions = {},
): Promise<string> {
  const view: Projection = {
    keys: await expressionKeys(),
    options,
    counting: countingFacets(options),
  };
  const whole = catalog as unknown as Catalog;
  const hash = createHash("sha256").update(format);
  // A projection reads its own part only, and `partsOf` gives those that the catalog has.
  for (const part of partsOf(whole)) hash.update(`\n${part} ${projections[part](whole, view)}`);
  return hash.digest("hex");
}

interface Projection {
  readonly keys: ExpressionKeys;
  readonly options: CompareOptions;
  readonly counting: Counting;
}

/** Each part as JSON text of what is compared. */
const projections: Readonly<Record<CatalogPart, (catalog: Catalog, view: Projection) => string>> = {
  schemas: ({ schemas }) => stableJson(schemas.map(({ name }) => name)),
  extensions: ({ extensions }, view) => list(extensions, facets.extensionFacets, view),
  tables: ({ tables }, view) => record(tables, (table) => tableKeys(table, view)),
  views: ({ views }, view) => record(views, (item) => keys(item, facets.viewFacets, view)),
  materializedViews: ({ materializedViews }, view) =>
    record(materializedViews, (item) =>
      array([
        keys(item, facets.materializedViewFacets, view),
        list(item.indexes, facets.indexFacets, view),
      ]),
    ),
  sequences: ({ sequences }, view) =>
    record(sequences, (item) => keys(item, facets.sequenceFacets, view)),
  enums: ({ enums }) => record(enums, ({ labels }) => stableJson(labels)),
  domains: ({ domains }, view) => record(domains, (item) => keys(item, facets.domainFacets, view)),
  compositeTypes: ({ compositeTypes }, view) =>
    record(compositeTypes, (item) => keys(item, facets.compositeTypeFacets, view)),
  rangeTypes: ({ rangeTypes }, view) =>
    record(rangeTypes, (item) => keys(item, facets.rangeTypeFacets, view)),
  routines: ({ routines }, view) =>
    record(routines, (item) => keys(item, facets.routineFacets, view)),
  aggregates: ({ aggregates }, view) =>
    record(aggregates, (item) => keys(item, facets.aggregateFacets, view)),
  triggers: ({ triggers }, view) =>
    record(triggers, (item) => keys(item, facets.triggerFacets, view)),
  policies: ({ policies }, view) =>
    record(policies, (item) => keys(item, facets.policyFacets, view)),
  rules: ({ rules }, view) => record(rules, (item) => keys(item, facets.ruleFacets, view)),
  statistics: ({ statistics }, view) =>
    record(statistics, (item) => keys(item, facets.statisticsFacets, view)),
  comments: ({ comments }) => stableJson(comments),
  grants: ({ grants }) => stableJson(grants),
};

function tableKeys(table: Table, view: Projection): string {
  const order = view.options.columnOrder !== false;
  return array([
    keys(table, facets.tableFacets, view),
    list(table.columns, facets.columnFacets, view),
    order ? stableJson(table.columns.map(({ name }) => name)) : "null",
    list(table.constraints, facets.constraintFacets, view),
    list(table.indexes, facets.indexFacets, view),
  ]);
}

/** The keys of an item's facets, in the facets' order. */
function keys<Item>(item: Item, of: Facets<Item>, view: Projection): string {
  return array(view.counting(of).map(([, facet]) => facetKey(facet, item, view.keys)));
}

/** Items with their keys, by name. */
function list<Item extends { readonly name: string }>(
  items: readonly Item[],
  of: Facets<Item>,
  view: Projection,
): string {
  const sorted = items.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return array(sorted.map((item) => `${JSON.stringify(item.name)},${keys(item, of, view)}`));
}

function record<Item>(
  items: Readonly<Record<string, Item>>,
  project: (item: Item) => string,
): string {
  const names = Object.keys(items).sort();
  return array(names.map((name) => `${JSON.stringify(name)},${project(items[name]!)}`));
}

function array(items: readonly string[]): string {
  return `[${items.join(",")}]`;
}
