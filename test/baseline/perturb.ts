import type { Catalog, Column, Table } from "../../src/catalog/index.ts";
import { quoteIdent, quoteQualified } from "../../src/sql/index.ts";

/** A change that somebody makes by hand, and how it must be named. */
export interface Perturbation {
  readonly kind: (typeof kinds)[number];
  readonly sql: string;
  readonly done: "dropped" | "added" | "changed" | "renamed";
  /** Key of what is changed, as prints have it. */
  readonly key: string;
}

export const kinds = [
  "column dropped",
  "column added",
  "index dropped",
  "type changed",
  "default changed",
  "constraint dropped",
  "NOT NULL dropped",
  "table renamed",
  "index added",
] as const;

/**
 * All perturbations of one kind that a catalog allows, each of one object that nothing else hangs on.
 * @param isFree false for what the migrations at hand touch: there another prefix would explain the database as well
 */
export function perturbations(
  kind: Perturbation["kind"],
  catalog: Catalog,
  isFree: (key: string) => boolean,
): readonly Perturbation[] {
  const makes = makers[kind];
  const read = textsOf(catalog);
  return Object.entries(catalog.tables)
    .filter(([name, table]) => table.kind === "table" && isFree(`table ${name}`))
    .flatMap(([name, table]) =>
      makes({ name, table, isPlain: (column) => isPlain(column, table, read) }),
    )
    .filter(({ key }) => isFree(key))
    .map((one) => ({ kind, ...one }));
}

interface Place {
  readonly name: string;
  readonly table: Table;
  readonly isPlain: (column: Column) => boolean;
}

type Made = Omit<Perturbation, "kind">;

const makers: Readonly<Record<Perturbation["kind"], (place: Place) => readonly Made[]>> = {
  "column dropped": (place) =>
    columns(place, () => true).map((column) => ({
      sql: `ALTER TABLE ${own(place)} DROP COLUMN ${quoteIdent(column.name)}`,
      done: "dropped",
      key: keyOf(place, column),
    })),
  "column added": (place) => [
    {
      sql: `ALTER TABLE ${own(place)} ADD COLUMN by_hand integer`,
      done: "added",
      key: `column ${place.name}.by_hand`,
    },
  ],
  "index dropped": (place) =>
    place.table.indexes
      .filter(({ constraint, unique }) => constraint === null && !unique)
      .map((index) => ({
        sql: `DROP INDEX ${quoteQualified(place.table.schema, index.name)}`,
        done: "dropped",
        key: `index ${place.table.schema}.${printed(index.name)}`,
      })),
  "type changed": (place) =>
    columns(
      place,
      ({ type, default: fallback }) => fallback === null && type.text in otherType,
    ).map((column) => ({
      sql: `ALTER TABLE ${own(place)} ALTER COLUMN ${quoteIdent(column.name)} TYPE ${otherType[column.type.text]!}`,
      done: "changed",
      key: keyOf(place, column),
    })),
  "default changed": (place) =>
    columns(
      place,
      // Where there is none, SET DEFAULT NULL changes nothing.
      ({ type, default: fallback }) =>
        type.text in otherDefault && (type.text !== "boolean" || fallback !== null),
    ).map((column) => ({
      sql: `ALTER TABLE ${own(place)} ALTER COLUMN ${quoteIdent(column.name)} SET DEFAULT ${otherDefault[column.type.text]!}`,
      done: "changed",
      key: keyOf(place, column),
    })),
  "constraint dropped": (place) =>
    place.table.constraints
      .filter(({ kind }) => kind === "foreign-key" || kind === "check")
      .map((constraint) => ({
        sql: `ALTER TABLE ${own(place)} DROP CONSTRAINT ${quoteIdent(constraint.name)}`,
        done: "dropped",
        key: `constraint ${place.name}.${printed(constraint.name)}`,
      })),
  "NOT NULL dropped": (place) =>
    columns(place, ({ nullable }) => !nullable).map((column) => ({
      sql: `ALTER TABLE ${own(place)} ALTER COLUMN ${quoteIdent(column.name)} DROP NOT NULL`,
      done: "changed",
      key: keyOf(place, column),
    })),
  "table renamed": (place) => [
    {
      sql: `ALTER TABLE ${own(place)} RENAME TO renamed_by_hand`,
      done: "renamed",
      key: `table ${place.name}`,
    },
  ],
  "index added": (place) => {
    const [column] = columns(place, ({ type }) => type.text === "text");
    return column === undefined
      ? []
      : [
          {
            sql: `CREATE INDEX by_hand ON ${own(place)} (${quoteIdent(column.name)})`,
            done: "added",
            key: `index ${place.table.schema}.by_hand`,
          },
        ];
  },
};

const otherType: Readonly<Record<string, string>> = {
  text: "character varying(4000)",
  integer: "bigint",
  "timestamp without time zone": "timestamp with time zone",
  "timestamp(3) without time zone": "timestamp with time zone",
};

const otherDefault: Readonly<Record<string, string>> = {
  text: "'by hand'",
  integer: "4711",
  boolean: "NULL",
};

function own({ table }: Place): string {
  return quoteQualified(table.schema, table.name);
}

function printed(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name}"`;
}

function keyOf({ name }: Place, column: Column): string {
  return `column ${name}.${printed(column.name)}`;
}

function columns({ table, isPlain: plain }: Place, fits: (column: Column) => boolean) {
  return table.columns.filter((column) => plain(column) && fits(column));
}

/** A column that no index, constraint, view, policy or trigger speaks of. */
function isPlain(
  { name, identity, generated, default: fallback }: Column,
  table: Table,
  texts: string,
): boolean {
  if (identity !== null || generated !== null || fallback?.startsWith("nextval(") === true)
    return false;
  const parts = [...table.constraints, ...table.indexes].map(({ definition }) => definition);
  return ![...parts, texts].some((text) => text.includes(name));
}

/** Definitions in which any column may be named. */
function textsOf({ views, materializedViews, policies, triggers, tables }: Catalog): string {
  const keys = Object.values(tables).flatMap(({ constraints }) =>
    constraints.flatMap((one) => (one.kind === "foreign-key" ? one.references.columns : [])),
  );
  return JSON.stringify([views, materializedViews, policies, triggers, keys]);
}
