import { join } from "node:path";
import { qualifiedName, type Catalog } from "../../../src/catalog/index.ts";
import { moduleLoader } from "../../../src/contract/module-loader.ts";
import type { Condition, MappedField, MappedModel, Mapper, OwnCall, Row } from "./mapper.ts";
import { describeColumns, uniquesOf } from "./from-catalog.ts";
import type { NestedConnection } from "./nested.ts";

interface Column {
  readonly databaseName: string;
  readonly propertyPath: string;
  readonly type: unknown;
  readonly isPrimary: boolean;
  readonly isGenerated: boolean;
  readonly isInsert: boolean;
  readonly isUpdate: boolean;
  readonly isVersion: boolean;
  readonly isDiscriminator: boolean;
  readonly isMaterializedPath: boolean;
  readonly generationStrategy?: string;
  readonly referencedColumn?: Column;
  createValueMap(value: unknown): object;
  getEntityValue(entity: object): unknown;
}

interface Metadata {
  readonly name: string;
  readonly schema?: string;
  readonly tableName: string;
  readonly tableType: string;
  readonly columns: readonly Column[];
  readonly treeType?: string;
  readonly closureJunctionTable?: Metadata;
  readonly relations: readonly {
    readonly propertyName: string;
    readonly isManyToMany: boolean;
    readonly isOwning: boolean;
    readonly inverseEntityMetadata: Metadata;
    readonly junctionEntityMetadata?: Metadata;
  }[];
}

interface Repository {
  find(options: object): Promise<object[]>;
  insert(values: object): Promise<unknown>;
  update(key: object, values: object): Promise<unknown>;
  upsert(values: object, options: object): Promise<unknown>;
  increment(key: object, path: string, by: number): Promise<unknown>;
  delete(key: object): Promise<unknown>;
  createQueryBuilder(): Builder;
}

interface TreeRepository extends Repository {
  create(values: object): object;
  save(entity: object): Promise<object>;
  findDescendants(entity: object): Promise<readonly object[]>;
}

interface Builder {
  insert(): Builder;
  values(values: object): Builder;
  orIgnore(): Builder;
  execute(): Promise<{ readonly raw: readonly unknown[] }>;
  relation(relation: string): Builder;
  of(key: object): Builder;
  add(key: object): Promise<void>;
  remove(key: object): Promise<void>;
}

interface Source {
  readonly options: object;
  readonly entityMetadatas: readonly Metadata[];
  initialize(): Promise<unknown>;
  getRepository(name: string): Repository;
  getTreeRepository(name: string): TreeRepository;
  destroy(): Promise<void>;
}

interface Typeorm {
  readonly ILike: (text: string) => unknown;
  readonly MoreThan: (value: unknown) => unknown;
}

/** The project's own TypeORM over one connection. */
export async function openTypeorm(
  root: string,
  connection: NestedConnection,
  catalog: Catalog,
): Promise<Mapper> {
  const load = moduleLoader(root);
  const { default: written } = (await load.file(join(root, "src/data-source.ts"))) as {
    readonly default: Source;
  };
  const typeorm = await load.package<Typeorm>("typeorm");
  const options = {
    ...written.options,
    driver: connection.driver,
    installExtensions: false,
    entities: await entitiesOf(written, root, load),
  };
  const source = new (written.constructor as new (options: object) => Source)(options);
  await source.initialize();
  const metadatas = source.entityMetadatas.filter(
    ({ tableType }) =>
      tableType === "regular" || tableType === "view" || tableType === "entity-child",
  );
  const named = new Map(metadatas.map((one) => [one.name, one]));
  const on = (model: string) => source.getRepository(model);
  const column = (model: string, name: string) =>
    named.get(model)!.columns.find(({ databaseName }) => databaseName === name)!;
  const entity = (model: string, row: Row) => {
    const maps = Object.entries(row).map(([name, value]) =>
      column(model, name).createValueMap(value),
    );
    return maps.reduce(merged, {});
  };
  const condition = (model: string, { field, is, value }: Condition) => {
    const operand =
      is === "containing" ? typeorm.ILike("%x%") : is === "above" ? typeorm.MoreThan(value) : value;
    return nested(column(model, field), operand);
  };
  const treeCalls = (metadata: Metadata): readonly OwnCall[] => {
    const { name, treeType, closureJunctionTable } = metadata;
    // Rows that were not saved through the tree are nobody's parents in it.
    const root = (row: Row) =>
      Object.fromEntries(
        Object.entries(row).filter(([one]) => {
          const { referencedColumn } = column(name, one);
          return referencedColumn === undefined || !metadata.columns.includes(referencedColumn);
        }),
      );
    return treeType === undefined
      ? []
      : [
          {
            name: "grow a tree",
            table: qualifiedName("public", closureJunctionTable?.tableName ?? name),
            run: async (row) => {
              const trees = source.getTreeRepository(name);
              const parent = await trees.save(trees.create(entity(name, root(row()))));
              await trees.save(trees.create({ ...entity(name, root(row())), parent }));
              return { found: (await trees.findDescendants(parent)).length };
            },
          },
        ];
  };
  return {
    models: metadatas.map((one) => ({ ...modelOf(one, catalog), calls: treeCalls(one) })),
    find: async (model, { where = [], select, order, load: along }) => {
      const { columns } = named.get(model)!;
      const found = await on(model).find({
        where: where.map((one) => condition(model, one)).reduce(merged, {}),
        ...(select === undefined ? {} : { select: nested(column(model, select), true) }),
        ...(order === undefined ? {} : { order: nested(column(model, order), "ASC") }),
        ...(along === undefined ? {} : { relations: { [along]: true } }),
        ...(along === undefined ? { loadRelationIds: { disableMixedMap: true } } : {}),
        withDeleted: true,
        take: where.length === 0 && order === undefined ? 3 : 10,
      });
      return found.map((one) =>
        Object.fromEntries(columns.map((each) => [each.databaseName, each.getEntityValue(one)])),
      );
    },
    insert: async (model, row) => {
      const values = entity(model, row);
      await on(model).insert(values);
      const made = named
        .get(model)!
        .columns.map((each) => [each.databaseName, each.getEntityValue(values)]);
      return {
        ...row,
        ...Object.fromEntries(made.filter(([, value]) => value !== undefined)),
      } as Row;
    },
    insertNew: async (model, row) => {
      const builder = on(model).createQueryBuilder().insert().values(entity(model, row)).orIgnore();
      return (await builder.execute()).raw.length;
    },
    update: (model, key, row) => on(model).update(entity(model, key), entity(model, row)),
    upsert: (model, row, unique) =>
      on(model).upsert(entity(model, row), {
        conflictPaths: unique.map((name) => column(model, name).propertyPath),
      }),
    increment: (model, key, field, by) =>
      on(model).increment(entity(model, key), column(model, field).propertyPath, by),
    remove: (model, key) => on(model).delete(entity(model, key)),
    link: (model, relation, key, other) =>
      on(model).createQueryBuilder().relation(relation).of(entity(model, key)).add(other),
    unlink: (model, relation, key, other) =>
      on(model).createQueryBuilder().relation(relation).of(entity(model, key)).remove(other),
    close: () => source.destroy(),
  };
}

