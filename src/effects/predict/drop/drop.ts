import type { DropStmt, Node } from "@pgsql/types";
import type { RelationKind } from "../../effect.ts";
import { byId, findRoutines, relationName, type Name, type Relation } from "../../world/index.ts";
import { findStatistics } from "../../world/fold/statistics.ts";
import { dottedName, strings } from "../../world/nodes.ts";
import type { EffectDraft } from "../draft.ts";
import { listName, shown } from "../names.ts";
import { DropClosure, findDroppedType } from "./closure.ts";

/** What each DROP of a relation may name, and what the server calls it. */
const relationDrops: Readonly<
  Record<string, { readonly kinds: readonly RelationKind[]; readonly word: string }>
> = {
  OBJECT_TABLE: { kinds: ["table", "partitioned table"], word: "table" },
  OBJECT_FOREIGN_TABLE: { kinds: ["foreign table"], word: "foreign table" },
  OBJECT_VIEW: { kinds: ["view"], word: "view" },
  OBJECT_MATVIEW: { kinds: ["materialized view"], word: "materialized view" },
  OBJECT_SEQUENCE: { kinds: ["sequence"], word: "sequence" },
  OBJECT_INDEX: { kinds: ["index", "partitioned index"], word: "index" },
};

/** DROP of any object: tablecmds.c (RemoveRelations), dropcmds.c (RemoveObjects), dependency.c. */
export function predictDrop(draft: EffectDraft, statement: DropStmt): void {
  const removeType: string = statement.removeType ?? "OBJECT_TABLE";
  if (relationDrops[removeType] !== undefined) {
    dropRelations(draft, statement);
    return;
  }
  switch (removeType) {
    case "OBJECT_TRIGGER":
    case "OBJECT_RULE":
    case "OBJECT_POLICY":
      for (const node of statement.objects ?? []) dropAttached(draft, statement, node);
      return;
    case "OBJECT_TYPE":
    case "OBJECT_DOMAIN":
      for (const node of statement.objects ?? []) dropType(draft, statement, node);
      return;
    case "OBJECT_FUNCTION":
    case "OBJECT_PROCEDURE":
    case "OBJECT_ROUTINE":
    case "OBJECT_AGGREGATE":
      for (const node of statement.objects ?? []) dropRoutine(draft, statement, node);
      return;
    case "OBJECT_SCHEMA":
      for (const node of statement.objects ?? []) dropSchema(draft, statement, node);
      return;
    case "OBJECT_EXTENSION":
      for (const node of statement.objects ?? []) dropExtension(draft, statement, node);
      return;
    case "OBJECT_STATISTIC_EXT":
      for (const node of statement.objects ?? []) dropStatistics(draft, statement, node);
      return;
    case "OBJECT_FOREIGN_SERVER":
    case "OBJECT_FDW":
      for (const node of statement.objects ?? []) dropForeignData(draft, statement, node);
      return;
    case "OBJECT_PUBLICATION":
      for (const node of statement.objects ?? []) dropPublication(draft, statement, node);
      return;
    case "OBJECT_ACCESS_METHOD":
      for (const node of statement.objects ?? []) dropAccessMethod(draft, statement, node);
      return;
    case "OBJECT_COLLATION":
      refuseUsedCollations(draft, statement);
      unknownUsers(draft, statement);
      return;
    case "OBJECT_OPERATOR":
    case "OBJECT_OPCLASS":
    case "OBJECT_OPFAMILY":
    case "OBJECT_CAST":
    case "OBJECT_LANGUAGE":
      unknownUsers(draft, statement);
      return;
    default:
  }
}

function unknownUsers(draft: EffectDraft, statement: DropStmt): void {
  if (isCascade(statement))
    draft.unknown("which objects depend on what is dropped with CASCADE is not known");
}

