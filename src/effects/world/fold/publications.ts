import type { AlterPublicationStmt, CreatePublicationStmt, Node } from "@pgsql/types";
import { columnsIn } from "../expressions.ts";
import { byId } from "../lookup.ts";
import type { ObjectId, PublishedTable, Publication, World } from "../model.ts";
import { strings } from "../nodes.ts";
import { withDescendants } from "./columns.ts";
import { all, change, target, type FoldContext } from "./context.ts";

export function createPublication(context: FoldContext, statement: CreatePublicationStmt): void {
  const { world } = context;
  const name = statement.pubname ?? "";
  if (world.publications.has(name)) return;
  put(world, {
    name,
    allTables: statement.for_all_tables ?? false,
    schemas: schemasOf(context, statement.pubobjects),
  });
  for (const [table, published] of tablesOf(context, name, statement.pubobjects))
    publish(world, table, published);
}

/** ADD, DROP and SET of tables and schemas. */
export function alterPublication(context: FoldContext, statement: AlterPublicationStmt): void {
  const { world } = context;
  const publication = world.publications.get(statement.pubname ?? "");
  const { pubobjects } = statement;
  if (publication === undefined || (pubobjects === undefined && statement.options !== undefined))
    return;
  const { name } = publication;
  const named = schemasOf(context, pubobjects);
  const tables = tablesOf(context, name, pubobjects);
  if (statement.action === "AP_DropObjects") {
    const schemas = publication.schemas.filter((schema) => !named.includes(schema));
    put(world, { ...publication, schemas });
    for (const table of tables.keys()) unpublish(world, table, name);
    return;
  }
  const isSet = statement.action === "AP_SetObjects";
  const before = isSet ? [] : publication.schemas;
  put(world, { ...publication, schemas: [...new Set([...before, ...named])] });
  if (isSet)
    for (const { id, publications } of Array.from(world.relations.values()))
      if (publications.some((each) => each.publication === name)) unpublish(world, id, name);
  for (const [table, published] of tables) publish(world, table, published);
}

export function dropPublication(world: World, name: string): void {
  if (!world.publications.has(name)) return;
  const rest = new Map(world.publications);
  rest.delete(name);
  world.publications = rest;
  for (const { id, publications } of Array.from(world.relations.values()))
    if (publications.length > 0) unpublish(world, id, name);
}

export function renamePublication(world: World, from: string, to: string): void {
  const publication = world.publications.get(from);
  if (publication === undefined || world.publications.has(to)) return;
  const others = [...world.publications].filter(([name]) => name !== from);
  world.publications = new Map([...others, [to, { ...publication, name: to }]]);
  for (const { id, publications } of Array.from(world.relations.values()))
    if (publications.some(({ publication: name }) => name === from))
      change(world, id, {
        publications: publications.map((each) =>
          each.publication === from ? { ...each, publication: to } : each,
        ),
      });
}

function put(world: World, publication: Publication): void {
  world.publications = new Map(world.publications).set(publication.name, publication);
}

function publish(world: World, id: ObjectId, published: PublishedTable): void {
  const table = byId(world, id);
  if (
    table?.publications.some(({ publication }) => publication === published.publication) === false
  )
    change(world, id, { publications: [...table.publications, published] });
}

function unpublish(world: World, id: ObjectId, name: string): void {
  const table = byId(world, id);
  if (table !== undefined)
    change(world, id, {
      publications: table.publications.filter(({ publication }) => publication !== name),
    });
}

function schemasOf(
  { world, searchPath }: FoldContext,
  objects: readonly Node[] | undefined,
): readonly string[] {
  return all(objects, "PublicationObjSpec").flatMap(({ pubobjtype, name }) => {
    if (pubobjtype === "PUBLICATIONOBJ_TABLES_IN_SCHEMA") return name ?? [];
    if (pubobjtype !== "PUBLICATIONOBJ_TABLES_IN_CUR_SCHEMA") return [];
    return searchPath.find((schema) => world.schemas.has(schema)) ?? [];
  });
}

/** Tables that are named, and their children; partitions are published through their table (publicationcmds.c). */
function tablesOf(
  context: FoldContext,
  publication: string,
  objects: readonly Node[] | undefined,
): ReadonlyMap<ObjectId, PublishedTable> {
  const found = new Map<ObjectId, PublishedTable>();
  for (const { pubtable } of all(objects, "PublicationObjSpec")) {
    const table = target(context, pubtable?.relation);
    if (table === undefined || pubtable === undefined) continue;
    const { columns, whereClause, relation } = pubtable;
    const recurse = relation?.inh === true && table.kind !== "partitioned table";
    for (const id of withDescendants(context, table.id, recurse))
      found.set(id, {
        publication,
        columns: columns === undefined ? undefined : strings(columns),
        filter: whereClause === undefined ? undefined : columnsIn(whereClause),
      });
  }
  return found;
}