/** Entities whose files the data source names by a pattern are loaded as TypeScript. */
async function entitiesOf(
  { options }: Source,
  root: string,
  load: ReturnType<typeof moduleLoader>,
): Promise<readonly unknown[]> {
  const { entities } = options as { readonly entities: readonly unknown[] };
  const files = ["types.ts", "shipment.entity.ts"].map((name) => join(root, "src/entities", name));
  const modules = await Promise.all(files.map((file) => load.file(file)));
  return [
    ...entities.filter((one) => typeof one !== "string"),
    ...modules.flatMap((one) => Object.values(one)),
  ];
}

function modelOf(metadata: Metadata, catalog: Catalog): Omit<MappedModel, "calls"> {
  const table = qualifiedName(metadata.schema ?? "public", metadata.tableName);
  const known = describeColumns(table, catalog);
  const fields = metadata.columns.map((column): MappedField => {
    const { databaseName } = column;
    const given = column.isVersion || column.isDiscriminator;
    const counted = column.isGenerated && column.generationStrategy !== "uuid";
    return {
      ...known(databaseName),
      form: formOf(column.type),
      key: column.isPrimary,
      ...(given || counted || column.isMaterializedPath ? { made: true } : {}),
      inserted: column.isInsert,
      updated: column.isUpdate,
      queried: column.referencedColumn === undefined,
    };
  });
  return {
    name: metadata.name,
    table,
    isView: metadata.tableType === "view",
    fields,
    uniques: uniquesOf(table, catalog),
    relations: metadata.relations.map(({ propertyName }) => propertyName),
    links: metadata.relations
      .filter(({ isManyToMany, isOwning }) => isManyToMany && isOwning)
      .map(({ propertyName, inverseEntityMetadata, junctionEntityMetadata }) => ({
        relation: propertyName,
        target: inverseEntityMetadata.name,
        table: qualifiedName(
          junctionEntityMetadata!.schema ?? "public",
          junctionEntityMetadata!.tableName,
        ),
      })),
  };
}

/** What queries say of a column: a path of properties, which goes on in the entity that a relation leads to. */
function nested({ propertyPath, referencedColumn }: Column, value: unknown): object {
  const path = [
    propertyPath,
    ...(referencedColumn === undefined ? [] : [referencedColumn.propertyPath]),
  ];
  return path
    .join(".")
    .split(".")
    .reduceRight((inner: unknown, name) => ({ [name]: inner }), value) as object;
}

function formOf(type: unknown): MappedField["form"] {
  if (type === "simple-json") return "json";
  if (type === "simple-array") return "list";
  return type === "point" ? "point" : "plain";
}

/** Both, what is nested in them too. */
function merged(one: object, other: object): object {
  const result: Record<string, unknown> = { ...one };
  for (const [name, value] of Object.entries(other)) {
    const there = result[name];
    const isNested = isPlain(there) && isPlain(value);
    result[name] = isNested ? merged(there, value) : (value as unknown);
  }
  return result;
}

function isPlain(value: unknown): value is object {
  return (
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}
