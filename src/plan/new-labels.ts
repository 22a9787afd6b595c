import { qualifiedName, type Catalog, type EnumType, type TypeRef } from "../catalog/index.ts";
import { quoteLiteral, quoteQualified } from "../sql/index.ts";

type TypeName = Pick<EnumType, "schema" | "name">;

/**
 * What somebody has to know of labels that a statement adds to enum types.
 *
 * @param before the catalog in front of the statement, `start` the one in front of the migration
 */
export function newLabelNotes(before: Catalog, after: Catalog, start: Catalog): readonly string[] {
  return Object.entries(after.enums).flatMap(([key, type]) => {
    const had = before.enums[key]?.labels;
    if (had === undefined) return [];
    const labels = type.labels.filter((label) => !had.includes(label));
    return labels.length === 0 ? [] : labelNotes(labels, type, start);
  });
}

/** The same of some labels of one type; nothing where no row that the old release reads can hold them. */
export function labelNotes(
  labels: readonly string[],
  type: TypeName,
  start: Catalog,
): readonly string[] {
  const isRead = Object.values(start.tables).some(({ columns }) =>
    columns.some((column) => isMadeOf(start, column.type, type)),
  );
  if (labels.length === 0 || !isRead) return [];
  const list = labels.map((label) => quoteLiteral(label).trim()).join(", ");
  return [
    `the old release may read ${list} of ${quoteQualified(type.schema, type.name)} in rows that the new one writes`,
  ];
}

/** Whether a type is this one, or a domain, range or composite type over it. */
function isMadeOf(catalog: Catalog, { schema, name }: TypeRef, type: TypeName): boolean {
  if (schema === type.schema && name === type.name) return true;
  const key = qualifiedName(schema, name);
  const parts = [
    catalog.domains[key]?.baseType,
    catalog.rangeTypes[key]?.subtype,
    ...(catalog.compositeTypes[key]?.attributes.map((attribute) => attribute.type) ?? []),
  ];
  return parts.some((part) => part !== undefined && isMadeOf(catalog, part, type));
}
