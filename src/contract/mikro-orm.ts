import { resolve } from "node:path";
import { glob } from "tinyglobby";
import type { Exports, ModuleLoader } from "./module-loader.ts";
import type { OrmAnswer, OrmColumn, OrmHome, OrmRelation, OrmRequest } from "./orm-model.ts";
import { Stage } from "./source-child.ts";

/**
 * Runs in a process of its own: has MikroORM make the schema of the project's entities on scratch, as `schema:create` does, and
 * reads from its metadata what it does with each column.
 */
export async function mikroOrmAnswer(
  { root, files, url }: OrmRequest,
  load: ModuleLoader,
): Promise<OrmAnswer> {
  const exported: Exports[] = [];
  for (const file of files) exported.push(await load.file(file));
  const config = await configIn(exported);
  const entities = await entitiesOf(config, root, load);
  if (entities.length === 0) throw new Stage("models", "a configuration without entities");
  const { MikroORM } = await load
    .package<{ MikroORM: MikroOrm }>("@mikro-orm/postgresql")
    .catch((error: unknown) => Promise.reject(new Stage("orm", error)));
  const orm = await MikroORM.init({ ...kept(config), clientUrl: url, entities }).catch(
    (error: unknown) => Promise.reject(new Stage("orm", error)),
  );
  try {
    await orm.schema.createSchema({ wrap: false });
  } catch (error) {
    throw new Stage("database", error);
  } finally {
    await orm.close(true);
  }
  const all = Object.values(orm.getMetadata().getAll());
  const relations = all.filter(hasTable).map((one) => relationOf(one, all));
  return { relations, own: [], sources: load.loaded() };
}

/** What has a say in names and types, and in where things are; what connects, listens, seeds or migrates is left away. */
function kept(config: Config): Config {
  const { schema, namingStrategy, metadataProvider, discovery, forceUndefined } = config;
  const { forceUtcTimezone, timezone, filters, schemaGenerator } = config;
  const options = { schema, namingStrategy, metadataProvider, discovery, forceUndefined };
  const all = { ...options, forceUtcTimezone, timezone, filters };
  return {
    ...Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
    metadataCache: { enabled: false },
    allowGlobalContext: true,
    // Tables that are left to somebody else are written and read all the same.
    schemaGenerator: { ...schemaGenerator, skipTables: [], skipColumns: {} },
  };
}

async function configIn(exported: readonly Exports[]): Promise<Config> {
  const values = exported.flatMap((one) => [one["default"], ...Object.values(one)]);
  for (const value of values) {
    const made: unknown = typeof value === "function" && !isClass(value) ? await value() : value;
    for (const one of Array.isArray(made) ? (made as unknown[]) : [await made])
      if (isConfig(one)) return "config" in one ? ownOf(one) : one;
  }
  throw new Stage("models", "no configuration with entities");
}

/** The options of an instance, or of a `Configuration`. */
function ownOf({ config }: Config): Config {
  const { getAll } = config as { getAll?: () => Config };
  return getAll?.call(config) ?? {};
}

function isClass(value: unknown): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

function isConfig(value: unknown): value is Config {
  return (
    typeof value === "object" &&
    value !== null &&
    ("entities" in value || "entitiesTs" in value || "config" in value)
  );
}

/** Patterns are resolved here, with the loader that knows TypeScript: `entitiesTs` first, as for MikroORM under ts-node. */
async function entitiesOf(
  { entities = [], entitiesTs = [], baseDir }: Config,
  root: string,
  load: ModuleLoader,
): Promise<readonly unknown[]> {
  const base = baseDir === undefined ? root : resolve(root, baseDir);
  for (const list of [entitiesTs, entities]) {
    const patterns = list.filter((one): one is string => typeof one === "string");
    const found =
      patterns.length === 0
        ? []
        : await glob(patterns.map(asPattern), {
            cwd: base,
            absolute: true,
            ignore: ["**/*.d.ts", "**/*.map"],
          });
    const modules: Exports[] = [];
    for (const file of found.sort()) modules.push(await load.file(file));
    const loaded = modules.flatMap((one) => Object.values(one)).filter(isEntity);
    const all = [...list.filter((one) => typeof one !== "string"), ...loaded];
    if (all.length > 0) return [...new Set(all)];
  }
  return [];
}

