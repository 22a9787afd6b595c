import type { Exports, ModuleLoader } from "./module-loader.ts";
import type { OrmAnswer, OrmColumn, OrmRelation, OrmRequest } from "./orm-model.ts";
import { Stage } from "./source-child.ts";

/**
 * Runs in a process of its own: has Sequelize make the schema of the project's models on scratch, as `sync` does, and reads
 * from the models which values it writes itself.
 */
export async function sequelizeAnswer(
  { files, url }: OrmRequest,
  load: ModuleLoader,
): Promise<OrmAnswer> {
  const exported: Exports[] = [];
  for (const file of files) exported.push(await load.file(file));
  const sequelize = await instanceIn(exported);
  const models = sequelize.modelManager.models;
  if (models.length === 0) throw new Stage("models", "a Sequelize instance without models");
  sequelize.addHook("beforeConnect", (config) => leadTo(url, config));
  try {
    const schemas = new Set(models.map((model) => tableOf(model).schema));
    for (const schema of schemas)
      if (schema !== null)
        await sequelize.query(
          `CREATE SCHEMA IF NOT EXISTS ${sequelize.getQueryInterface().quoteIdentifier(schema, true)}`,
        );
    await sequelize.sync({ logging: false });
  } catch (error) {
    throw new Stage("database", error);
  } finally {
    await sequelize.close().catch(() => {});
  }
  return { relations: models.map(relationOf), own: [], sources: load.loaded() };
}

/** The instance that is exported, by itself or as a member (`db.sequelize`), or that the exported models belong to. */
async function instanceIn(exported: readonly Exports[]): Promise<Sequelize> {
  const found = new Set<Sequelize>();
  const look = async (value: unknown, depth: number): Promise<void> => {
    const settled: unknown = value instanceof Promise ? await value : value;
    if ((typeof settled !== "object" && typeof settled !== "function") || settled === null) return;
    if (isSequelize(settled)) found.add(settled);
    else if (isSequelize((settled as { sequelize?: unknown }).sequelize))
      found.add((settled as { sequelize: Sequelize }).sequelize);
    else if (depth > 0 && typeof settled === "object")
      for (const one of Object.values(settled)) await look(one, depth - 1);
  };
  for (const each of exported) await look(each, 2);
  const all = [...found];
  const fitting = all.filter((one) => one.getDialect() === "postgres");
  if (all.length === 0) throw new Stage("models", "no Sequelize instance and no model");
  if (fitting.length === 0)
    throw new Stage("models", `an instance for ${all[0]!.getDialect()}, not postgres`);
  if (fitting.length > 1)
    throw new Stage("models", `${fitting.length} instances for PostgreSQL, where one is meant`);
  return fitting[0]!;
}

function isSequelize(value: unknown): value is Sequelize {
  const { getDialect, modelManager } = (value ?? {}) as Partial<Sequelize>;
  return typeof getDialect === "function" && modelManager !== undefined;
}

/** Every connection goes to scratch, whatever the instance was made with. */
function leadTo(url: string, config: Record<string, unknown>): void {
  const { hostname, port, username, password, pathname } = new URL(url);
  Object.assign(config, {
    host: decodeURIComponent(hostname),
    port: Number(port),
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
    ssl: false,
    dialectOptions: {},
  });
}

function tableOf(model: Model): { readonly schema: string | null; readonly name: string } {
  const table = model.getTableName();
  if (typeof table === "string") return { schema: null, name: table };
  return { schema: table.schema === "" ? null : table.schema, name: table.tableName };
}

function relationOf(model: Model): OrmRelation {
  const { name } = model;
  return {
    ...tableOf(model),
    home: { model: name },
    access: ["select", "insert", "update", "delete"],
    columns: Object.values(model.rawAttributes)
      .filter(({ type }) => type.key !== "VIRTUAL")
      .map((attribute) => columnOf(model, attribute)),
    constraints: (model.options.indexes ?? []).flatMap((index) =>
      index.name === undefined ? [] : [index.name],
    ),
  };
}

function columnOf(model: Model, attribute: Attribute): OrmColumn {
  const { fieldName, field } = attribute;
  const alias = Object.values(model.associations).find(
    ({ foreignKey, associationType }) =>
      foreignKey === fieldName && associationType === "BelongsTo",
  )?.as;
  const dated = Object.values(model._timestampAttributes).includes(fieldName);
  return {
    name: field,
    homes: [
      { model: model.name, member: fieldName },
      ...(alias === undefined ? [] : [{ model: model.name, member: alias }]),
      { model: model.name },
    ],
    // `build` fills in what has a default, in JavaScript or as an expression, and every INSERT has it.
    supplied: attribute.defaultValue !== undefined || dated,
    used: true,
    given: true,
  };
}

/** What is used of a Sequelize instance. */
interface Sequelize {
  readonly modelManager: { readonly models: readonly Model[] };
  getDialect(): string;
  addHook(name: string, hook: (config: Record<string, unknown>) => void): void;
  query(sql: string): Promise<unknown>;
  sync(options: object): Promise<unknown>;
  close(): Promise<void>;
  getQueryInterface(): { quoteIdentifier(name: string, force: boolean): string };
}

interface Model {
  readonly name: string;
  readonly options: { readonly indexes?: readonly { readonly name?: string }[] };
  readonly rawAttributes: Readonly<Record<string, Attribute>>;
  readonly associations: Readonly<
    Record<
      string,
      { readonly foreignKey: string; readonly associationType: string; readonly as: string }
    >
  >;
  readonly _timestampAttributes: Readonly<Record<string, string>>;
  getTableName(): string | { readonly schema: string; readonly tableName: string };
}

interface Attribute {
  readonly field: string;
  readonly fieldName: string;
  readonly type: { readonly key?: string };
  readonly defaultValue?: unknown;
}
