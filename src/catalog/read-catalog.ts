import { addressBook } from "./addresses.ts";
import { assembleObjects } from "./assemble-objects.ts";
import { assembleRelations, type Building } from "./assemble-relations.ts";
import type { CatalogPart } from "./model.ts";
import type { QualifiedName } from "./names.ts";
import { presentSql, readPresent, type PresentRow } from "./present.ts";
import { columnsSql, noteColumns, readColumns, type ColumnRow } from "./read-columns.ts";
import { constraintsSql, readConstraints, type ConstraintRow } from "./read-constraints.ts";
import { indexesSql, readIndexes, type IndexRow } from "./read-indexes.ts";
import { groupObjects, objectsQuery, type ObjectRow } from "./read-objects.ts";
import {
  readRelations,
  relationsSql,
  type RelationKind,
  type RelationRow,
} from "./read-relations.ts";
import type { ServerFacts } from "./read-server.ts";
import type { Query } from "./snapshot.ts";
import { fillTypeSlots } from "./type-refs.ts";

/**
 * Reads the wanted parts with one query for each large kind of row and one for all the rest. Rows are put
 * together while the server is busy with the next query.
 *
 * @param ignored tables to leave out with what hangs on them
 */
export async function readCatalog(
  query: Query,
  facts: ServerFacts,
  parts: ReadonlySet<CatalogPart>,
  ignored: ReadonlySet<QualifiedName>,
): Promise<Building> {
  const kinds = relationKinds(parts);
  const withColumns = kinds.filter((kind) => kind !== "S");
  const withIndexes = kinds.filter((kind) => kind === "r" || kind === "p" || kind === "m");
  const ask = <Row>(wanted: boolean, text: string, ...params: readonly unknown[]) =>
    wanted ? query<Row>(text, [facts.schemaOids, ...params]) : Promise.resolve<readonly Row[]>([]);

  const relationRows = await ask<RelationRow>(kinds.length > 0, relationsSql, kinds);
  const columnsAsked = ask<ColumnRow>(withColumns.length > 0, columnsSql(facts.major), withColumns);
  const relations = readRelations(relationRows, facts, ignored);

  const columnRows = await columnsAsked;
  const aboutPresence = presentSql(parts);
  const presentAsked = ask<PresentRow>(aboutPresence !== undefined, aboutPresence ?? "");
  const notes = noteColumns(columnRows, relations);
  const present = readPresent(parts, (await presentAsked)[0]);
  const objects = objectsQuery(facts.schemaOids, parts, present, notes);
  const objectRows =
    objects.text === "" ? [] : await query<ObjectRow>(objects.text, objects.params);

  const groups = groupObjects(objectRows);
  const indexesAsked = ask<IndexRow>(withIndexes.length > 0, indexesSql(facts.major), withIndexes);
  fillTypeSlots(notes.types, groups, facts);
  const columns = readColumns(relations);

  const indexRows = await indexesAsked;
  const constraintsAsked = ask<ConstraintRow>(parts.has("tables"), constraintsSql(facts.major));
  const indexes = readIndexes(indexRows, relations, facts);

  const constraintRows = await constraintsAsked;
  const constraints = readConstraints(constraintRows, { relations, indexes, facts });
  const catalog: Building = { serverMajor: facts.major };
  assembleRelations(catalog, parts, { facts, relations, columns, indexes, constraints });
  const book = addressBook({ parts, relations, indexes, constraints: constraintRows });
  assembleObjects(catalog, parts, { facts, groups, relations, book });
  return catalog;
}

/** Kinds of relations that the parts need, be it only for the names of what hangs on them. */
function relationKinds(parts: ReadonlySet<CatalogPart>): readonly RelationKind[] {
  const kinds = new Set<RelationKind>();
  const add = (part: CatalogPart, ...more: readonly RelationKind[]) => {
    if (parts.has(part)) for (const kind of more) kinds.add(kind);
  };
  add("tables", "r", "p", "f", "S");
  add("views", "v");
  add("materializedViews", "m");
  add("sequences", "S", "r", "p", "f");
  add("compositeTypes", "c");
  add("triggers", "r", "p", "f", "v");
  add("rules", "r", "p", "f", "v");
  add("policies", "r", "p");
  add("statistics", "r", "p", "f", "m");
  return [...kinds];
}
