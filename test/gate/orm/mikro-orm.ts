import { join } from "node:path";
import { qualifiedName, type Catalog } from "../../../src/catalog/index.ts";
import { moduleLoader } from "../../../src/contract/module-loader.ts";
import { describeColumns, uniquesOf } from "./from-catalog.ts";
import type { Condition, MappedField, MappedModel, Mapper, Row } from "./mapper.ts";
import type { NestedConnection } from "./nested.ts";

interface Property {
  readonly name: string;
  readonly kind: string;
  readonly primary?: boolean;
  readonly items?: readonly string[];
  readonly persist?: boolean;
  readonly object?: boolean;
  readonly formula?: unknown;
  readonly version?: boolean;
  readonly embedded?: readonly [parent: string, member: string];
  readonly fieldNames?: readonly string[];
  readonly columnTypes?: readonly string[];
  readonly runtimeType?: string;
  readonly type: string;
  readonly onCreate?: unknown;
  readonly onUpdate?: unknown;
  readonly owner?: boolean;
  readonly pivotEntity?: string;
  readonly targetMeta?: Metadata;
}

interface Metadata {
  readonly className: string;
  readonly tableName: string;
  readonly schema?: string;
  readonly abstract?: boolean;
  readonly embeddable?: boolean;
  readonly pivotTable?: boolean;
  readonly root: Metadata;
  readonly discriminatorColumn?: string;
  readonly discriminatorValue?: string;
  readonly props: readonly Property[];
  readonly properties: Readonly<Record<string, Property>>;
}

interface Builder {
  insert(row: object): Builder;
  onConflict(fields?: readonly string[]): Builder;
  ignore(): Builder;
  execute(method?: string): Promise<{ readonly affectedRows: number }>;
}

interface EntityManager {
  fork(): EntityManager;
  find(model: string, where: object, options: object): Promise<readonly object[]>;
  insert(model: string, row: object): Promise<unknown>;
  nativeUpdate(model: string, where: object, row: object): Promise<number>;
  nativeDelete(model: string, where: object): Promise<number>;
  upsert(model: string, row: object, options: object): Promise<object>;
  create(model: string, row: object): object;
  persist(entity: object): EntityManager;
  findOneOrFail(model: string, where: object, options?: object): Promise<Record<string, Links>>;
  getReference(model: string, key: unknown): object;
  flush(): Promise<void>;
  createQueryBuilder(model: string): Builder;
}

interface Links {
  add(entity: object): void;
  remove(entity: object): void;
}

interface Orm {
  readonly em: EntityManager;
  getMetadata(): { getAll(): Readonly<Record<string, Metadata>> };
  close(force: boolean): Promise<void>;
}

interface Packages {
  readonly raw: (sql: string, values: readonly unknown[]) => unknown;
  readonly MikroORM: { init(config: object): Promise<Orm> };
}

