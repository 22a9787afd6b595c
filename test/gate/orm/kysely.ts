import {
  Kysely,
  PostgresDialect,
  sql,
  type ExpressionBuilder,
  type ReferenceExpression,
} from "kysely";
import type { Catalog } from "../../../src/catalog/index.ts";
import { describeColumns, uniquesOf } from "./from-catalog.ts";
import type { Condition, MappedModel, Mapper, Row } from "./mapper.ts";
import type { NestedConnection } from "./nested.ts";

type Database = Record<string, Record<string, unknown>>;

/** Kysely over one connection. It has no models: the tables and views that its types name are taken for them. */
export async function openKysely(
  _: string,
  connection: NestedConnection,
  catalog: Catalog,
): Promise<Mapper> {
  const own = connection.forOrm();
  const db = new Kysely<Database>({
    dialect: new PostgresDialect({
      pool: { connect: async () => own, end: async () => {} },
    }),
  });
  const models = [...Object.keys(catalog.tables), ...Object.keys(catalog.views)].map((table) =>
    modelOf(table, catalog),
  );
  const names = new Map(models.map(({ name }) => [name, nameFor(name, catalog)]));
  const of = (model: string) => names.get(model)!;
  const keyed = (key: Row) => (expressions: ExpressionBuilder<Database, string>) =>
    expressions.and(key);
  const operator = { equal: "=", above: ">", containing: "ilike" } as const;
  return {
    models,
    find: async (model, { where = [], select, order }) => {
      const from = db.selectFrom(of(model));
      let query = select === undefined ? from.selectAll() : from.select(select);
      for (const { field, is, value } of where)
        query = query.where(field, operator[is], operand({ field, is, value }));
      if (order !== undefined)
        query = query.orderBy(order as ReferenceExpression<Database, string>);
      return query.limit(where.length === 0 && order === undefined ? 3 : 10).execute();
    },
    insert: (model, row) => {
      const into = db.insertInto(of(model));
      const query = Object.keys(row).length === 0 ? into.defaultValues() : into.values(row);
      return query.returningAll().executeTakeFirstOrThrow();
    },
    insertNew: async (model, row) => {
      const query = db.insertInto(of(model)).values(row);
      const made = await query.onConflict((conflict) => conflict.doNothing()).executeTakeFirst();
      return Number(made.numInsertedOrUpdatedRows);
    },
    update: (model, key, row) => db.updateTable(of(model)).set(row).where(keyed(key)).execute(),
    upsert: (model, row, unique) =>
      db
        .insertInto(of(model))
        .values(row)
        .onConflict((conflict) => conflict.columns([...unique]).doUpdateSet(row))
        .execute(),
    increment: (model, key, field, by) =>
      db
        .updateTable(of(model))
        .set({ [field]: sql`${sql.ref(field)} + ${by}` })
        .where(keyed(key))
        .execute(),
    remove: (model, key) => db.deleteFrom(of(model)).where(keyed(key)).execute(),
    link: () => Promise.reject(new Error("Kysely knows no relations")),
    unlink: () => Promise.reject(new Error("Kysely knows no relations")),
    close: () => db.destroy(),
  };
}

function operand({ is, value }: Condition): unknown {
  return is === "containing" ? "%x%" : value;
}

/** As the types' interface writes it: `public` is left away. */
function nameFor(table: string, catalog: Catalog): string {
  const { schema, name } = catalog.tables[table] ?? catalog.views[table]!;
  return schema === "public" ? name : `${schema}.${name}`;
}

function modelOf(table: string, catalog: Catalog): MappedModel {
  const found = catalog.tables[table];
  const known = describeColumns(table, catalog);
  const key = new Set(
    found?.constraints.flatMap((one) => (one.kind === "primary-key" ? one.columns : [])),
  );
  const { columns } = found ?? catalog.views[table]!;
  return {
    name: table,
    table,
    isView: found === undefined,
    fields: columns.map(({ name }) => ({
      ...known(name),
      form: "plain",
      key: key.has(name),
      inserted: true,
      updated: true,
      queried: true,
    })),
    uniques: uniquesOf(table, catalog),
    relations: [],
    links: [],
    calls: [],
  };
}
