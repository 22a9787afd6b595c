import { createRequire } from "node:module";
import { join } from "node:path";
import { qualifiedName, type Catalog } from "../../../src/catalog/index.ts";
import { describeColumns, uniquesOf } from "./from-catalog.ts";
import type { Condition, MappedField, MappedModel, Mapper, Row } from "./mapper.ts";
import type { NestedConnection } from "./nested.ts";

interface Attribute {
  readonly field: string;
  readonly fieldName: string;
  readonly primaryKey?: boolean;
  readonly defaultValue?: unknown;
  readonly type: { readonly key?: string };
}

interface Association {
  readonly as: string;
  readonly associationType: string;
  readonly target: Model;
  readonly through?: { readonly model: Model };
  readonly accessors: Readonly<Record<string, string>>;
}

interface Model {
  readonly name: string;
  readonly rawAttributes: Readonly<Record<string, Attribute>>;
  readonly associations: Readonly<Record<string, Association>>;
  readonly _timestampAttributes: Readonly<Record<string, string>>;
  getTableName(): string | { readonly schema: string; readonly tableName: string };
  findAll(options: object): Promise<readonly Instance[]>;
  findOne(options: object): Promise<Instance | null>;
  create(row: object): Promise<Instance>;
  bulkCreate(rows: readonly object[], options: object): Promise<readonly Instance[]>;
  update(row: object, options: object): Promise<unknown>;
  upsert(row: object, options: object): Promise<unknown>;
  increment(name: string, options: object): Promise<unknown>;
  destroy(options: object): Promise<unknown>;
  count(options: object): Promise<number>;
}

type Instance = Readonly<Record<string, unknown>> & {
  get(options: { readonly plain: true }): Readonly<Record<string, unknown>>;
};

interface Sequelize {
  readonly options: object;
  readonly models: Readonly<Record<string, Model>>;
  readonly connectionManager: { lib: object };
  close(): Promise<void>;
}

interface Package {
  readonly Op: Readonly<Record<"gt" | "iLike" | "eq", symbol>>;
}

/** The project's own Sequelize over one connection. */
export async function openSequelize(
  root: string,
  connection: NestedConnection,
  catalog: Catalog,
): Promise<Mapper> {
  const load = createRequire(join(root, "package.json"));
  const { sequelize } = load("./models/index.js") as { readonly sequelize: Sequelize };
  const { Op } = load("sequelize") as Package;
  const own = connection.forOrm();
  // Sequelize makes a client for each connection of its pool: this one, whatever it asks for.
  sequelize.connectionManager.lib = {
    ...sequelize.connectionManager.lib,
    Client: function OneClient() {
      return own;
    },
  };
  const { models } = sequelize;
  const attribute = (model: string, name: string) =>
    Object.values(models[model]!.rawAttributes).find(({ field }) => field === name)!.fieldName;
  const values = (model: string, row: Row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [attribute(model, name), value]));
  const condition = (model: string, { field, is, value }: Condition) => {
    const name = attribute(model, field);
    if (is === "containing") return { [name]: { [Op.iLike]: "%x%" } };
    return { [name]: { [is === "above" ? Op.gt : Op.eq]: value } };
  };
  const row = (model: string, found: Instance): Row => {
    const plain = found.get({ plain: true });
    return Object.fromEntries(
      Object.values(models[model]!.rawAttributes)
        .filter(({ fieldName }) => fieldName in plain)
        .map(({ field, fieldName }) => [field, plain[fieldName]]),
    );
  };
  const linked = async (model: string, relation: string, key: Row, other: Row, how: string) => {
    const { [relation]: association } = models[model]!.associations;
    const one = await models[model]!.findOne({ where: values(model, key), paranoid: false });
    const two = await association!.target.findOne({
      where: values(association!.target.name, other),
      paranoid: false,
    });
    return (one![association!.accessors[how]!] as (two: unknown) => Promise<unknown>)(two);
  };
  return {
    models: Object.values(models).map((model) => modelOf(model, catalog)),
    find: async (model, { where = [], select, order, load }) => {
      const found = await models[model]!.findAll({
        where: Object.assign({}, ...where.map((one) => condition(model, one))) as object,
        ...(select === undefined ? {} : { attributes: [attribute(model, select)] }),
        ...(order === undefined ? {} : { order: [[attribute(model, order), "ASC"]] }),
        ...(load === undefined ? {} : { include: load }),
        paranoid: false,
        limit: where.length === 0 && order === undefined ? 3 : 10,
      });
      return found.map((one) => row(model, one));
    },
    insert: async (model, data) => row(model, await models[model]!.create(values(model, data))),
    insertNew: async (model, data) => {
      const before = await models[model]!.count({ paranoid: false });
      await models[model]!.bulkCreate([values(model, data)], { ignoreDuplicates: true });
      return (await models[model]!.count({ paranoid: false })) - before;
    },
    update: (model, key, data) =>
      models[model]!.update(values(model, data), { where: values(model, key), paranoid: false }),
    upsert: (model, data, unique) =>
      models[model]!.upsert(values(model, data), {
        conflictFields: unique.map((name) => attribute(model, name)),
      }),
    increment: (model, key, field, by) =>
      models[model]!.increment(attribute(model, field), { by, where: values(model, key) }),
    remove: (model, key) => models[model]!.destroy({ where: values(model, key), force: true }),
    link: (model, relation, key, other) => linked(model, relation, key, other, "add"),
    unlink: (model, relation, key, other) => linked(model, relation, key, other, "remove"),
    close: () => sequelize.close(),
  };
}

function tableOf(model: Model): string {
  const table = model.getTableName();
  return typeof table === "string"
    ? qualifiedName("public", table)
    : qualifiedName(table.schema === "" ? "public" : table.schema, table.tableName);
}

function modelOf(model: Model, catalog: Catalog): MappedModel {
  const table = tableOf(model);
  const known = describeColumns(table, catalog);
  const dated = new Set(Object.values(model._timestampAttributes));
  const fields = Object.values(model.rawAttributes)
    .filter(({ type }) => type.key !== "VIRTUAL")
    .map((attribute): MappedField => {
      const described = known(attribute.field);
      return {
        ...described,
        form: attribute.type.key === "RANGE" ? "range" : "plain",
        key: attribute.primaryKey === true,
        // What Sequelize writes when it is left away.
        defaulted: described.defaulted || attribute.defaultValue !== undefined,
        ...(dated.has(attribute.fieldName) ? { made: true } : {}),
        inserted: true,
        updated: true,
        queried: attribute.type.key !== "RANGE",
      };
    });
  const associations = Object.values(model.associations);
  return {
    name: model.name,
    table,
    isView: false,
    fields,
    uniques: uniquesOf(table, catalog),
    relations: associations.map(({ as }) => as),
    links: associations
      .filter(({ associationType }) => associationType === "BelongsToMany")
      .map(({ as, target, through }) => ({
        relation: as,
        target: target.name,
        table: tableOf(through!.model),
      })),
    calls: [],
  };
}
