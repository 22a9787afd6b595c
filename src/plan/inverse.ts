import {
  diff,
  qualifiedName,
  type Catalog,
  type Difference,
  type DifferenceKind,
  type QualifiedName,
  type Table,
} from "../catalog/index.ts";
import { quoteIdent, quoteQualified } from "../sql/index.ts";
import { parentFirst } from "./dual-writes/trigger.ts";
import type { Change, TableName } from "./model.ts";

/** How one statement is taken back, and what of it cannot be. */
export interface Undo {
  readonly undo: readonly Change[];
  /** Differences between the catalogs that stay, `kind object`. */
  readonly remains: readonly string[];
}

/**
 * What takes a change back, told from the catalogs on both sides of it: what is new goes, what was changed is as it
 * was. Each statement is harmless to repeat.
 */
export async function undoOf(
  before: Catalog,
  after: Catalog,
  existed: (table: TableName) => boolean,
): Promise<Undo> {
  const undo: Change[] = [];
  const remains: string[] = [];
  for (const difference of (await diff(before, after)).toReversed()) {
    if (following.has(difference.kind) || isOfParent(difference)) continue;
    if (goesWithTable(difference, after, existed)) continue;
    const take = undoing[difference.kind] as Undoing<DifferenceKind> | undefined;
    const found = take?.(difference, before, after);
    if (found === undefined) remains.push(differenceName(difference));
    else undo.push(found);
  }
  return { undo, remains };
}

/** What a child or partition has because its parent got it goes with the parent's, and not alone (42P16). */
function isOfParent(difference: Difference): boolean {
  const { kind } = difference;
  if (kind === "extra-column" || kind === "extra-constraint" || kind === "extra-trigger")
    return difference.after.inherited;
  return kind === "extra-index" && difference.after.partitionOf !== null;
}

/** How a difference is named in `Plan.remains`. */
export function differenceName({ kind, object }: Difference): string {
  return `${kind} ${object}`;
}

/**
 * True for what hangs on a table that the migration makes, and on nothing else: it goes with the table. What may use
 * something that was made after the table (a trigger its function, a foreign key its table) goes before that.
 */
function goesWithTable(
  { kind, object, after: item }: Difference,
  { tables }: Catalog,
  existed: (table: TableName) => boolean,
): boolean {
  if (!goingKinds.test(kind)) return false;
  return Object.values(tables).some(
    (table) => !existed(table) && hangsOn(object, table, item as { table?: string } | null),
  );
}

const goingKinds = /^extra-index$|^column-|^(?:comment|grants)-changed$/;

function hangsOn(object: QualifiedName, table: Table, item: { readonly table?: string } | null) {
  const { schema, name, columns, constraints, indexes } = table;
  const own = qualifiedName(schema, name);
  return (
    item?.table === own ||
    object === `table ${own}` ||
    object.startsWith(`column ${own}.`) ||
    [...columns, ...constraints].some((one) => object === qualifiedName(schema, name, one.name)) ||
    indexes.some((index) => object === qualifiedName(schema, index.name))
  );
}

/** Its `before` and `after` are the catalogs on both sides of the change. */
type Undoing<Kind extends DifferenceKind> = (
  difference: Extract<Difference, { kind: Kind }>,
  before: Catalog,
  after: Catalog,
) => Change | undefined;