/** Collations are known by their names alone. */
function refuseUsedCollations(draft: EffectDraft, statement: DropStmt): void {
  if (isCascade(statement)) return;
  for (const { name } of (statement.objects ?? []).map(listName))
    for (const table of draft.world.relations.values())
      for (const column of table.columns)
        if (column.collation === name)
          draft.fail(
            "always",
            "2BP01",
            `cannot drop collation ${name} because column ${column.name} of ${table.kind} ${table.name} depends on it`,
          );
}

function isCascade({ behavior }: DropStmt): boolean {
  return behavior === "DROP_CASCADE";
}

function dropRelations(draft: EffectDraft, statement: DropStmt): void {
  const { kinds, word } = relationDrops[statement.removeType ?? ""]!;
  const found: Relation[] = [];
  for (const node of statement.objects ?? []) {
    const name = listName(node);
    const relation = draft.find(name);
    if (relation === undefined) absent(draft, statement, `${word} ${shown(name)}`, name);
    else if (kinds.includes(relation.kind)) found.push(relation);
    else
      draft.fail(
        "always",
        "42809",
        `"${relation.name}" is not ${word === "index" ? "an" : "a"} ${word}`,
      );
  }
  if (statement.concurrent === true) {
    dropConcurrently(draft, statement, found);
    return;
  }
  const closure = new DropClosure(draft, isCascade(statement), found);
  for (const relation of found) {
    if (requiredElsewhere(draft, relation, statement)) continue;
    closure.relation(relation);
  }
  closure.finish(word);
}

function absent(
  draft: EffectDraft,
  statement: DropStmt,
  what: string,
  { schema }: Name,
  sqlState = "42P01",
): void {
  if (statement.missing_ok === true) {
    if (!draft.knowsAll) draft.unknown(`${what} is not known: it may be there`);
    return;
  }
  const isIndex = statement.removeType === "OBJECT_INDEX";
  if (schema !== undefined && draft.knowsAll && !draft.world.schemas.has(schema))
    draft.fail("always", "3F000", `schema "${schema}" does not exist`);
  else draft.missing(what, isIndex ? "42704" : sqlState);
}

/** An index behind a constraint, or one that belongs to a partitioned index, cannot be dropped by itself. */
function requiredElsewhere(draft: EffectDraft, relation: Relation, statement: DropStmt): boolean {
  const { index } = relation;
  if (index === undefined) return false;
  const parent = index.partOf === undefined ? undefined : byId(draft.world, index.partOf);
  const named = (statement.objects ?? []).some(
    (node) => parent !== undefined && draft.find(listName(node))?.id === parent.id,
  );
  const requirer =
    index.constraint !== undefined
      ? `constraint ${index.constraint} on table ${byId(draft.world, index.table)?.name ?? ""}`
      : parent !== undefined && !named
        ? `index ${parent.name}`
        : undefined;
  if (requirer === undefined) return false;
  draft.fail(
    "always",
    "2BP01",
    `cannot drop index ${relation.name} because ${requirer} requires it`,
  );
  return true;
}

/**
 * DROP INDEX CONCURRENTLY waits for readers with a ShareUpdateExclusive lock on the table and the index, and takes
 * AccessExclusive on the index only when nobody uses it any more (index.c, index_drop).
 */
function dropConcurrently(
  draft: EffectDraft,
  statement: DropStmt,
  found: readonly Relation[],
): void {
  draft.fail(
    "in-transaction",
    "25001",
    "DROP INDEX CONCURRENTLY cannot run inside a transaction block",
  );
  if ((statement.objects ?? []).length > 1) {
    draft.fail(
      "always",
      "0A000",
      "DROP INDEX CONCURRENTLY does not support dropping multiple objects",
    );
    return;
  }
  if (isCascade(statement)) {
    draft.fail("always", "0A000", "DROP INDEX CONCURRENTLY does not support CASCADE");
    return;
  }
  for (const relation of found) {
    if (relation.kind === "partitioned index") {
      draft.fail(
        "always",
        "0A000",
        `cannot drop partitioned index "${relation.name}" concurrently`,
      );
      continue;
    }
    if (requiredElsewhere(draft, relation, statement)) continue;
    draft.lock(relation, "AccessExclusive");
    const table = byId(draft.world, relation.index?.table ?? 0);
    if (table !== undefined) draft.lock(table, "ShareUpdateExclusive", "other");
  }
}

