import {
  and,
  eq,
  getTableColumns,
  getViewSelectedFields,
  gt,
  ilike,
  is,
  sql,
  type Column,
  type SQL,
} from "drizzle-orm";
import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres";
import {
  getMaterializedViewConfig,
  getTableConfig,
  getViewConfig,
  PgMaterializedView,
  PgTable,
  PgView,
  type PgColumn,
} from "drizzle-orm/pg-core";
import { qualifiedName, type Catalog } from "../../../src/catalog/index.ts";
import * as schema from "../../contract/fixtures/drizzle/schema/index.ts";
import { describeColumns, uniquesOf } from "./from-catalog.ts";
import type { Condition, MappedField, MappedModel, Mapper, OwnCall, Row } from "./mapper.ts";
import type { NestedConnection } from "./nested.ts";

type Columns = Readonly<Record<string, PgColumn>>;

/** A table or view of the schema modules. */
interface Source {
  readonly name: string;
  readonly table: string;
  readonly relation: PgTable | PgView | PgMaterializedView;
  /** By the names of properties. */
  readonly columns: Columns;
}

interface RelationalQueries {
  findMany(options: object): Promise<readonly Row[]>;
}

/** The real client of Drizzle over one connection, with the schema modules of the fixture. */
export async function openDrizzle(
  _: string,
  connection: NestedConnection,
  catalog: Catalog,
): Promise<Mapper> {
  const db = drizzle(connection.forOrm(), { schema });
  const sources = new Map(sourcesIn().map((one) => [one.name, one]));
  const of = (model: string) => sources.get(model)!;
  const table = (model: string) => of(model).relation as PgTable;
  const column = (model: string, name: string) => entryOf(of(model), name)[1];
  /** By the names of columns. */
  const row = (model: string, found: Row): Row =>
    Object.fromEntries(
      Object.entries(of(model).columns)
        .filter(([key]) => key in found)
        .map(([key, one]) => [one.name, found[key]]),
    );
  /** By the names of properties. */
  const values: Values = (model, given) =>
    Object.fromEntries(
      Object.entries(given).map(([name, value]) => [entryOf(of(model), name)[0], value]),
    ) as Record<string, never>;
  const keyed = (model: string, key: Row) =>
    and(...Object.entries(key).map(([name, value]) => eq(column(model, name), value)));
  const insert = async (model: string, data: Row) => {
    const made = (await db
      .insert(table(model))
      .values(values(model, data))
      .returning()) as readonly Row[];
    return row(model, made[0]!);
  };
  return {
    models: [...sources.values()].map((source) => modelOf(source, catalog, db, values)),
    find: async (model, { where = [], select, order, load }) => {
      const limit = where.length === 0 && order === undefined ? 3 : 10;
      if (load !== undefined) {
        const queries = db.query as unknown as Readonly<Record<string, RelationalQueries>>;
        const found = await queries[model]!.findMany({ with: { [load]: true }, limit });
        return found.map((one) => row(model, one));
      }
      const chosen = select === undefined ? undefined : entryOf(of(model), select);
      const from =
        chosen === undefined
          ? db.select().from(table(model))
          : db.select({ [chosen[0]]: chosen[1] }).from(table(model));
      let query = from.where(
        and(...where.map((one) => conditionOf(column(model, one.field), one))),
      );
      if (order !== undefined) query = query.orderBy(column(model, order)) as never;
      const found = (await query.limit(limit)) as readonly Row[];
      return found.map((one) => row(model, one));
    },
    insert,
    insertNew: async (model, data) => {
      const made = await db.insert(table(model)).values(values(model, data)).onConflictDoNothing();
      return made.rowCount ?? 0;
    },
    update: async (model, key, data) =>
      db.update(table(model)).set(values(model, data)).where(keyed(model, key)),
    upsert: async (model, data, unique) =>
      db
        .insert(table(model))
        .values(values(model, data))
        .onConflictDoUpdate({
          target: unique.map((name) => column(model, name)),
          set: values(model, data),
        }),
    increment: async (model, key, field, by) => {
      const [property, own] = entryOf(of(model), field);
      await db
        .update(table(model))
        .set({ [property]: sql`${own} + ${by}` })
        .where(keyed(model, key));
    },
    remove: async (model, key) => db.delete(table(model)).where(keyed(model, key)),
    link: () => Promise.reject(new Error("Drizzle's relations are tables of their own")),
    unlink: () => Promise.reject(new Error("Drizzle's relations are tables of their own")),
    close: () => Promise.resolve(),
  };
}