/** The project's own MikroORM over one connection. */
export async function openMikroOrm(
  root: string,
  connection: NestedConnection,
  catalog: Catalog,
): Promise<Mapper> {
  const load = moduleLoader(root);
  const { default: config } = (await load.file(join(root, "src/mikro-orm.config.ts"))) as {
    readonly default: { readonly entities: readonly unknown[] };
  };
  const files = ["types.entity.ts", "shipment.entity.ts"];
  const modules = await Promise.all(
    files.map((name) => load.file(join(root, "src/entities", name))),
  );
  const { MikroORM, raw } = await load.package<Packages>("@mikro-orm/postgresql");
  const own = connection.forOrm();
  const orm = await MikroORM.init({
    ...config,
    entities: [
      ...config.entities.filter((one) => typeof one !== "string"),
      ...modules.flatMap((one) => Object.values(one)),
    ],
    entitiesTs: [],
    extensions: [],
    clientUrl: "postgres://one/connection",
    connect: false,
    metadataCache: { enabled: false },
    allowGlobalContext: true,
    driverOptions: {
      // Knex makes a client for each connection of its pool: this one, whatever it asks for.
      pool: { min: 0, max: 1 },
    },
  });
  const knex = (
    orm.em as unknown as {
      getConnection(): {
        connect(): Promise<unknown>;
        getKnex(): {
          client: {
            acquireRawConnection: () => Promise<unknown>;
            destroyRawConnection: () => Promise<void>;
          };
        };
      };
    }
  ).getConnection();
  await knex.connect();
  const { client } = knex.getKnex();
  client.acquireRawConnection = async () => own;
  client.destroyRawConnection = async () => {};
  const all = Object.values(orm.getMetadata().getAll());
  const metas = new Map(all.map((one) => [one.className, one]));
  const fields = new Map(
    all.map((one) => [
      one.className,
      new Map(one.props.flatMap((prop) => columnsOf(prop).map((name, at) => [name, { prop, at }]))),
    ]),
  );
  const of = (model: string, name: string) => fields.get(model)!.get(name)!;
  /** Values by properties: an embedded member in its parent, a composite key as a list. */
  const entity = (model: string, row: Row): Record<string, unknown> => {
    const result: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(row)) {
      const { prop, at } = of(model, name);
      const [parent, member] = prop.embedded ?? [];
      if (parent !== undefined)
        result[parent] = { ...(result[parent] as object | undefined), [member!]: value };
      else if (prop.fieldNames!.length > 1) {
        const list = (result[prop.name] ??= []) as unknown[];
        list[at] = value;
      } else result[prop.name] = value;
    }
    for (const [name, value] of Object.entries(result))
      if (Array.isArray(value) && value.every((one) => one === null)) result[name] = null;
    return result;
  };
  const values = (model: string, found: object): Row => {
    const read = (value: unknown, prop: Property, at: number): unknown => {
      if (prop.targetMeta === undefined || value === null || typeof value !== "object")
        return value;
      const keys = prop.targetMeta.props.filter(({ primary }) => primary === true);
      const flat = keys.flatMap((key) =>
        columnsOf(key).map((_, index) =>
          read((value as Record<string, unknown>)[key.name], key, index),
        ),
      );
      return flat[at];
    };
    return Object.fromEntries(
      [...fields.get(model)!].map(([name, { prop, at }]) => {
        const [parent, member] = prop.embedded ?? [];
        const holder = found as Record<string, unknown>;
        const value =
          parent === undefined
            ? holder[prop.name]
            : (holder[parent] as Record<string, unknown> | undefined)?.[member!];
        return [name, read(value, prop, at)];
      }),
    );
  };
  const condition = (model: string, { field, is, value }: Condition) =>
    entity(model, {
      [field]: is === "containing" ? { $ilike: "%x%" } : is === "above" ? { $gt: value } : value,
    });
  const reference = (em: EntityManager, model: string, key: Row) => {
    const list = Object.values(key);
    return em.getReference(model, list.length === 1 ? list[0] : list);
  };
  return {
    models: all
      .filter((one) => one.embeddable !== true && one.pivotTable !== true && one.root === one)
      .filter((one) => one.abstract !== true || one.discriminatorColumn !== undefined)
      .map((one) => modelOf(one, metas, catalog)),
    find: async (model, { where = [], select, order, load: along }) => {
      const found = await orm.em.fork().find(
        model,
        where.map((one) => condition(model, one)).reduce((one, two) => ({ ...one, ...two }), {}),
        {
          ...(select === undefined
            ? {}
            : {
                fields: [of(model, select).prop.embedded?.join(".") ?? of(model, select).prop.name],
              }),
          ...(order === undefined ? {} : { orderBy: entity(model, { [order]: "asc" }) }),
          populate: along === undefined ? lazyOf(metas.get(model)!) : [along],
          limit: where.length === 0 && order === undefined ? 3 : 10,
        },
      );
      return found.map((one) => values(model, one));
    },
    insert: async (model, row) => {
      const em = orm.em.fork();
      const made = em.create(nameFor(metas.get(model)!, all), entity(model, row));
      await em.persist(made).flush();
      return { ...row, ...values(model, made) };
    },
    insertNew: async (model, row) => {
      const builder = orm.em.fork().createQueryBuilder(model).insert(entity(model, row));
      return (await builder.onConflict().ignore().execute("run")).affectedRows;
    },
    update: (model, key, row) =>
      orm.em.fork().nativeUpdate(model, entity(model, key), entity(model, row)),
    upsert: (model, row, unique) =>
      orm.em.fork().upsert(model, entity(model, row), {
        onConflictFields: [...new Set(unique.map((name) => of(model, name).prop.name))],
      }),
    increment: (model, key, field, by) => {
      const { prop } = of(model, field);
      const sum = raw("?? + ?", [field, by]);
      return orm.em.fork().nativeUpdate(model, entity(model, key), { [prop.name]: sum });
    },
    remove: (model, key) => orm.em.fork().nativeDelete(model, entity(model, key)),
    link: async (model, relation, key, other) => {
      const em = orm.em.fork();
      const one = await em.findOneOrFail(model, entity(model, key), { populate: [relation] });
      one[relation]!.add(reference(em, metas.get(model)!.properties[relation]!.type, other));
      await em.flush();
    },
    unlink: async (model, relation, key, other) => {
      const em = orm.em.fork();
      const one = await em.findOneOrFail(model, entity(model, key), { populate: [relation] });
      one[relation]!.remove(reference(em, metas.get(model)!.properties[relation]!.type, other));
      await em.flush();
    },
    close: () => orm.close(true),
  };
}

