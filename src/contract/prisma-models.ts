import { qualifiedName } from "../catalog/index.ts";
import type { Access } from "./contract.ts";
import {
  argument,
  attributeNamed,
  namesIn,
  textOf,
  type PrismaBlock,
  type PrismaField,
  type PrismaValue,
} from "./prisma-syntax.ts";

/** What the blocks of a schema stand for in the database. */
export interface PrismaSchema {
  readonly models: readonly PrismaModel[];
  readonly joins: readonly PrismaJoin[];
  readonly enums: readonly PrismaEnum[];
}

/** A model or view. */
export interface PrismaModel {
  readonly block: PrismaBlock;
  readonly isView: boolean;
  readonly schema: string;
  readonly table: string;
  /** `schema.table`, quoted where it must be. */
  readonly qualified: string;
  /** What the generated client can do with it: nothing with `@@ignore`. */
  readonly access: readonly Access[];
  readonly columns: readonly PrismaColumn[];
}

export interface PrismaColumn {
  readonly field: PrismaField;
  /** Name in the database. */
  readonly name: string;
  /** False for `@ignore`: the generated client has no such field. */
  readonly used: boolean;
  /** False for `Unsupported(…)` and `@ignore`: the generated client neither reads nor writes it. */
  readonly readable: boolean;
  /** The client itself gives the value when an INSERT leaves it away. */
  readonly supplied: boolean;
  /** Null for lists that the client fills itself: it has no way to write NULL into one, and reads NULL as an empty list. */
  readonly nullable?: null;
}

/** The table that Prisma makes for an implicit many-to-many relation. */
export interface PrismaJoin {
  readonly schema: string;
  readonly table: string;
  readonly qualified: string;
  readonly access: readonly Access[];
  /** The fields on both sides. */
  readonly fields: readonly { readonly block: PrismaBlock; readonly field: PrismaField }[];
}

export interface PrismaEnum {
  readonly block: PrismaBlock;
  readonly qualified: string;
  readonly labels: readonly { readonly label: string; readonly field: PrismaField }[];
}

/** Reads names, defaults and what is ignored out of the blocks. `schema` is that of models without `@@schema`. */
export function prismaSchemaOf(blocks: readonly PrismaBlock[], schema: string): PrismaSchema {
  const related = blocks.filter(({ kind }) => kind === "model" || kind === "view");
  const modelNames = new Set(related.map(({ name }) => name));
  return {
    models: related.map((block) => modelOf(block, modelNames, schema)),
    joins: joinsOf(related, schema),
    enums: blocks
      .filter(({ kind }) => kind === "enum")
      .map((block) => ({
        block,
        qualified: qualifiedName(schemaOf(block, schema), mapped(block, block.name)),
        labels: block.fields.map((field) => ({ label: mapped(field, field.name), field })),
      })),
  };
}

function modelOf(block: PrismaBlock, modelNames: ReadonlySet<string>, schema: string): PrismaModel {
  const own = schemaOf(block, schema);
  const table = mapped(block, block.name);
  const columns = block.fields
    .filter(({ type }) => type !== "" && !modelNames.has(type))
    .map(columnOf);
  const isView = block.kind === "view";
  return {
    block,
    isView,
    schema: own,
    table,
    qualified: qualifiedName(own, table),
    access: isIgnored(block) ? [] : isView ? ["select"] : accessTo(columns),
    columns,
  };
}

function columnOf(field: PrismaField): PrismaColumn {
  const used = !isIgnored(field);
  const supplied = used && suppliesItself(field);
  return {
    field,
    name: mapped(field, field.name),
    used,
    readable: used && field.type !== "Unsupported",
    supplied,
    ...(supplied && field.isList ? { nullable: null } : {}),
  };
}

/** Functions in `@default` that are left to the database; every other default the client writes itself. */
const left = new Set(["autoincrement", "dbgenerated", "sequence"]);

function suppliesItself(field: PrismaField): boolean {
  if (field.type === "Unsupported") return false;
  if (attributeNamed(field, "updatedAt") !== undefined) return true;
  const given = defaultOf(field);
  return given !== undefined && !(given.kind === "call" && left.has(given.text));
}

function defaultOf(field: PrismaField): PrismaValue | undefined {
  return argument(attributeNamed(field, "default"), "value", true);
}

/** The client has no `create` where it could not give a value that the table asks for. */
function accessTo(columns: readonly PrismaColumn[]): readonly Access[] {
  const creates = columns.every(
    ({ field, readable }) =>
      readable || field.isOptional || field.isList || defaultOf(field) !== undefined,
  );
  return creates ? ["select", "insert", "update", "delete"] : ["select", "update", "delete"];
}

/** Relations with a list on both sides and no table of their own. */
function joinsOf(models: readonly PrismaBlock[], schema: string): readonly PrismaJoin[] {
  const byName = new Map(models.map((block) => [block.name, block]));
  const sides = models.flatMap((block) =>
    block.fields
      .filter(({ type, isList }) => isList && byName.has(type))
      .map((field) => ({ block, field, name: relationName(block, field) })),
  );
  const joins = new Map<string, PrismaJoin>();
  for (const side of sides) {
    const { block, field, name } = side;
    const other = sides.find(
      (one) =>
        one.name === name &&
        one.block.name === field.type &&
        one.field.type === block.name &&
        one.field !== field,
    );
    if (other === undefined || joins.has(name)) continue;
    const [first, second] = [side, other].sort((one, two) =>
      one.block.name < two.block.name ? -1 : 1,
    ) as [typeof side, typeof side];
    const own = schemaOf(first.block, schema);
    const ignored = [first, second].some((one) => isIgnored(one.block) || isIgnored(one.field));
    joins.set(name, {
      schema: own,
      table: `_${name}`,
      qualified: qualifiedName(own, `_${name}`),
      access: ignored ? [] : ["select", "insert", "delete"],
      fields: [first, second],
    });
  }
  return [...joins.values()];
}

/** The name in `@relation("…")`, else both models' names in order: `AToB`. */
function relationName(block: PrismaBlock, field: PrismaField): string {
  const given = textOf(argument(attributeNamed(field, "relation"), "name", true));
  return given ?? [block.name, field.type].sort().join("To");
}

function schemaOf(block: PrismaBlock, schema: string): string {
  return textOf(argument(attributeNamed(block, "schema"), "name", true)) ?? schema;
}

/** The name in `@map` or `@@map`. */
function mapped(one: Pick<PrismaBlock | PrismaField, "attributes">, name: string): string {
  return textOf(argument(attributeNamed(one, "map"), "name", true)) ?? name;
}

function isIgnored(one: Pick<PrismaBlock | PrismaField, "attributes">): boolean {
  return attributeNamed(one, "ignore") !== undefined;
}

/** Columns of the fields that an attribute names. */
export function columnsOf({ columns }: PrismaModel, fields: PrismaValue | undefined): string[] {
  return namesIn(fields).map(
    (name) => columns.find(({ field }) => field.name === name)?.name ?? name,
  );
}
