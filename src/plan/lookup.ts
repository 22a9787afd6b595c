import type { Column, Table } from "../catalog/index.ts";
import type { Catalog, QualifiedName } from "../catalog/index.ts";
import { qualifiedName, quoteQualified, type ParseNode } from "../sql/index.ts";
import type { TableName } from "./model.ts";

/** A name as a parse tree has it. */
export interface WrittenName {
  readonly schemaname?: string | undefined;
  readonly relname?: string | undefined;
}

/** What `records` holds under a name, looked up along the search path as Postgres does. */
export function named<Item>(
  records: Readonly<Record<QualifiedName, Item>>,
  { schemaname, relname = "" }: WrittenName,
  searchPath: readonly string[],
): Item | undefined {
  const schemas = schemaname === undefined ? searchPath : [schemaname];
  for (const schema of schemas) {
    const found = records[qualifiedName(schema, relname)];
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Schema and name of a list of strings, as `DROP` and `CREATE FUNCTION` have it. */
export function writtenName(parts: readonly ParseNode[]): WrittenName {
  const words = parts.map((part) => ("String" in part ? (part.String.sval ?? "") : ""));
  return { schemaname: words.at(-2), relname: words.at(-1) };
}

/** A table of a catalog, by what it is called in another one. */
export function tableIn({ tables }: Catalog, { schema, name }: TableName): Table | undefined {
  return tables[qualifiedName(schema, name)];
}

export function columnIn({ columns }: Table, name: string): Column | undefined {
  return columns.find((column) => column.name === name);
}

/** True when an INSERT has to give it: nothing makes a value, and NULL is refused. */
export function isRequired({ nullable, default: value, identity, generated }: Column): boolean {
  return !nullable && value === null && identity === null && generated === null;
}

/** Its partitions, in the catalog's order; none for a table that is not partitioned. */
export function partitionsIn({ tables }: Catalog, { schema, name }: TableName): readonly Table[] {
  const parent = qualifiedName(schema, name);
  return Object.values(tables).filter(({ partitionOf }) => partitionOf?.table === parent);
}

/** Tables that inherit from it, without those that inherit from these: their rows are its rows, its keys and triggers are not theirs. */
export function heirsIn({ tables }: Catalog, { schema, name }: TableName): readonly Table[] {
  const parent = qualifiedName(schema, name);
  return Object.values(tables).filter(({ inherits }) => inherits.includes(parent));
}

export function sqlName({ schema, name }: TableName): string {
  return quoteQualified(schema, name);
}

/** The one change of an `ALTER TABLE`, with the table as the catalog before it has it. */
export interface TableChange {
  readonly table: Table;
  readonly command: AlterCommand;
  /** True when it goes to children and partitions too. */
  readonly recurses: boolean;
}

type AlterCommand = Extract<ParseNode, { AlterTableCmd: unknown }>["AlterTableCmd"];

/**
 * @returns undefined when the statement is not an `ALTER TABLE` of exactly one change to a table that is there
 */
export function tableChange(
  node: ParseNode,
  before: Catalog,
  searchPath: readonly string[],
): TableChange | undefined {
  if (!("AlterTableStmt" in node) || node.AlterTableStmt.objtype !== "OBJECT_TABLE")
    return undefined;
  const { relation, cmds = [] } = node.AlterTableStmt;
  const [only] = cmds;
  if (relation === undefined || only === undefined || cmds.length !== 1) return undefined;
  if (!("AlterTableCmd" in only)) return undefined;
  const table = named(before.tables, relation, searchPath);
  if (table === undefined) return undefined;
  return { table, command: only.AlterTableCmd, recurses: relation.inh === true };
}