/** `DROP TRIGGER name ON table` and its like: AccessExclusive on the table, and on partitions that have it too. */
function dropAttached(draft: EffectDraft, statement: DropStmt, node: Node): void {
  const parts = "List" in node ? strings(node.List.items) : [];
  const name = parts.at(-1) ?? "";
  const tableName = dottedName(parts.slice(0, -1));
  const relation = draft.find(tableName);
  if (relation === undefined) {
    absent(draft, statement, `relation ${shown(tableName)}`, tableName);
    return;
  }
  if (relation.index !== undefined || relation.kind === "composite type") {
    draft.fail("always", "42809", `cannot open relation "${relation.name}"`);
    return;
  }
  const field = attachedFields[statement.removeType as keyof typeof attachedFields];
  const has = (at: Relation) =>
    at[field].some((item: { readonly name: string }) => item.name === name);
  if (!has(relation)) {
    if (statement.missing_ok === true) return;
    draft.missing(`${field.slice(0, -1)} "${name}" for table "${relation.name}"`, "42704");
    return;
  }
  draft.lock(relation, "AccessExclusive");
  if (field !== "triggers") return;
  if (relation.triggers.some((trigger) => trigger.name === name && trigger.inherited)) {
    const parent = byId(draft.world, relation.partitionOf?.parent ?? 0)?.name ?? "";
    draft.fail(
      "always",
      "2BP01",
      `cannot drop trigger ${name} on table ${relation.name} because trigger ${name} on table ${parent} requires it`,
    );
    return;
  }
  const lockParts = (table: Relation) => {
    for (const partition of draft.world.relations.values()) {
      if (partition.partitionOf?.parent !== table.id || !has(partition)) continue;
      draft.lock(partition, "AccessExclusive", "partition");
      lockParts(partition);
    }
  };
  lockParts(relation);
}

const attachedFields = {
  OBJECT_TRIGGER: "triggers",
  OBJECT_RULE: "rules",
  OBJECT_POLICY: "policies",
} as const;

function dropType(draft: EffectDraft, statement: DropStmt, node: Node): void {
  const name = listName(node);
  const type = findDroppedType(draft, name);
  if (type === undefined) {
    absent(draft, statement, `type ${shown(name)}`, name, "42704");
    return;
  }
  const composite = draft.find(type);
  const closure = new DropClosure(draft, isCascade(statement));
  if (composite?.kind === "composite type") closure.relation(composite);
  closure.type(type);
  closure.finish(`type ${type.name}`);
}

function dropRoutine(draft: EffectDraft, statement: DropStmt, node: Node): void {
  const name = listName(node);
  const given = "ObjectWithArgs" in node ? node.ObjectWithArgs : undefined;
  const count = given?.objargs?.length ?? 0;
  const routines = findRoutines(draft.world, name, draft.searchPath).filter(
    (routine) => given?.args_unspecified === true || routine.arguments.length === count,
  );
  const [routine] = routines;
  if (routine === undefined) {
    absent(draft, statement, `function ${shown(name)}`, name, "42883");
    return;
  }
  const closure = new DropClosure(draft, isCascade(statement));
  closure.routine(relationName(routine), routine.name);
  closure.finish(`${routine.kind} ${routine.name}`);
}

