import { qualifiedName } from "../catalog/index.ts";
import type { ParseNode } from "../sql/index.ts";

/** What one statement does to an object, by the object's address. */
export type Change =
  | { readonly address: string; readonly action: "made" | "changed" | "dropped" }
  | { readonly address: string; readonly action: "renamed"; readonly to: string };

/** Members of a parse tree node; which ones are there depends on its kind (parsenodes.h). */
type Members = Readonly<Record<string, unknown>>;

/** The objects that a statement makes, changes, renames or drops. Names without a schema are in `public`. */
export function changesOf(node: ParseNode): readonly Change[] {
  const [kind, members] = Object.entries(node)[0] as [string, Members];
  const reader = readers[kind];
  return reader === undefined ? [] : reader(members);
}

const readers: Readonly<Record<string, (node: Members) => readonly Change[]>> = {
  CreateSchemaStmt: (node) => [made(`schema ${qualifiedName(text(node["schemaname"]))}`)],
  CreateStmt: createTable,
  CreateForeignTableStmt: (node) => createTable(members(node["base"])),
  CreateTableAsStmt: (node) => [made(`relation ${relation(members(node["into"])["rel"])}`)],
  ViewStmt: (node) => [made(`relation ${relation(node["view"])}`)],
  CreateSeqStmt: (node) => [made(`relation ${relation(node["sequence"])}`)],
  AlterTableStmt: alterTable,
  IndexStmt: (node) => {
    const table = members(node["relation"]);
    const schema = text(table["schemaname"]) || "public";
    return node["idxname"] === undefined
      ? []
      : [made(`index ${qualifiedName(schema, text(node["idxname"]))}`)];
  },
  CreateEnumStmt: (node) => {
    const type = nameList(node["typeName"]);
    const labels = list(node["vals"]).map((label) => made(`label ${type}.${labelName(label)}`));
    return [made(`type ${type}`), ...labels];
  },
  AlterEnumStmt: (node) => {
    const type = nameList(node["typeName"]);
    const label = `label ${type}.${qualifiedName(text(node["newVal"]))}`;
    if (node["oldVal"] === undefined) return [made(label)];
    const old = `label ${type}.${qualifiedName(text(node["oldVal"]))}`;
    return [{ address: old, action: "renamed", to: label }];
  },
  CreateDomainStmt: (node) => [made(`type ${nameList(node["domainname"])}`)],
  AlterDomainStmt: (node) => [changed(`type ${nameList(node["typeName"])}`)],
  CompositeTypeStmt: (node) => [made(`type ${relation(node["typevar"])}`)],
  CreateRangeStmt: (node) => [made(`type ${nameList(node["typeName"])}`)],
  DropStmt: drop,
  RenameStmt: rename,
  AlterObjectSchemaStmt: (node) => {
    const kind = relationKinds.has(text(node["objectType"])) ? "relation" : "type";
    const from = kind === "relation" ? relation(node["relation"]) : nameList(node["object"]);
    const to = moved(from, text(node["newschema"]));
    return [{ address: `${kind} ${from}`, action: "renamed", to: `${kind} ${to}` }];
  },
};

const relationKinds = new Set([
  "OBJECT_TABLE",
  "OBJECT_VIEW",
  "OBJECT_MATVIEW",
  "OBJECT_FOREIGN_TABLE",
  "OBJECT_SEQUENCE",
]);

function createTable(node: Members): readonly Change[] {
  const table = relation(node["relation"]);
  const parts = list(node["tableElts"]).flatMap((element) => [
    ...columnChanges(table, members(element["ColumnDef"])),
    ...constraintChanges(table, members(element["Constraint"]), undefined),
  ]);
  return [made(`relation ${table}`), ...parts];
}

function columnChanges(table: string, column: Members): readonly Change[] {
  const name = text(column["colname"]);
  if (name === "") return [];
  const constraints = list(column["constraints"]).flatMap((one) =>
    constraintChanges(table, members(one["Constraint"]), name),
  );
  return [made(`column ${table}.${qualifiedName(name)}`), ...constraints];
}

const suffixes: Readonly<Record<string, string>> = {
  CONSTR_PRIMARY: "pkey",
  CONSTR_UNIQUE: "key",
  CONSTR_FOREIGN: "fkey",
  CONSTR_CHECK: "check",
  CONSTR_EXCLUSION: "excl",
};

/** A constraint by the name it has, or that Postgres will most often give it (ChooseConstraintName). */
function constraintChanges(
  table: string,
  constraint: Members,
  column: string | undefined,
): readonly Change[] {
  const kind = text(constraint["contype"]);
  const suffix = suffixes[kind];
  if (suffix === undefined) return [];
  const keys = [...list(constraint["keys"]), ...list(constraint["fk_attrs"])].map(stringOf);
  const columns = kind === "CONSTR_PRIMARY" ? [] : column === undefined ? keys : [column];
  const bare = table.slice(table.lastIndexOf(".") + 1).replaceAll('"', "");
  const name = text(constraint["conname"]) || [bare, ...columns, suffix].join("_");
  return [made(`constraint ${table}.${qualifiedName(name)}`)];
}

