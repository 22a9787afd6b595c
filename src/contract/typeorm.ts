import { glob } from "tinyglobby";
import type { Access } from "./contract.ts";
import type { Exports, ModuleLoader } from "./module-loader.ts";
import type { OrmAnswer, OrmColumn, OrmHome, OrmRelation, OrmRequest } from "./orm-model.ts";
import { Stage } from "./source-child.ts";

/**
 * Runs in a process of its own: has TypeORM make the schema of the project's entities on scratch, as `schema:sync` would,
 * and reads from its metadata what it does with each column.
 */
export async function typeormAnswer(
  { root, files, url }: OrmRequest,
  load: ModuleLoader,
): Promise<OrmAnswer> {
  const exported: Exports[] = [];
  for (const file of files) exported.push(await load.file(file));
  const found = await dataSourceIn(exported);
  const given = found?.options ?? {};
  const named = await entitiesOf(given.entities, root, load);
  const entities = named.length > 0 ? named : classesIn(exported);
  if (entities.length === 0)
    throw new Stage("models", nothingNamed(given.entities, found !== undefined));
  const DataSource =
    found?.DataSource ?? (await load.package<{ DataSource: NewDataSource }>("typeorm")).DataSource;
  const source = new DataSource({
    ...kept(given),
    type: "postgres",
    url,
    entities,
  });
  try {
    await source.initialize();
  } catch (error) {
    throw new Stage(isFromServer(error) ? "database" : "orm", error);
  }
  try {
    return { ...(await made(source)), sources: load.loaded() };
  } finally {
    await source.destroy();
  }
}

/** Options of a data source that have a say in names and types; what connects, listens or migrates is left away. */
function kept(options: Options): Options {
  const { schema, entityPrefix, namingStrategy, uuidExtension, metadataTableName } = options;
  const { useUTC, parseInt8, extensions, isolateWhereStatements } = options;
  const all = { schema, entityPrefix, namingStrategy, uuidExtension, metadataTableName };
  return Object.fromEntries(
    Object.entries({ ...all, useUTC, parseInt8, extensions, isolateWhereStatements }).filter(
      ([, value]) => value !== undefined,
    ),
  );
}

async function made(source: DataSource): Promise<Omit<OrmAnswer, "sources">> {
  const metadatas = source.entityMetadatas.filter(({ tableType }) => tableType !== "entity-child");
  const lateViews = metadatas.filter(
    ({ tableType, synchronize }) => tableType === "view" && !synchronize,
  );
  // Tables that are left to somebody else are written and read all the same.
  for (const one of metadatas) if (one.tableType !== "view") one.synchronize = true;
  const schemas = new Set(
    metadatas.flatMap(({ schema }) => (schema === undefined ? [] : [schema])),
  );
  const skipped = new Set<Metadata>();
  try {
    for (const schema of schemas)
      await source.query(`CREATE SCHEMA IF NOT EXISTS ${source.driver.escape(schema)}`);
    await source.driver.createSchemaBuilder().build();
    for (const view of lateViews) if (!(await madeView(source, view))) skipped.add(view);
  } catch (error) {
    throw new Stage("database", error);
  }
  return {
    relations: metadatas
      .filter((one) => !skipped.has(one))
      .map((one) => relationOf(one, source.entityMetadatas)),
    own: [source.options.metadataTableName ?? "typeorm_metadata"],
  };
}

/** A view that another makes can be made here only where its entity says how. */
async function madeView(source: DataSource, view: Metadata): Promise<boolean> {
  const { expression } = view;
  const query =
    typeof expression === "function" ? expression(source).getQuery() : (expression ?? "");
  if (query.trim() === "") return false;
  const name = view.tablePath.split(".").map((part) => source.driver.escape(part));
  const kind = view.tableMetadataArgs.materialized === true ? "MATERIALIZED VIEW" : "VIEW";
  await source.query(`CREATE ${kind} ${name.join(".")} AS ${query}`);
  return true;
}

