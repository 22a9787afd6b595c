import type { Catalog, CatalogPart, Column, Sequence } from "./model.ts";
import type { Constraint } from "./model-constraints.ts";
import type { Index } from "./model-indexes.ts";
import { asAttribute } from "./read-columns.ts";
import type { ReadIndex } from "./read-indexes.ts";
import {
  columnName,
  readOptions,
  readSequence,
  readSequenceOwner,
  readTable,
  type Relation,
} from "./read-relations.ts";
import type { ServerFacts } from "./read-server.ts";
import { required } from "./snapshot.ts";

/** A catalog of which parts are still being added. */
export type Building = { serverMajor: number } & {
  -readonly [Part in CatalogPart]?: Catalog[Part] | undefined;
};

/** What relations are put together from, by their oids; indexes by their own. */
export interface RelationSources {
  readonly facts: ServerFacts;
  readonly relations: ReadonlyMap<number, Relation>;
  readonly columns: ReadonlyMap<number, readonly Column[]>;
  readonly indexes: ReadonlyMap<number, ReadIndex>;
  readonly constraints: ReadonlyMap<number, Constraint[]>;
}

/** Adds tables, views, materialized views, sequences and composite types, as far as they are wanted. */
export function assembleRelations(
  catalog: Building,
  parts: ReadonlySet<CatalogPart>,
  read: RelationSources,
): void {
  const { facts, relations, columns } = read;
  const constraints = sortedLists(read.constraints);
  const indexes = indexesByTable(read.indexes);
  const identities = identityIndexes(read.indexes);
  const tables: Record<string, Catalog["tables"][string]> = {};
  const views: Record<string, Catalog["views"][string]> = {};
  const materializedViews: Record<string, Catalog["materializedViews"][string]> = {};
  const sequences: Record<string, Catalog["sequences"][string]> = {};
  const compositeTypes: Record<string, Catalog["compositeTypes"][string]> = {};
  const sorted = [...relations.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  for (const relation of sorted) {
    if (relation.hidden) continue;
    const { row, schema, key } = relation;
    const { oid, name } = row;
    const own = columns.get(oid) ?? [];
    switch (row.kind) {
      case "r":
      case "p":
      case "f":
        tables[key] = readTable(
          relation,
          {
            columns: own,
            constraints: constraints.get(oid) ?? [],
            indexes: indexes.get(oid) ?? [],
          },
          identities.get(oid),
          facts,
        );
        break;
      case "v":
        views[key] = {
          schema,
          name,
          columns: own.map((column) => ({ ...asAttribute(column), default: column.default })),
          definition: required(row.definition),
          options: readOptions(row.options),
        };
        break;
      case "m":
        materializedViews[key] = {
          schema,
          name,
          columns: own.map(asAttribute),
          definition: required(row.definition),
          indexes: indexes.get(oid) ?? [],
          options: readOptions(row.options),
        };
        break;
      case "S": {
        const sequence = readOwnSequence(relation, relations);
        if (sequence !== undefined) sequences[key] = sequence;
        break;
      }
      case "c":
        compositeTypes[key] = { schema, name, attributes: own.map(asAttribute) };
        break;
    }
  }
  if (parts.has("tables")) catalog.tables = tables;
  if (parts.has("views")) catalog.views = views;
  if (parts.has("materializedViews")) catalog.materializedViews = materializedViews;
  if (parts.has("sequences")) catalog.sequences = sequences;
  if (parts.has("compositeTypes")) catalog.compositeTypes = compositeTypes;
}

/** A sequence that is listed: not one behind an identity column or owned by a hidden table. */
function readOwnSequence(
  { row, schema }: Relation,
  relations: ReadonlyMap<number, Relation>,
): Sequence | undefined {
  const owner = readSequenceOwner(row.sequence_owner);
  const table = relations.get(owner?.table ?? 0);
  if (owner?.identity === true || table?.hidden === true) return undefined;
  return {
    schema,
    name: row.name,
    ...readSequence(row.sequence),
    persistence: row.flags.includes("u") ? "unlogged" : "permanent",
    ownedBy:
      owner === undefined || table === undefined
        ? null
        : { table: table.key, column: columnName(table, owner.column) },
  };
}

function identityIndexes(indexes: ReadonlyMap<number, ReadIndex>): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const { relation, replicaIdentity, index } of indexes.values())
    if (replicaIdentity) names.set(relation, index.name);
  return names;
}

function indexesByTable(
  indexes: ReadonlyMap<number, ReadIndex>,
): ReadonlyMap<number, readonly Index[]> {
  const byTable = new Map<number, Index[]>();
  for (const { relation, index } of indexes.values()) {
    const others = byTable.get(relation);
    if (others === undefined) byTable.set(relation, [index]);
    else others.push(index);
  }
  return sortedLists(byTable);
}

function sortedLists<Item extends { readonly name: string }>(
  lists: ReadonlyMap<number, Item[]>,
): ReadonlyMap<number, readonly Item[]> {
  for (const list of lists.values()) list.sort((a, b) => (a.name < b.name ? -1 : 1));
  return lists;
}
