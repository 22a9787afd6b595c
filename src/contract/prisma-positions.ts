import { qualifiedName } from "../catalog/index.ts";
import { columnsOf, type PrismaModel, type PrismaSchema } from "./prisma-models.ts";
import { argument, textOf, type PrismaAttribute } from "./prisma-syntax.ts";

/**
 * Places of tables, views, columns, constraints, indexes, enums and labels in Prisma schema files, by address
 * (see `Annotations.from`). A constraint or index without a name in the schema has the one that Prisma gives it.
 */
export function prismaPositions(schema: PrismaSchema): ReadonlyMap<string, string> {
  const places = new Map<string, string>();
  for (const model of schema.models) placeModel(model, places);
  for (const { qualified, fields } of schema.joins) {
    const [{ block, field }] = fields as readonly [(typeof fields)[number]];
    places.set(`relation ${qualified}`, `${block.file}:${field.line}`);
  }
  for (const { block, qualified, labels } of schema.enums) {
    places.set(`type ${qualified}`, `${block.file}:${block.line}`);
    for (const { label, field } of labels)
      places.set(`label ${qualified}.${qualifiedName(label)}`, `${block.file}:${field.line}`);
  }
  return places;
}

function placeModel(model: PrismaModel, places: Map<string, string>): void {
  const { block, qualified, schema, table } = model;
  const at = (line: number) => `${block.file}:${line}`;
  places.set(`relation ${qualified}`, at(block.line));
  for (const { name, field } of model.columns)
    places.set(`column ${qualified}.${qualifiedName(name)}`, at(field.line));
  for (const { attribute, columns } of attributesOf(model)) {
    const name = nameOf(attribute, table, columns);
    if (name === undefined) continue;
    // A key is a constraint or only a unique index; both are looked up by their own address.
    places.set(`constraint ${qualified}.${qualifiedName(name)}`, at(attribute.line));
    places.set(`index ${qualifiedName(schema, name)}`, at(attribute.line));
  }
}

interface OnColumns {
  readonly attribute: PrismaAttribute;
  readonly columns: readonly string[];
}

function attributesOf(model: PrismaModel): readonly OnColumns[] {
  return [
    ...model.columns.flatMap(({ name, field }) =>
      field.attributes.map((attribute) => ({ attribute, columns: [name] })),
    ),
    ...model.block.attributes.map((attribute) => ({
      attribute,
      columns: columnsOf(model, argument(attribute, "fields", true)),
    })),
    ...model.block.fields
      .flatMap(({ attributes }) => attributes)
      .filter(({ name }) => name === "relation")
      .map((attribute) => ({
        attribute,
        columns: columnsOf(model, argument(attribute, "fields")),
      })),
  ];
}

const endings: Readonly<Record<string, string>> = {
  id: "_pkey",
  unique: "_key",
  index: "_idx",
  relation: "_fkey",
};

/** Postgres' limit for names in bytes (NAMEDATALEN - 1), which Prisma keeps by cutting in front of the ending. */
const longest = 63;

function nameOf(
  attribute: PrismaAttribute,
  table: string,
  columns: readonly string[],
): string | undefined {
  const ending = endings[attribute.name];
  if (ending === undefined || columns.length === 0) return undefined;
  const given = textOf(argument(attribute, "map"));
  if (given !== undefined) return given;
  const stem = attribute.name === "id" ? table : [table, ...columns].join("_");
  return stem.slice(0, longest - ending.length) + ending;
}
