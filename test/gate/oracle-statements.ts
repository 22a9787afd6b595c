import { valueOf, type Seeds } from "./oracle-values.ts";
import type { MadeColumn, MadeTable } from "./rich-schema.ts";

/** Statements that belong together: they run in one savepoint, the last one's result counts. */
export interface Scenario {
  readonly name: string;
  readonly statements: readonly {
    readonly sql: string;
    readonly values: readonly (string | null)[];
  }[];
  /** Columns whose values are not the code's affair: the database makes them up, or they stood there before. */
  readonly volatile: ReadonlySet<string>;
  /** Columns that the code leaves to the database and copes with whatever it is given, NULL included. */
  readonly free: ReadonlySet<string>;
}

/** No column at all. */
export const nothing: ReadonlySet<string> = new Set();

export function volatileColumns(table: MadeTable): ReadonlySet<string> {
  return new Set(
    table.columns
      .filter(
        ({ default: given, identity }) =>
          identity !== undefined || /nextval|now|random|CURRENT/.test(given ?? ""),
      )
      .map(({ name }) => name),
  );
}

export function columnList(columns: readonly MadeColumn[]): string {
  return columns.map(({ name }) => `"${name}"`).join(", ");
}

/** An INSERT that names every column but generated ones, with DEFAULT for what it does not give. */
export function insert(
  table: MadeTable,
  seeds: Seeds,
  variant: number,
  style: "all" | "required" | "nulls",
  fixed: Readonly<Record<string, string>> = {},
): { readonly sql: string; readonly values: readonly (string | null)[] } {
  const targets = table.columns.filter(({ generated }) => generated === undefined);
  const values: (string | null)[] = [];
  const list = targets.map((column) => {
    const own = fixed[column.name];
    if (own === undefined) {
      const has =
        column.default !== undefined || column.identity !== undefined || column.type === "cents";
      if (column.identity === "ALWAYS") return "DEFAULT";
      if (style === "required" && (has || column.nullable)) return "DEFAULT";
    }
    const empty = style === "nulls" && column.nullable && own === undefined;
    values.push(empty ? null : (own ?? valueOf(table, column, seeds, variant)));
    return `$${values.length}`;
  });
  return {
    sql: `INSERT INTO "${table.name}" (${columnList(targets)}) VALUES (${list.join(", ")}) RETURNING ${columnList(table.columns)}`,
    values,
  };
}

export function upsert(
  table: MadeTable,
  target: {
    readonly name: string;
    readonly columns: readonly string[];
    readonly where?: string | undefined;
    readonly expression?: string | undefined;
  },
  seeds: Seeds,
): Scenario {
  const columns = target.columns.map((name) => `"${name}"`).join(", ");
  const where = target.where === undefined ? "" : ` WHERE ${target.where}`;
  const arbiter = `ON CONFLICT (${target.expression ?? columns})${where}`;
  const set = table.columns.find(
    ({ name, generated, identity }) =>
      generated === undefined && identity === undefined && !target.columns.includes(name),
  );
  const action =
    set === undefined ? "DO NOTHING" : `DO UPDATE SET "${set.name}" = EXCLUDED."${set.name}"`;
  const sent = (variant: number, fixed: Readonly<Record<string, string>>) => {
    const { sql, values } = insert(table, seeds, variant, "all", fixed);
    return { sql: sql.replace(" RETURNING ", ` ${arbiter} ${action} RETURNING `), values };
  };
  const key = Object.fromEntries(
    target.columns.flatMap((name): [string, string][] => {
      const column = table.columns.find((one) => one.name === name)!;
      return column.identity === "ALWAYS" ? [] : [[name, valueOf(table, column, seeds, 8)]];
    }),
  );
  return {
    name: `${table.name} upsert ${target.name}`,
    statements: [sent(8, {}), sent(9, key)],
    volatile: volatileColumns(table),
    free: nothing,
  };
}

/** A new parent with a new child; then the parent goes. */
export function deleteParent(
  table: MadeTable,
  child: MadeTable,
  parent: MadeTable["parents"][number],
  seeds: Seeds,
): Scenario {
  const [key] = table.primaryKey as [string];
  const made = insert(table, seeds, 10, "all");
  const column = table.columns.find(({ name }) => name === key)!;
  // The key that the database has just made up, where it makes one up.
  const reference =
    column.identity === "ALWAYS"
      ? `(SELECT max("${key}") FROM "${table.name}")`
      : `'${valueOf(table, column, seeds, 10)}'`;
  const born = insert(child, seeds, 11, "all", { [parent.column]: "0" });
  const targets = child.columns.filter(({ generated }) => generated === undefined);
  const at = targets.findIndex(({ name }) => name === parent.column);
  const before = targets.slice(0, at).filter(({ identity }) => identity !== "ALWAYS").length;
  const values = born.values.filter((_, place) => place !== before);
  const sql = born.sql.replaceAll(/\$(\d+)/g, (_, digits: string) => {
    const place = Number(digits) - 1;
    if (place === before) return reference;
    return `$${place < before ? place + 1 : place}`;
  });
  return {
    name: `${table.name} delete with child in ${child.name}.${parent.column}`,
    statements: [
      made,
      { sql, values },
      { sql: `DELETE FROM "${table.name}" WHERE "${key}" = ${reference}`, values: [] },
    ],
    volatile: nothing,
    free: nothing,
  };
}
