import type { Session } from "../../../pg/index.ts";
import type { World } from "../model.ts";
import { createWorld, putRelation, putRoutine, putType } from "../store.ts";
import {
  defaultPrivileges,
  Grants,
  publications,
  schemaPrivileges,
  serverFacts,
} from "./access.ts";
import {
  defaultGrantsSql,
  foreignServersSql,
  grantsSql,
  publicationsSql,
  serverSql,
  type ForeignServerRow,
  type PublicationRow,
} from "./access-queries.ts";
import {
  eventTriggers,
  eventTriggersSql,
  nondeterministicCollationsSql,
  operatorClassesSql,
} from "./event-triggers.ts";
import { ExpressionTexts } from "./expressions.ts";
import { buildRelations } from "./relations.ts";
import { TypeNames, buildRoutines, buildTypes } from "./types.ts";
import {
  attachedSql,
  columnsSql,
  constraintsSql,
  extensionsSql,
  indexesSql,
  labelsSql,
  readsSql,
  relationsSql,
  routinesSql,
  schemasSql,
  typesSql,
  usesSql,
  type AttachedRow,
  type ColumnRow,
  type ConstraintRow,
  type IndexRow,
  type LabelRow,
  type ReadRow,
  type RelationRow,
  type RoutineRow,
  type SchemaRow,
  type TypeRow,
  type UseRow,
} from "./queries.ts";

/** Rows of all queries; nothing in them depends on another query. */
export interface CatalogRows {
  readonly schemas: readonly SchemaRow[];
  readonly relations: readonly RelationRow[];
  readonly columns: readonly ColumnRow[];
  readonly constraints: readonly ConstraintRow[];
  readonly indexes: readonly IndexRow[];
  readonly types: readonly TypeRow[];
  readonly labels: readonly LabelRow[];
  readonly routines: readonly RoutineRow[];
  readonly attached: readonly AttachedRow[];
  readonly reads: readonly ReadRow[];
  readonly uses: readonly UseRow[];
  readonly publications: readonly PublicationRow[];
}

/**
 * The catalog of a live database, as complete as the session's own view of it: system schemas are left out, its own
 * temporary objects are in schema `pg_temp`. Ids are oids. Twenty queries in two round trips, whatever the size; it takes
 * ACCESS SHARE locks while expressions are printed, so it waits behind an ACCESS EXCLUSIVE lock of another session.
 */
export async function readWorld(session: Session): Promise<World> {
  const world = createWorld({ major: session.major, complete: true });
  const { rows: schemas } = await session.query<SchemaRow>(schemasSql);
  const visible = schemas.map(({ oid }) => oid).join(", ") || "NULL";
  const results = await session.batch(
    [
      relationsSql(visible),
      columnsSql(visible),
      constraintsSql(visible, session.major),
      indexesSql(visible, session.major),
      typesSql,
      labelsSql,
      routinesSql(visible),
      attachedSql,
      readsSql(visible),
      usesSql,
      publicationsSql(session.major),
      extensionsSql,
      grantsSql(visible),
      defaultGrantsSql,
      serverSql,
      foreignServersSql,
      eventTriggersSql,
      operatorClassesSql,
      nondeterministicCollationsSql,
    ].join(";"),
  );
  const rows = <Row>(query: number) => results[query]!.rows as readonly Row[];
  const catalog: CatalogRows = {
    schemas,
    relations: rows(0),
    columns: rows(1),
    constraints: rows(2),
    indexes: rows(3),
    types: rows(4),
    labels: rows(5),
    routines: rows(6),
    attached: rows(7),
    reads: rows(8),
    uses: rows(9),
    publications: rows(10),
  };
  world.schemas.clear();
  for (const { name } of catalog.schemas) world.schemas.add(name);
  for (const { name } of rows<{ name: string }>(11)) world.extensions.add(name);
  const grants = new Grants(rows(12));
  world.server = serverFacts(rows(14));
  world.schemaPrivileges = schemaPrivileges(catalog.schemas, grants, world.server.role);
  world.defaultPrivileges = defaultPrivileges(rows(13));
  world.publications = publications(catalog.publications);
  world.foreignServers = new Map(
    rows<ForeignServerRow>(15).map(({ name, wrapper }) => [name, wrapper]),
  );
  world.eventTriggers = eventTriggers(rows(16));
  world.operatorClasses = new Set(rows<{ method: string }>(17).map(({ method }) => method));
  world.nondeterministicCollations = new Set(rows<{ name: string }>(18).map(({ name }) => name));

  const texts = new ExpressionTexts();
  addTexts(catalog, texts);
  await texts.parse();
  const types = new TypeNames(catalog.types);
  for (const relation of buildRelations(catalog, types, texts, grants))
    putRelation(world, relation);
  for (const type of buildTypes(catalog, types, texts)) putType(world, type);
  for (const routine of buildRoutines(catalog, types, texts, grants)) putRoutine(world, routine);
  world.counter.next = 1 + highestOid(catalog);
  return world;
}

function addTexts(catalog: CatalogRows, texts: ExpressionTexts): void {
  for (const row of catalog.relations) {
    texts.addExpressions(row.partition_expressions);
    texts.addBound(row.bound);
    texts.addQuery(row.definition);
  }
  for (const row of catalog.columns) texts.addExpressions(row.expression);
  for (const row of catalog.constraints) texts.addExpressions(row.expression);
  for (const row of catalog.types) texts.addExpressions(row.default);
  for (const row of catalog.routines) texts.addSqlBody(row.sql_body);
  for (const row of catalog.publications) texts.addExpressions(row.filter);
  for (const row of catalog.attached)
    if (row.kind === "policy") {
      texts.addExpressions(row.text);
      texts.addExpressions(row.check);
    } else texts.addQuery(row.text);
  for (const row of catalog.indexes) {
    texts.addExpressions(row.expressions);
    texts.addExpressions(row.predicate);
  }
}

function highestOid({ relations, types, routines }: CatalogRows): number {
  let highest = 0;
  for (const list of [relations, types, routines])
    for (const { oid } of list) if (oid > highest) highest = oid;
  return highest;
}
