import { compareItems, goneAddress, report, type Comparison } from "./comparison.ts";
import { columnFacets, constraintFacets, indexFacets } from "./facets.ts";
import type { MaterializedView, Table } from "./model.ts";
import type { Constraint } from "./model-constraints.ts";
import type { Index } from "./model-indexes.ts";
import { qualifiedName } from "./names.ts";
import { stableJson } from "./stable-json.ts";

type Named = { readonly name: string };

const nothing: ReadonlySet<string> = new Set();

/** Facets that change with a table's place in an inheritance or partition tree. */
const inheritanceFacets: ReadonlySet<string> = new Set([
  "column-inheritance-changed",
  "constraint-inheritance-changed",
  "index-inheritance-changed",
]);

/** Compares columns, constraints and indexes of a table that both sides have. */
export function diffTable(comparison: Comparison, before: Table, after: Table): void {
  const place = ({ inherits, partitionOf }: Table) => [inherits, partitionOf?.table];
  const moved = stableJson(place(before)) !== stableJson(place(after));
  const implied = () => (moved ? inheritanceFacets : nothing);
  const nameIn = (name: string) => qualifiedName(before.schema, before.name, name);
  compareItems(
    comparison,
    "column",
    columnFacets,
    keyed(before.columns, nameIn),
    keyed(after.columns, nameIn),
    { implied },
  );
  diffOrder(comparison, before, after);
  const alreadyFound = comparison.found.length;
  compareItems(
    comparison,
    "constraint",
    constraintFacets,
    keyed(before.constraints, nameIn),
    keyed(after.constraints, nameIn),
    { implied, owned: (constraint) => constraintIndex(before.schema, constraint) },
  );
  const changed = new Set(
    comparison.found
      .slice(alreadyFound)
      .flatMap(({ kind, object }) => (kind === "constraint-changed" ? [object] : [])),
  );
  diffIndexes(comparison, before, after, ({ constraint }) => [
    ...implied(),
    ...(constraint !== null && changed.has(nameIn(constraint)) ? ["index-changed"] : []),
  ]);
}

/**
 * Compares indexes; one that came, went or changed with its constraint is not reported beside it.
 * @param implied facets that follow from differences already reported
 */
export function diffIndexes(
  comparison: Comparison,
  before: Table | MaterializedView,
  after: Table | MaterializedView,
  implied: (index: Index) => readonly string[] = () => [],
): void {
  const nameOf = (name: string) => qualifiedName(before.schema, name);
  compareItems(
    comparison,
    "index",
    indexFacets,
    keyed(before.indexes, nameOf),
    keyed(after.indexes, nameOf),
    {
      implied: (index) => new Set(implied(index)),
      owners: ({ constraint }) =>
        constraint === null
          ? []
          : [goneAddress("constraint", qualifiedName(before.schema, before.name, constraint))],
    },
  );
}

/** Addresses of the indexes that come and go with a table. */
export function tableIndexes({ schema, indexes }: Table | MaterializedView): readonly string[] {
  return indexes.map(({ name }) => goneAddress("index", qualifiedName(schema, name)));
}

function constraintIndex(schema: string, constraint: Constraint): readonly string[] {
  return "index" in constraint
    ? [goneAddress("index", qualifiedName(schema, constraint.index))]
    : [];
}

/** The order of columns that both sides have; a column that only one has is reported as such. */
function diffOrder(comparison: Comparison, before: Table, after: Table): void {
  if (comparison.options.columnOrder === false) return;
  const common = commonInOrder(
    before.columns.map(({ name }) => name),
    after.columns.map(({ name }) => name),
  );
  if (common !== undefined)
    report(
      comparison,
      "column-order-changed",
      qualifiedName(before.schema, before.name),
      common.before,
      common.after,
    );
}

/** The items that both lists have, in either order; undefined when the orders agree. */
export function commonInOrder(
  before: readonly string[],
  after: readonly string[],
): { readonly before: readonly string[]; readonly after: readonly string[] } | undefined {
  const [inBefore, inAfter] = [new Set(before), new Set(after)];
  const common = {
    before: before.filter((item) => inAfter.has(item)),
    after: after.filter((item) => inBefore.has(item)),
  };
  return common.before.every((item, at) => item === common.after[at]) ? undefined : common;
}

function keyed<Item extends Named>(
  items: readonly Item[],
  keyOf: (name: string) => string,
): Readonly<Record<string, Item>> {
  return Object.fromEntries(items.map((item) => [keyOf(item.name), item]));
}