/** MikroORM takes a folder for what is in it. */
function asPattern(given: string): string {
  return /[*{]|\.[cm]?[jt]s$/.test(given) ? given : `${given.replace(/\/$/, "")}/**/*.{js,ts}`;
}

/** A class that decorators have marked, or a schema object. */
function isEntity(value: unknown): boolean {
  if (typeof value === "function")
    return Object.getOwnPropertySymbols(value).some(
      (one) => one.description?.startsWith("MetadataStorage.") === true,
    );
  return typeof value === "object" && value !== null && "REGISTRY" in value.constructor;
}

/** One table for all that share a discriminator: that of their root, which may be abstract. */
function hasTable(meta: Metadata): boolean {
  if (meta.embeddable === true || meta.virtual === true || meta.root !== meta) return false;
  return meta.abstract !== true || meta.discriminatorColumn !== undefined;
}

function relationOf(meta: Metadata, all: readonly Metadata[]): OrmRelation {
  const home = homeOf(meta, all);
  const heirs = all.filter(({ root }) => root === meta).map(({ className }) => className);
  const isPivot = meta.pivotTable === true;
  return {
    schema: meta.schema === undefined || meta.schema === "*" ? null : meta.schema,
    name: meta.tableName,
    home,
    access: isPivot ? ["select", "insert", "delete"] : ["select", "insert", "update", "delete"],
    columns: meta.props.flatMap((prop) => columnsOf(prop, meta, home, heirs)),
    constraints: [...meta.indexes, ...meta.uniques, ...meta.checks].flatMap(({ name }) =>
      typeof name === "string" ? [name] : [],
    ),
  };
}

/** The entity; for a table between two entities the relation that asks for it. */
function homeOf(meta: Metadata, all: readonly Metadata[]): OrmHome | undefined {
  if (meta.pivotTable !== true) return { model: meta.className };
  for (const { className, props } of all)
    for (const { name, pivotEntity, owner } of props)
      if (pivotEntity === meta.className && owner === true)
        return { model: className, member: name };
  return undefined;
}

function columnsOf(
  prop: Property,
  meta: Metadata,
  home: OrmHome | undefined,
  heirs: readonly string[],
): readonly OrmColumn[] {
  const { embedded, name, persist, fieldNames = [] } = prop;
  if (
    persist === false ||
    prop.formula !== undefined ||
    (prop.kind === "1:1" && prop.owner !== true) ||
    (prop.kind === "embedded" && prop.object !== true)
  )
    return [];
  const [parent, member] = embedded ?? [];
  const holder = parent === undefined ? undefined : meta.properties[parent];
  const own = [meta.className, ...heirs];
  return fieldNames.map((field) => ({
    name: field,
    homes: [
      ...(holder?.type === undefined ? [] : [{ model: holder.type, member }]),
      ...own.map((model) => ({ model, member: parent ?? name })),
      ...(home === undefined ? [] : [home]),
    ],
    supplied: prop.onCreate !== undefined || field === meta.root.discriminatorColumn,
    used: true,
    given: true,
  }));
}

interface MikroOrm {
  init(config: Config): Promise<{
    readonly schema: { createSchema(options: object): Promise<unknown> };
    getMetadata(): { getAll(): Readonly<Record<string, Metadata>> };
    close(force: boolean): Promise<void>;
  }>;
}

interface Config {
  readonly entities?: readonly unknown[];
  readonly entitiesTs?: readonly unknown[];
  readonly baseDir?: string;
  readonly schemaGenerator?: object;
  readonly [name: string]: unknown;
}

interface Metadata {
  readonly className: string;
  readonly tableName: string;
  readonly schema?: string;
  readonly abstract?: boolean;
  readonly embeddable?: boolean;
  readonly virtual?: boolean;
  readonly pivotTable?: boolean;
  readonly root: Metadata;
  readonly discriminatorColumn?: string;
  readonly props: readonly Property[];
  readonly properties: Readonly<Record<string, Property>>;
  readonly indexes: readonly { readonly name?: unknown }[];
  readonly uniques: readonly { readonly name?: unknown }[];
  readonly checks: readonly { readonly name?: unknown }[];
}

interface Property {
  readonly name: string;
  readonly kind: string;
  readonly type?: string;
  readonly fieldNames?: readonly string[];
  readonly persist?: boolean;
  readonly object?: boolean;
  readonly formula?: unknown;
  readonly embedded?: readonly [parent: string, member: string];
  readonly onCreate?: unknown;
  readonly pivotEntity?: string;
  readonly owner?: boolean;
}