function columnsOf(prop: Property): readonly string[] {
  const isColumn =
    prop.persist !== false &&
    !["1:m", "m:n"].includes(prop.kind) &&
    !(prop.kind === "1:1" && prop.owner !== true) &&
    prop.formula === undefined &&
    !(prop.kind === "embedded" && prop.object !== true) &&
    !(prop.embedded !== undefined && prop.object === true);
  return isColumn ? (prop.fieldNames ?? []) : [];
}

function lazyOf({ props }: Metadata): readonly string[] {
  return props.filter((prop) => "lazy" in prop && prop.lazy === true).map(({ name }) => name);
}

/** A root that is abstract has rows of its heirs. */
function nameFor(meta: Metadata, all: readonly Metadata[]): string {
  if (meta.abstract !== true) return meta.className;
  return all.find((one) => one !== meta && one.root === meta)!.className;
}

function modelOf(
  meta: Metadata,
  metas: ReadonlyMap<string, Metadata>,
  catalog: Catalog,
): MappedModel {
  const table = qualifiedName(meta.schema ?? "public", meta.tableName);
  const known = describeColumns(table, catalog);
  const fields = meta.props.flatMap((prop) =>
    columnsOf(prop).map((name): MappedField => {
      const described = known(name);
      return {
        ...described,
        labels: prop.items ?? described.labels,
        form: "plain",
        key: prop.primary === true,
        defaulted: described.defaulted || prop.onCreate !== undefined,
        ...(prop.version === true || name === meta.discriminatorColumn ? { made: true } : {}),
        inserted: true,
        updated: true,
        queried: prop.targetMeta === undefined,
      };
    }),
  );
  const relations = meta.props.filter(({ kind }) => ["m:1", "1:1", "1:m", "m:n"].includes(kind));
  return {
    name: meta.className,
    table,
    isView: false,
    fields,
    uniques: uniquesOf(table, catalog),
    relations: relations.map(({ name }) => name),
    links: relations
      .filter(({ kind, owner }) => kind === "m:n" && owner === true)
      .map(({ name, type, pivotEntity }) => {
        const pivot = metas.get(pivotEntity!)!;
        const link = qualifiedName(pivot.schema ?? "public", pivot.tableName);
        return { relation: name, target: type, table: link };
      }),
    calls: [],
  };
}