function dropSchema(draft: EffectDraft, statement: DropStmt, node: Node): void {
  const { name } = listName(node);
  if (!draft.world.schemas.has(name)) {
    absent(draft, statement, `schema "${name}"`, { name }, "3F000");
    return;
  }
  const { relations, types, routines } = draft.world;
  const inside = [...relations.values()].filter(({ schema }) => schema === name);
  const insideTypes = [...types.values()].filter(({ schema }) => schema === name);
  const insideRoutines = [...routines.values()].flat().filter(({ schema }) => schema === name);
  const isEmpty = inside.length + insideTypes.length + insideRoutines.length === 0;
  if (!isEmpty && !isCascade(statement)) {
    draft.fail("always", "2BP01", `cannot drop schema ${name} because other objects depend on it`);
    return;
  }
  const closure = new DropClosure(draft, true, inside);
  for (const relation of inside) closure.relation(relation, "dependent");
  for (const type of insideTypes) closure.type(type);
  for (const routine of insideRoutines) closure.routine(relationName(routine), routine.name);
}

function dropExtension(draft: EffectDraft, statement: DropStmt, node: Node): void {
  const { name } = listName(node);
  if (!draft.world.extensions.has(name)) {
    absent(draft, statement, `extension "${name}"`, { name }, "42704");
    return;
  }
  if (
    name === "plpgsql" &&
    [...draft.world.routines.values()].flat().some(({ language }) => language === name)
  ) {
    if (!isCascade(statement))
      draft.fail(
        "always",
        "2BP01",
        "cannot drop extension plpgsql because other objects depend on it",
      );
    return;
  }
  draft.unknown(`what belongs to extension ${name} and depends on it is not known`);
}

/** Extended statistics are a part of their table's planning: ShareUpdateExclusive (statscmds.c, RemoveStatisticsById). */
function dropStatistics(draft: EffectDraft, statement: DropStmt, node: Node): void {
  const name = listName(node);
  const path = name.schema === undefined ? [name.name] : [name.schema, name.name];
  const found = findStatistics(draft.world, path, draft.searchPath);
  if (found === undefined)
    absent(draft, statement, `statistics object ${shown(name)}`, name, "42704");
  else draft.lock(found.table, "ShareUpdateExclusive");
}

/** Foreign tables go with their server, and servers with their wrapper (dependency.c). */
function dropForeignData(draft: EffectDraft, statement: DropStmt, node: Node): void {
  const { name } = listName(node);
  const { foreignServers, relations } = draft.world;
  const isServer = statement.removeType === "OBJECT_FOREIGN_SERVER";
  const servers = new Set(
    [...foreignServers].flatMap(([server, wrapper]) =>
      name === (isServer ? server : wrapper) ? [server] : [],
    ),
  );
  if (isServer && servers.size === 0) {
    absent(draft, statement, `server "${name}"`, { name }, "42704");
    return;
  }
  const tables = [...relations.values()].filter(
    ({ foreignServer }) => foreignServer !== undefined && servers.has(foreignServer),
  );
  const hasDependents = isServer ? tables.length > 0 : servers.size > 0;
  if (hasDependents && !isCascade(statement)) {
    draft.fail("always", "2BP01", `cannot drop ${name} because other objects depend on it`);
    return;
  }
  const closure = new DropClosure(draft, true, tables);
  for (const table of tables) closure.relation(table, "dependent");
}

function dropPublication(draft: EffectDraft, statement: DropStmt, node: Node): void {
  const { name } = listName(node);
  if (!draft.world.publications.has(name))
    absent(draft, statement, `publication "${name}"`, { name }, "42704");
}

/** Relations that are stored by an access method go with it. */
function dropAccessMethod(draft: EffectDraft, statement: DropStmt, node: Node): void {
  const { name } = listName(node);
  const { server, relations } = draft.world;
  if (server !== undefined && !server.accessMethods.has(name)) {
    absent(draft, statement, `access method "${name}"`, { name }, "42704");
    return;
  }
  const stored = [...relations.values()].filter(
    ({ accessMethod, index }) => accessMethod === name || index?.method === name,
  );
  if (stored.length > 0 && !isCascade(statement)) {
    draft.fail(
      "always",
      "2BP01",
      `cannot drop access method ${name} because other objects depend on it`,
    );
    return;
  }
  const closure = new DropClosure(draft, true, stored);
  for (const relation of stored) closure.relation(relation, "dependent");
}