/** What takes a difference of each kind back; what is not in it cannot be. */
const undoing: { readonly [Kind in DifferenceKind]?: Undoing<Kind> } = {
  "extra-schema": ({ after: { name } }) => one(`DROP SCHEMA IF EXISTS ${quoteIdent(name)}`),
  "extra-extension": ({ after: { name } }) => one(`DROP EXTENSION IF EXISTS ${quoteIdent(name)}`),
  "extra-table": ({ after }) =>
    one(`DROP ${after.foreign === null ? "" : "FOREIGN "}TABLE IF EXISTS ${sqlName(after)}`),
  "extra-view": ({ after }) => one(`DROP VIEW IF EXISTS ${sqlName(after)}`),
  "extra-materialized-view": ({ after }) =>
    one(`DROP MATERIALIZED VIEW IF EXISTS ${sqlName(after)}`),
  "extra-sequence": ({ after }) => one(`DROP SEQUENCE IF EXISTS ${sqlName(after)}`),
  "extra-domain": ({ after }) => one(`DROP DOMAIN IF EXISTS ${sqlName(after)}`),
  "extra-statistics": ({ after }) => one(`DROP STATISTICS IF EXISTS ${sqlName(after)}`),
  "extra-enum": ({ after }) => one(`DROP TYPE IF EXISTS ${sqlName(after)}`),
  "extra-composite-type": ({ after }) => one(`DROP TYPE IF EXISTS ${sqlName(after)}`),
  "extra-range-type": ({ after }) => one(`DROP TYPE IF EXISTS ${sqlName(after)}`),
  "extra-routine": ({ after }) =>
    one(`DROP ROUTINE IF EXISTS ${sqlName(after)}(${after.identity})`),
  "extra-aggregate": ({ after }) =>
    one(`DROP AGGREGATE IF EXISTS ${sqlName(after)}(${after.identity})`),
  "extra-index": ({ object, after: { name } }, _before, after) => {
    const table = tableWith(after, object, ({ schema }) => qualifiedName(schema, name));
    if (table === undefined) return undefined;
    const index = quoteQualified(table.schema, name);
    return { kind: "outside", statement: `DROP INDEX CONCURRENTLY IF EXISTS ${index}` };
  },
  "extra-column": ({ object, after: { name } }, _before, after) =>
    dropOf(after, object, "COLUMN", name),
  "extra-constraint": ({ object, after: { name } }, _before, after) =>
    dropOf(after, object, "CONSTRAINT", name),
  "extra-trigger": ({ after }, _before, catalog) => {
    const drop = dropOn("TRIGGER", after, catalog);
    const on = catalog.tables[after.table];
    if (drop?.kind !== "transaction" || on === undefined) return drop;
    const first = parentFirst(sqlName(on), on.kind === "partitioned");
    return { ...drop, statements: [...first, ...drop.statements] };
  },
  "extra-policy": ({ after }, _before, catalog) => dropOn("POLICY", after, catalog),
  "extra-rule": ({ after }, _before, catalog) => dropOn("RULE", after, catalog),
  "column-default-changed": ({ object }, before) => defaultAsBefore(before, object),
  "composite-type-changed": ({ object }, before, after) => {
    const [was, is] = [before.compositeTypes[object], after.compositeTypes[object]];
    if (was === undefined || is === undefined) return undefined;
    const had = new Set(was.attributes.map(({ name }) => name));
    const added = is.attributes.filter(({ name }) => !had.has(name));
    // What has gone, or is of another type, does not come back by dropping.
    if (is.attributes.length - added.length !== was.attributes.length) return undefined;
    const drops = added.map(({ name }) => `DROP ATTRIBUTE IF EXISTS ${quoteIdent(name)}`);
    return drops.length === 0 ? undefined : one(`ALTER TYPE ${sqlName(was)} ${drops.join(", ")}`);
  },
  "view-definition-changed": ({ object }, { views }) => {
    const view = views[object];
    // A materialized view cannot be replaced.
    if (view === undefined) return undefined;
    return one(`CREATE OR REPLACE VIEW ${sqlName(view)} AS ${view.definition}`);
  },
};

/** They come back with what they follow from. */
const following: ReadonlySet<DifferenceKind> = new Set(["column-order-changed"]);

function one(statement: string): Change {
  return { kind: "transaction", statements: [statement] };
}

function sqlName({ schema, name }: TableName): string {
  return quoteQualified(schema, name);
}

/** The table of which something is named so. */
function tableWith(
  { tables }: Catalog,
  object: QualifiedName,
  named: (table: Table) => QualifiedName,
): Table | undefined {
  return Object.values(tables).find((table) => object === named(table));
}

function dropOf(catalog: Catalog, object: QualifiedName, word: string, name: string) {
  const table = tableWith(catalog, object, (one) => qualifiedName(one.schema, one.name, name));
  if (table === undefined) return undefined;
  return one(`ALTER TABLE IF EXISTS ${sqlName(table)} DROP ${word} IF EXISTS ${quoteIdent(name)}`);
}

function dropOn(
  word: string,
  { table, name }: { readonly table: QualifiedName; readonly name: string },
  { tables, views }: Catalog,
): Change | undefined {
  const on = tables[table] ?? views[table];
  return on && one(`DROP ${word} IF EXISTS ${quoteIdent(name)} ON ${sqlName(on)}`);
}

function defaultAsBefore({ tables }: Catalog, object: QualifiedName): Change | undefined {
  for (const table of Object.values(tables))
    for (const column of table.columns)
      if (qualifiedName(table.schema, table.name, column.name) === object) {
        const set = column.default === null ? "DROP DEFAULT" : `SET DEFAULT ${column.default}`;
        // Children have differences of their own.
        return one(
          `ALTER TABLE ONLY ${sqlName(table)} ALTER COLUMN ${quoteIdent(column.name)} ${set}`,
        );
      }
  return undefined;
}
