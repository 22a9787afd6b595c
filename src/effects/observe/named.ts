import type { Node } from "@pgsql/types";
import { quoteIdent, quoteQualified, type Statement } from "../../sql/index.ts";
import type { RelationRole } from "../effect.ts";

/** A relation name as the text has it. */
interface WrittenName {
  readonly schema?: string;
  readonly name: string;
}

/** A relation that a statement names, and what for. */
export interface NamedRelation {
  /** As `to_regclass` understands it. */
  readonly sql: string;
  readonly role: RelationRole;
}

/**
 * The relations that a statement names, by its parse tree: those that it is about first, then parents, partitions and
 * what its queries read. Names of CTEs are among them and resolve to nothing, or to a table that is not locked.
 */
export function namedRelations({ node, kind }: Statement): readonly NamedRelation[] {
  const role = rowChanges.has(kind) ? "written" : "self";
  const others = views.has(kind) ? "view-source" : "read";
  return [
    ...targetsOf(node).map((name) => ({ sql: toSql(name), role }) as const),
    ...walk(node, others).map(({ name, role: why }) => ({ sql: toSql(name), role: why })),
  ];
}

const rowChanges = new Set(["InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "CopyStmt"]);
const views = new Set(["ViewStmt", "CreateTableAsStmt", "RefreshMatViewStmt", "RuleStmt"]);

function toSql({ schema, name }: WrittenName): string {
  return schema === undefined ? quoteIdent(name) : quoteQualified(schema, name);
}

/** The field `relation` of most statements; lists of names where several can be given. */
function targetsOf(node: Node): readonly WrittenName[] {
  const [body] = Object.values(node) as [Readonly<Record<string, unknown>>];
  const { relation, relations, objects, sequence, object, rels } = body;
  const named = [relation, sequence].flatMap((value) => written(value));
  const listed = [relations, rels].flatMap((list) =>
    Array.isArray(list)
      ? list.flatMap((item: Readonly<Record<string, unknown>>) => {
          const inner = item["VacuumRelation"] as Readonly<Record<string, unknown>> | undefined;
          return written(inner?.["relation"] ?? item["RangeVar"]);
        })
      : [],
  );
  const dropped = Array.isArray(objects) ? objects.flatMap((item) => nameList(item as Node)) : [];
  const commented = object === undefined ? [] : nameList(object as Node);
  return [...named, ...listed, ...dropped, ...commented];
}

/** A RangeVar without its wrapper, as fields of a fixed type hold it. */
function written(value: unknown): readonly WrittenName[] {
  if (typeof value !== "object" || value === null) return [];
  const { relname, schemaname } = value as { relname?: string; schemaname?: string };
  if (relname === undefined) return [];
  return [schemaname === undefined ? { name: relname } : { schema: schemaname, name: relname }];
}

/** `{ List: [schema, name] }`, as DROP and COMMENT have it; of a longer one (a trigger of a table) the relation's part. */
function nameList(node: Node): readonly WrittenName[] {
  if ("RangeVar" in node) return written(node.RangeVar);
  if (!("List" in node)) return [];
  const parts = (node.List.items ?? []).flatMap((item) =>
    "String" in item ? [item.String.sval ?? ""] : [],
  );
  const pair = (schema: string, name: string) => ({ schema, name });
  if (parts.length === 1) return [{ name: parts[0]! }];
  if (parts.length === 2) return [pair(parts[0]!, parts[1]!), { name: parts[0]! }];
  return parts.length === 3 ? [pair(parts[0]!, parts[1]!)] : [];
}

/** Every RangeVar of a tree with its role, which its place in the tree decides. */
function walk(
  tree: unknown,
  role: RelationRole,
): readonly { readonly name: WrittenName; readonly role: RelationRole }[] {
  if (typeof tree !== "object" || tree === null) return [];
  const below = parentRole(tree);
  return [
    ...written(tree).map((name) => ({ name, role })),
    ...Object.entries(tree).flatMap(([key, value]) =>
      walk(value, placeRoles[key] ?? (key === "inhRelations" || key === "def" ? below : role)),
    ),
  ];
}

/** Fields of the tree that hold a relation of one role wherever they are. */
const placeRoles: Readonly<Record<string, RelationRole>> = {
  pktable: "foreign-key-parent",
  PartitionCmd: "partition",
};

/** What the parents are that CREATE TABLE and ALTER TABLE … INHERIT name. */
function parentRole(tree: object): RelationRole {
  return "partbound" in tree ? "partition-parent" : "inheritance-parent";
}
