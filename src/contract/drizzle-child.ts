import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createJiti } from "jiti";
import { pathAliases } from "./path-aliases.ts";
import { serve, Stage, type SourceReply } from "./source-child.ts";

/**
 * Runs in a process of its own: loads the schema modules, which is running the user's code, and sends back
 * what Drizzle makes of them.
 */

export interface DrizzleRequest {
  readonly root: string;
  readonly files: readonly string[];
  readonly casing: "snake_case" | "camelCase" | undefined;
}

export interface DrizzleColumn {
  /** Property name in the code. */
  readonly key: string;
  /** Name in the database, casing applied. */
  readonly name: string;
  readonly sqlType: string;
  readonly notNull: boolean;
  /** The code gives the value itself when an INSERT leaves it away. */
  readonly supplied: boolean;
  readonly values: readonly string[] | null;
  /** Drizzle makes a number of whatever the driver gives. */
  readonly reads?: "number";
}

export interface DrizzleRelation {
  readonly kind: "table" | "view" | "materialized";
  readonly schema: string | null;
  readonly name: string;
  /** Declared with `.existing()`: Drizzle writes no DDL for it. */
  readonly existing: boolean;
  readonly exportName: string;
  readonly file: string;
  readonly columns: readonly DrizzleColumn[];
}

export interface DrizzleType {
  readonly schema: string | null;
  readonly name: string;
  readonly labels: readonly string[];
  readonly exportName: string;
  readonly file: string;
}

export interface DrizzleAnswer {
  readonly statements: readonly string[];
  readonly relations: readonly DrizzleRelation[];
  readonly enums: readonly DrizzleType[];
}

type DrizzleStage = "schema" | "kit" | "orm";

export type DrizzleReply = SourceReply<DrizzleAnswer, DrizzleStage>;

interface Column {
  readonly name: string;
  readonly keyAsName?: boolean;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  readonly default: unknown;
  readonly defaultFn?: unknown;
  readonly onUpdateFn?: unknown;
  readonly enumValues?: readonly string[];
  readonly columnType: string;
  getSQLType(): string;
}

type Columns = Readonly<Record<string, Column>>;

/** What is used of the user's drizzle-orm. */
interface DrizzleOrm {
  readonly is: (value: unknown, type: unknown) => boolean;
  readonly getTableColumns: (table: unknown) => Columns;
  readonly getViewSelectedFields: (view: unknown) => Readonly<Record<string, unknown>>;
  readonly Column: unknown;
  readonly PgTable: unknown;
  readonly PgView: unknown;
  readonly PgMaterializedView: unknown;
  readonly isPgEnum: (value: unknown) => boolean;
  readonly getTableConfig: (table: unknown) => { name: string; schema: string | undefined };
  readonly getViewConfig: (view: unknown) => ViewConfig;
  readonly columnName: (column: Column) => string;
}

interface ViewConfig {
  readonly name: string;
  readonly schema: string | undefined;
  readonly isExisting: boolean;
  readonly selectedFields: Readonly<Record<string, unknown>>;
}

async function answer(request: DrizzleRequest): Promise<DrizzleAnswer> {
  const base = pathToFileURL(join(request.root, "lockstep-schema.js")).href;
  // Native first: packages then load as Node loads them, several times faster than through a transform.
  const jiti = createJiti(base, {
    interopDefault: true,
    moduleCache: true,
    tryNative: true,
    ...pathAliases(request.root),
  });
  const exports: Record<string, unknown> = {};
  const homes = new Map<unknown, { exportName: string; file: string }>();
  for (const file of request.files) {
    const module = await jiti
      .import<Record<string, unknown>>(file)
      .catch((error: unknown) => Promise.reject(new Stage("schema", error)));
    for (const [exportName, value] of Object.entries(module)) {
      if (value === null || (typeof value !== "object" && typeof value !== "function")) continue;
      if (homes.has(value)) continue;
      homes.set(value, { exportName, file });
      exports[`${homes.size}_${exportName}`] = value;
    }
  }
  const orm = await loadOrm(request, jiti);
  const relations: DrizzleRelation[] = [];
  const enums: DrizzleType[] = [];
  for (const [value, home] of homes) {
    const relation = describeRelation(value, orm);
    if (relation !== undefined) relations.push({ ...relation, ...home });
    else if (orm.isPgEnum(value)) {
      const type = value as { schema?: string; enumName: string; enumValues: readonly string[] };
      const schema = type.schema ?? null;
      enums.push({ schema, name: type.enumName, labels: type.enumValues, ...home });
    }
  }
  return { statements: await ddl(request, exports), relations, enums };
}

