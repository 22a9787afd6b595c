import { qualifiedName, type Column, type Table, type TypeRef } from "../catalog/index.ts";
import { formOfType, typeParts, typescriptType } from "../runtime/index.ts";
import type { ContractCatalog } from "./from-catalog.ts";
import type { KyselyColumn } from "./kysely-types.ts";

/**
 * A column as the types and the migrations tell of it together.
 * @param made the column that the migrations make, or the position of one that they do not
 */
export function narrowColumn(
  told: KyselyColumn,
  made: Column | number,
  migrated: ContractCatalog,
): Column {
  if (typeof made === "number")
    return {
      name: told.name,
      position: made,
      type: onlyTold(told),
      collation: null,
      nullable: told.nullable,
      notNull: told.nullable ? null : { name: null, valid: true, noInherit: false },
      default: null,
      identity: null,
      generated: null,
      inherited: false,
    };
  const { type } = made;
  const notNull = made.notNull ?? { name: null, valid: true, noInherit: false };
  return {
    ...made,
    type: fits(told, type, migrated) ? type : onlyTold(told),
    nullable: told.nullable,
    notNull: told.nullable ? null : notNull,
  };
}

/** What no parser of the application can make of one of these is a contradiction. */
const parsedByAll = new Set(["number", "string", "boolean", "Buffer"]);

/** Types that drivers give in another form when the application sets a parser: bigint as a number, dates as texts. */
const parsedOtherwise = new Set([
  "bigint",
  "numeric",
  "money",
  "json",
  "jsonb",
  "date",
  "interval",
  "point",
  "circle",
  "timestamp without time zone",
  "timestamp with time zone",
  "time without time zone",
  "time with time zone",
]);

function fits({ form, array }: KyselyColumn, type: TypeRef, migrated: ContractCatalog): boolean {
  const domain =
    type.kind === "domain" ? migrated.domains[qualifiedName(type.schema, type.name)] : undefined;
  const parts = typeParts(domain?.baseType.text ?? type.text);
  const isArray = parts.array || type.array;
  if (form === "unknown" || parts.base === "json" || parts.base === "jsonb") return true;
  const comes = formOfType(parts.base, isArray);
  const [one] = comes.split("[]");
  if (comes === `${form}${array ? "[]" : ""}`) return true;
  // Lists of some types come as one text, unless the application reads them.
  if (isArray !== array) return !isArray && !array;
  return parsedOtherwise.has(parts.base) || !parsedByAll.has(one!) || !parsedByAll.has(form);
}

/**
 * True when the code takes a value as the driver gives it and another type may come in the same form: bigint and numeric as texts,
 * days and moments as dates. Those who set a parser for one of them have types of another form.
 */
export function comesByItself({ form, array }: KyselyColumn, { text }: TypeRef): boolean {
  const { base, array: isList } = typeParts(text);
  return !array && !isList && hasDouble.has(base) && formOfType(base, false) === form;
}

const hasDouble = new Set(["bigint", "date"]);

/** A type of which only TypeScript's side is known. */
function onlyTold({ form, array }: KyselyColumn): TypeRef {
  const text = typescriptType(form, array);
  return { text, schema: "", name: text, array, kind: "base", category: "X" };
}

/** The table without what hangs on columns that the code does not know. */
export function withoutColumns(table: Table, gone: readonly string[]): Table {
  if (gone.length === 0) return table;
  const isGone = (name: string) => gone.includes(name);
  const { constraints, indexes } = table;
  return {
    ...table,
    constraints: constraints.filter(({ columns }) => !columns.some(isGone)),
    indexes: indexes.filter(({ keys }) => !keys.some(({ column }) => isGone(column ?? ""))),
  };
}

/** The catalog with the enums' labels that the code's unions name. */
export function withLabels(
  catalog: ContractCatalog,
  tables: readonly {
    readonly qualified: string;
    readonly columns: readonly KyselyColumn[] | undefined;
  }[],
): ContractCatalog {
  const told = new Map<string, Set<string>>();
  for (const { qualified, columns = [] } of tables)
    for (const { name, labels } of columns) {
      const type = catalog.tables[qualified]?.columns.find((one) => one.name === name)?.type;
      if (type?.kind !== "enum" || labels === null) continue;
      const key = qualifiedName(type.schema, type.name);
      told.set(key, new Set([...(told.get(key) ?? []), ...labels]));
    }
  const enums = Object.entries(catalog.enums).map(([name, one]) => {
    const named = told.get(name);
    if (named === undefined) return [name, one] as const;
    const kept = one.labels.filter((label) => named.has(label));
    const added = [...named].filter((label) => !one.labels.includes(label));
    return [name, { ...one, labels: [...kept, ...added] }] as const;
  });
  return { ...catalog, enums: Object.fromEntries(enums) };
}