function relationOf(metadata: Metadata, all: readonly Metadata[]): OrmRelation {
  const home = homeOf(metadata, all);
  return {
    schema: metadata.schema ?? null,
    name: metadata.tableName,
    home,
    access: accessTo(metadata),
    columns: metadata.columns
      .filter(({ isVirtualProperty }) => !isVirtualProperty)
      .map((column) => columnOf(column, home)),
    constraints: [
      ...metadata.checks,
      ...metadata.exclusions,
      ...metadata.indices,
      ...metadata.uniques,
      ...metadata.foreignKeys,
    ].flatMap(({ name }) => (name === undefined ? [] : [name])),
  };
}

function accessTo({ tableType }: Metadata): readonly Access[] {
  switch (tableType) {
    case "view":
      return ["select"];
    case "junction":
    case "closure-junction":
      return ["select", "insert", "delete"];
    default:
      return ["select", "insert", "update", "delete"];
  }
}

/** The entity's class or name; for a table between two entities the relation that asks for it. */
function homeOf(metadata: Metadata, all: readonly Metadata[]): OrmHome | undefined {
  if (metadata.parentClosureEntityMetadata !== undefined)
    return { model: metadata.parentClosureEntityMetadata.targetName };
  if (metadata.tableType !== "junction") return { model: metadata.targetName };
  const relations = all.flatMap(({ ownRelations }) => ownRelations);
  const owner = relations.find(
    ({ isOwning, junctionEntityMetadata }) => isOwning && junctionEntityMetadata === metadata,
  );
  return owner && { model: nameOf(owner.target), member: owner.propertyName };
}

function columnOf(column: ColumnMetadata, home: OrmHome | undefined): OrmColumn {
  const { embeddedMetadata: embedded, isInsert, isUpdate, isSelect } = column;
  const own = column.target === undefined ? [] : [nameOf(column.target)];
  const model = home === undefined ? [] : [home.model];
  const members = embedded === undefined ? [column.propertyName] : [embedded.propertyName];
  return {
    name: column.databaseName,
    homes: [
      ...(embedded === undefined
        ? []
        : [{ model: nameOf(embedded.type), member: column.propertyName }]),
      ...[...own, ...model].flatMap((name) => members.map((member) => ({ model: name, member }))),
      ...(home === undefined ? [] : [home]),
    ],
    // As InsertQueryBuilder writes them; it writes DEFAULT for everything else that has no value.
    supplied: column.isVersion || column.isDiscriminator || column.isTreeLevel,
    used: isInsert || isUpdate || isSelect,
    given: isInsert && !(column.isGenerated && column.generationStrategy === "increment"),
    // PostgresDriver.prepareHydratedValue parses what comes for a property that is only known to be a number.
    ...(column.type === Number ? { reads: "number" as const } : {}),
  };
}

function nameOf(target: unknown): string {
  return typeof target === "function" ? target.name : String(target);
}

/** The one data source for Postgres among what is exported, its options in a plain object included. */
async function dataSourceIn(
  exported: readonly Exports[],
): Promise<{ readonly options: Options; readonly DataSource?: NewDataSource } | undefined> {
  const values: unknown[] = [];
  for (const each of exported)
    for (const value of Object.values(each)) {
      const settled: unknown = value instanceof Promise ? await value : value;
      if (isObject(settled) && !values.includes(settled)) values.push(settled);
    }
  const sources = values.filter(isDataSource);
  const options = sources.length > 0 ? [] : values.filter(isOptions);
  const all = [
    ...sources.map((one) => ({
      options: one.options,
      DataSource: one.constructor as NewDataSource,
    })),
    ...options.map((one) => ({ options: one })),
  ];
  const fitting = all.filter(({ options: { type } }) => isPostgres(type));
  if (all.length > 0 && fitting.length === 0)
    throw new Stage("models", `a data source of type "${all[0]!.options.type}", not "postgres"`);
  if (fitting.length > 1)
    throw new Stage("models", `${fitting.length} data sources for PostgreSQL, where one is meant`);
  return fitting[0];
}