/** DDL as `drizzle-kit generate` would write it for an empty history. */
async function ddl(
  request: DrizzleRequest,
  exports: Record<string, unknown>,
): Promise<readonly string[]> {
  try {
    const kit = createRequire(join(request.root, "package.json"))("drizzle-kit/api") as {
      generateDrizzleJson(
        imports: Record<string, unknown>,
        previous?: string,
        schemas?: readonly string[],
        casing?: string,
      ): unknown;
      generateMigration(from: unknown, to: unknown): Promise<readonly string[]>;
    };
    const empty = kit.generateDrizzleJson({});
    const wanted = kit.generateDrizzleJson(exports, undefined, undefined, request.casing);
    return await kit.generateMigration(empty, wanted);
  } catch (error) {
    throw new Stage("kit", error);
  }
}

async function loadOrm(
  request: DrizzleRequest,
  jiti: { import<Module>(id: string): Promise<Module> },
): Promise<DrizzleOrm> {
  try {
    const orm = await jiti.import<Record<string, never>>("drizzle-orm");
    const pg = await jiti.import<Record<string, never>>("drizzle-orm/pg-core");
    const casing =
      await jiti.import<Record<string, (text: string) => string>>("drizzle-orm/casing");
    const convert =
      request.casing === "snake_case"
        ? casing["toSnakeCase"]
        : request.casing === "camelCase"
          ? casing["toCamelCase"]
          : undefined;
    return {
      is: orm["is"]!,
      getTableColumns: orm["getTableColumns"]!,
      getViewSelectedFields: orm["getViewSelectedFields"]!,
      Column: orm["Column"],
      PgTable: pg["PgTable"],
      PgView: pg["PgView"],
      PgMaterializedView: pg["PgMaterializedView"],
      isPgEnum: pg["isPgEnum"]!,
      getTableConfig: pg["getTableConfig"]!,
      getViewConfig: pg["getViewConfig"]!,
      columnName: (column) =>
        column.keyAsName === true && convert !== undefined ? convert(column.name) : column.name,
    };
  } catch (error) {
    throw new Stage("orm", error);
  }
}

function describeRelation(
  value: unknown,
  orm: DrizzleOrm,
): Omit<DrizzleRelation, "exportName" | "file"> | undefined {
  if (orm.is(value, orm.PgTable)) {
    const { name, schema } = orm.getTableConfig(value);
    const columns = Object.entries(orm.getTableColumns(value));
    return {
      kind: "table",
      schema: schema ?? null,
      name,
      existing: false,
      columns: columns.map(([key, column]) => describeColumn(key, column, orm)),
    };
  }
  const view = orm.is(value, orm.PgView);
  if (!view && !orm.is(value, orm.PgMaterializedView)) return undefined;
  const { name, schema, isExisting, selectedFields } = orm.getViewConfig(value);
  return {
    kind: view ? "view" : "materialized",
    schema: schema ?? null,
    name,
    existing: isExisting,
    columns: Object.entries(selectedFields)
      .filter((entry): entry is [string, Column] => orm.is(entry[1], orm.Column))
      .map(([key, column]) => describeColumn(key, column, orm)),
  };
}

/** Columns whose `mapFromDriverValue` parses texts; `serial` has none. */
const parsedNumbers: ReadonlySet<string> = new Set(["PgInteger", "PgSmallInt"]);

function describeColumn(key: string, column: Column, orm: DrizzleOrm): DrizzleColumn {
  const isEnumType = column.columnType === "PgEnumColumn";
  const values = column.enumValues;
  return {
    key,
    name: orm.columnName(column),
    sqlType: column.getSQLType(),
    notNull: column.notNull,
    // As drizzle-orm's buildInsertQuery does: $default first, $onUpdate only without an SQL default.
    supplied:
      column.defaultFn !== undefined || (column.onUpdateFn !== undefined && !column.default),
    values: !isEnumType && values !== undefined && values.length > 0 ? values : null,
    ...(parsedNumbers.has(column.columnType) ? { reads: "number" as const } : {}),
  };
}

serve<DrizzleRequest, DrizzleAnswer, DrizzleStage>(answer, "schema");
