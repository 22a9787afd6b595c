import { qualifiedName, type Catalog } from "../../../src/catalog/index.ts";
import type { MappedField } from "./mapper.ts";

type Known = Pick<
  MappedField,
  "name" | "type" | "labels" | "nullable" | "defaulted" | "made" | "parent"
>;

/** What a database that is as it should be knows of a table's columns. */
export function describeColumns(table: string, catalog: Catalog): (name: string) => Known {
  const found = catalog.tables[table];
  const view = catalog.views[table] ?? catalog.materializedViews[table];
  const keys = (found?.constraints ?? []).filter((one) => one.kind === "foreign-key");
  const parentOf = (name: string) => {
    const key = keys.find(({ columns }) => columns.includes(name));
    return (
      key && {
        table: key.references.table,
        field: key.references.columns[key.columns.indexOf(name)]!,
        key: key.name,
        isDeferred: key.deferrable === "initially-deferred",
      }
    );
  };
  return (name) => {
    const full = found?.columns.find((one) => one.name === name);
    const column = full ?? view?.columns.find((one) => one.name === name);
    if (column === undefined) throw new Error(`no column ${name} in ${table}`);
    const { type } = column;
    return {
      name,
      type: type.text,
      labels:
        type.kind === "enum" ? catalog.enums[qualifiedName(type.schema, type.name)]!.labels : [],
      nullable: full?.nullable ?? true,
      parent: parentOf(name),
      defaulted: full !== undefined && (full.default !== null || full.identity !== null),
      made:
        full !== undefined &&
        (full.generated !== null ||
          full.identity !== null ||
          (full.default?.startsWith("nextval(") ?? false)),
    };
  };
}

/** Columns that a plain unique index is over, in full and at once. */
export function uniquesOf(table: string, catalog: Catalog): readonly (readonly string[])[] {
  const found = catalog.tables[table];
  if (found === undefined) return [];
  return found.indexes
    .filter((index) => index.unique && index.predicate === null)
    .filter(
      (index) =>
        found.constraints.find(({ name }) => name === index.constraint)?.deferrable !==
        "initially-deferred",
    )
    .map((index) => index.keys.flatMap(({ column }) => (column === null ? [] : [column])));
}