function sourcesIn(): readonly Source[] {
  return Object.entries(schema).flatMap(([name, relation]): readonly Source[] => {
    if (is(relation, PgTable)) {
      const { schema: home = "public", name: own } = getTableConfig(relation);
      return [
        { name, relation, table: qualifiedName(home, own), columns: getTableColumns(relation) },
      ];
    }
    if (!is(relation, PgView) && !is(relation, PgMaterializedView)) return [];
    const { schema: home = "public", name: own } = is(relation, PgView)
      ? getViewConfig(relation)
      : getMaterializedViewConfig(relation);
    const columns = getViewSelectedFields(relation) as unknown as Columns;
    return [{ name, relation, table: qualifiedName(home, own), columns }];
  });
}

/** A column by its name in the database, with the property that it is. */
function entryOf({ columns, name }: Source, column: string): readonly [string, PgColumn] {
  const found = Object.entries(columns).find(([, one]) => one.name === column);
  if (found === undefined) throw new Error(`no column ${column} in ${name}`);
  return found;
}

function conditionOf(column: Column, { is: how, value }: Condition): SQL {
  if (how === "containing") return ilike(column, "%x%");
  return how === "above" ? gt(column, value) : eq(column, value);
}

/** Data by the names of properties. */
type Values = (model: string, row: Row) => Record<string, never>;

function modelOf(
  { name, table, relation, columns }: Source,
  catalog: Catalog,
  db: NodePgDatabase<typeof schema>,
  values: Values,
): MappedModel {
  const known = describeColumns(table, catalog);
  const isView = !is(relation, PgTable);
  const keys = new Set(
    isView
      ? []
      : getTableConfig(relation).primaryKeys.flatMap((key) => key.columns.map((one) => one.name)),
  );
  const fields = Object.values(columns).map((column): MappedField => {
    const described = known(column.name);
    return {
      ...described,
      form: column.columnType === "PgPointObject" ? "point" : "plain",
      key: keys.has(column.name) || column.primary,
      defaulted:
        described.defaulted || column.defaultFn !== undefined || column.onUpdateFn !== undefined,
      inserted: true,
      updated: true,
      queried: true,
    };
  });
  return {
    name,
    table,
    isView,
    fields,
    uniques: uniquesOf(table, catalog),
    relations: relationsOf(name),
    links: [],
    calls: isView ? [] : ownCalls(relation, name, table, db, values),
  };
}

/** The relations that the schema modules declare for a table. */
function relationsOf(name: string): readonly string[] {
  const declared = (schema as unknown as Readonly<Record<string, { config?: unknown }>>)[
    `${name}Relations`
  ];
  if (typeof declared?.config !== "function") return [];
  const nothing = { withFieldName: () => ({}) };
  const helpers = { one: () => nothing, many: () => nothing };
  return Object.keys((declared.config as (with_: object) => object)(helpers));
}

/** What an application writes with Drizzle beside plain reads and writes. */
function ownCalls(
  relation: PgTable,
  name: string,
  table: string,
  db: NodePgDatabase<typeof schema>,
  values: Values,
): readonly OwnCall[] {
  return [
    { name: "count", table, run: async () => ({ counted: (await db.$count(relation)) > 0 }) },
    {
      name: "read in a transaction that locks",
      table,
      run: async () =>
        db.transaction(async (own) => ({
          read: (await own.select().from(relation).limit(1).for("update")).length,
        })),
    },
    ...Object.values(getTableColumns(relation))
      .filter(({ columnType }) => columnType === "PgJsonb")
      .map((column): OwnCall => ({
        // An object has no order of its keys.
        name: `where ${column.name} is equal`,
        table,
        run: async (row) => {
          const data = row();
          const same = Object.entries(data[column.name] as object).reverse();
          await db.insert(relation).values(values(name, data));
          const where = eq(column, Object.fromEntries(same));
          return { found: (await db.select().from(relation).where(where)).length };
        },
      })),
    {
      name: "insert several, prepared",
      table,
      run: async (row) => {
        const rows = [values(name, row()), values(name, row())];
        const made = await db
          .insert(relation)
          .values(rows)
          .onConflictDoNothing()
          .prepare("")
          .execute();
        return { written: made.rowCount };
      },
    },
  ];
}