function isPostgres(type: unknown): boolean {
  return type === "postgres" || type === "aurora-postgres";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isDataSource(value: unknown): value is DataSource {
  const mark = (value as { readonly "@instanceof"?: unknown })["@instanceof"];
  return mark === Symbol.for("DataSource");
}

function isOptions(value: unknown): value is Options {
  return typeof (value as Options).type === "string" && "entities" in (value as Options);
}

/** Entities as classes and schemas: patterns are resolved here, with the loader that knows TypeScript. */
async function entitiesOf(
  given: Options["entities"],
  root: string,
  load: ModuleLoader,
): Promise<readonly unknown[]> {
  const list = given === undefined ? [] : Object.values(given);
  const patterns = list.filter((one): one is string => typeof one === "string");
  const files =
    patterns.length === 0
      ? []
      : await glob(patterns, { cwd: root, absolute: true, ignore: ["**/*.d.ts", "**/*.map"] });
  const modules: Exports[] = [];
  for (const file of files.sort()) modules.push(await load.file(file));
  return [...list.filter((one) => typeof one !== "string"), ...classesIn(modules)];
}

/** Exported classes and entity schemas; TypeORM passes over a class that is no entity. */
function classesIn(modules: readonly Exports[]): readonly unknown[] {
  const values = modules.flatMap((one) =>
    Object.values(one).flatMap((value) => (Array.isArray(value) ? (value as unknown[]) : [value])),
  );
  return [...new Set(values)].filter(
    (value) =>
      typeof value === "function" ||
      (isObject(value) &&
        (value as { readonly "@instanceof"?: unknown })["@instanceof"] ===
          Symbol.for("EntitySchema")),
  );
}

function nothingNamed(entities: Options["entities"], hasSource: boolean): string {
  const patterns = Object.values(entities ?? {}).filter((one) => typeof one === "string");
  if (patterns.length > 0) return `no file that fits entities: ${patterns.join(", ")}`;
  return hasSource ? "a data source without entities" : "neither a data source nor an entity";
}

function isFromServer(error: unknown): boolean {
  return /^[0-9A-Z]{5}$/.test(String((error as { code?: unknown } | undefined)?.code));
}

type NewDataSource = new (options: Options) => DataSource;

interface Options {
  readonly type?: string;
  readonly url?: string;
  readonly entities?: readonly unknown[] | Readonly<Record<string, unknown>>;
  readonly schema?: string;
  readonly metadataTableName?: string;
  readonly [name: string]: unknown;
}

/** What is used of TypeORM's DataSource. */
interface DataSource {
  readonly options: Options;
  readonly entityMetadatas: readonly Metadata[];
  readonly driver: {
    escape(name: string): string;
    createSchemaBuilder(): { build(): Promise<void> };
  };
  initialize(): Promise<unknown>;
  destroy(): Promise<void>;
  query(sql: string): Promise<unknown>;
}

interface Metadata {
  readonly tableType: string;
  readonly tableName: string;
  readonly tablePath: string;
  readonly targetName: string;
  readonly schema?: string;
  synchronize: boolean;
  readonly expression?: string | ((source: DataSource) => { getQuery(): string });
  readonly tableMetadataArgs: { readonly materialized?: boolean };
  readonly parentClosureEntityMetadata?: Metadata;
  readonly columns: readonly ColumnMetadata[];
  readonly ownRelations: readonly {
    readonly target: unknown;
    readonly propertyName: string;
    readonly isOwning: boolean;
    readonly junctionEntityMetadata?: Metadata;
  }[];
  readonly checks: readonly { readonly name?: string }[];
  readonly exclusions: readonly { readonly name?: string }[];
  readonly indices: readonly { readonly name?: string }[];
  readonly uniques: readonly { readonly name?: string }[];
  readonly foreignKeys: readonly { readonly name?: string }[];
}

interface ColumnMetadata {
  readonly target?: unknown;
  readonly type?: unknown;
  readonly databaseName: string;
  readonly propertyName: string;
  readonly embeddedMetadata?: { readonly type: unknown; readonly propertyName: string };
  readonly isInsert: boolean;
  readonly isUpdate: boolean;
  readonly isSelect: boolean;
  readonly isVersion: boolean;
  readonly isDiscriminator: boolean;
  readonly isTreeLevel: boolean;
  readonly isGenerated: boolean;
  readonly generationStrategy?: string;
  readonly isVirtualProperty: boolean;
}