const columnCommands = new Set([
  "AT_ColumnDefault",
  "AT_CookedColumnDefault",
  "AT_AlterColumnType",
  "AT_SetNotNull",
  "AT_DropNotNull",
  "AT_AddIdentity",
  "AT_SetIdentity",
  "AT_DropIdentity",
  "AT_SetExpression",
  "AT_DropExpression",
]);

function alterTable(node: Members): readonly Change[] {
  const table = relation(node["relation"]);
  const kind = text(node["objtype"]) === "OBJECT_TYPE" ? "type" : "relation";
  return list(node["cmds"]).flatMap((one): readonly Change[] => {
    const command = members(one["AlterTableCmd"]);
    const subtype = text(command["subtype"]);
    const name = qualifiedName(text(command["name"]));
    const definition = members(command["def"]);
    if (kind === "type") return [changed(`type ${table}`)];
    if (subtype === "AT_AddColumn") return columnChanges(table, members(definition["ColumnDef"]));
    if (subtype === "AT_DropColumn")
      return [{ address: `column ${table}.${name}`, action: "dropped" }];
    if (columnCommands.has(subtype)) return [changed(`column ${table}.${name}`)];
    if (subtype === "AT_AddConstraint")
      return constraintChanges(table, members(definition["Constraint"]), undefined);
    if (subtype === "AT_DropConstraint")
      return [{ address: `constraint ${table}.${name}`, action: "dropped" }];
    if (subtype === "AT_ValidateConstraint" || subtype === "AT_AlterConstraint")
      return [changed(`constraint ${table}.${name}`)];
    return [];
  });
}

function drop(node: Members): readonly Change[] {
  const kind = text(node["removeType"]);
  const word =
    kind === "OBJECT_INDEX"
      ? "index"
      : kind === "OBJECT_SCHEMA"
        ? "schema"
        : kind === "OBJECT_TYPE" || kind === "OBJECT_DOMAIN"
          ? "type"
          : relationKinds.has(kind)
            ? "relation"
            : undefined;
  if (word === undefined) return [];
  return list(node["objects"]).map((object) => ({
    address: word === "schema" ? `schema ${labelName(object)}` : `${word} ${nameList(object)}`,
    action: "dropped",
  }));
}

function rename(node: Members): readonly Change[] {
  const kind = text(node["renameType"]);
  const name = qualifiedName(text(node["newname"]));
  const own = qualifiedName(text(node["subname"]));
  const renamed = (word: string, from: string, to: string): readonly Change[] => [
    { address: `${word} ${from}`, action: "renamed", to: `${word} ${to}` },
  ];
  if (kind === "OBJECT_COLUMN" || kind === "OBJECT_TABCONSTRAINT") {
    const table = relation(node["relation"]);
    const word = kind === "OBJECT_COLUMN" ? "column" : "constraint";
    return renamed(word, `${table}.${own}`, `${table}.${name}`);
  }
  if (kind === "OBJECT_INDEX" || relationKinds.has(kind)) {
    const from = relation(node["relation"]);
    const word = kind === "OBJECT_INDEX" ? "index" : "relation";
    return renamed(word, from, `${from.slice(0, from.lastIndexOf(".") + 1)}${name}`);
  }
  if (kind === "OBJECT_TYPE" || kind === "OBJECT_DOMAIN") {
    const from = nameList(node["object"]);
    return renamed("type", from, `${from.slice(0, from.lastIndexOf(".") + 1)}${name}`);
  }
  return [];
}

function made(address: string): Change {
  return { address, action: "made" };
}

function changed(address: string): Change {
  return { address, action: "changed" };
}

function moved(name: string, schema: string): string {
  return `${qualifiedName(schema)}${name.slice(name.lastIndexOf("."))}`;
}

function members(value: unknown): Members {
  return (value ?? {}) as Members;
}

function list(value: unknown): readonly Members[] {
  return Array.isArray(value) ? (value as readonly Members[]) : [];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function stringOf(node: Members): string {
  return text(members(node["String"])["sval"]);
}

function labelName(node: Members): string {
  return qualifiedName(stringOf(node));
}

/** A RangeVar as a qualified name. */
function relation(value: unknown): string {
  const { schemaname, relname } = members(value);
  return qualifiedName(text(schemaname) || "public", text(relname));
}

/** A list of name parts, bare, as List or as TypeName. */
function nameList(value: unknown): string {
  const wrapped = members(value);
  const items = Array.isArray(value)
    ? (value as readonly Members[])
    : [...list(members(wrapped["List"])["items"]), ...list(members(wrapped["TypeName"])["names"])];
  const parts = items.map(stringOf);
  return parts.length === 1 ? qualifiedName("public", parts[0]!) : qualifiedName(...parts);
}
