import { relative } from "node:path";
import { qualifiedName } from "../catalog/index.ts";
import type { Scratch } from "../scratch/index.ts";
import { quoteIdent, quoteQualified } from "../sql/index.ts";
import type { MigrationFolder } from "../tools/index.ts";
import { hashContract } from "./canonical.ts";
import {
  contractVersion,
  type Contract,
  type ContractBody,
  type ContractCheck,
  type ContractVariable,
} from "./contract.ts";
import type { DrizzleOptions } from "./drizzle.ts";
import type { DrizzleAnswer, DrizzleRelation } from "./drizzle-child.ts";
import type { KyselyOptions } from "./kysely.ts";
import { contractFromCatalog, type Annotations, type ContractCatalog } from "./from-catalog.ts";
import { withListedValues } from "./listed-values.ts";
import { migrationOrigins, statementsOf } from "./origins.ts";
import type { OrmOptions } from "./orm.ts";
import type { Orm } from "./orm-model.ts";
import type { PrismaOptions } from "./prisma.ts";
import type { QueriesOptions } from "./queries.ts";
import {
  catalogOf,
  catalogOnScratch,
  type KeptCatalogs,
  type ScratchStatement,
} from "./scratch-ddl.ts";

/** What a contract is made from. */
export type ContractSource =
  | ({ readonly kind: "drizzle" } & Omit<DrizzleOptions, "root">)
  | ({ readonly kind: "prisma" } & Omit<PrismaOptions, "root">)
  | ({ readonly kind: Orm } & Omit<OrmOptions, "root" | "orm">)
  | ({ readonly kind: "kysely" } & Omit<KyselyOptions, "root">)
  /** The statements that the code sends. */
  | ({ readonly kind: "queries" } & Omit<QueriesOptions, "root">)
  /** The folder is run on scratch and the catalog it makes is captured. */
  | { readonly kind: "migrations"; readonly folder: MigrationFolder }
  /** A catalog captured elsewhere, e.g. after a tool's own command ran against scratch. */
  | {
      readonly kind: "catalog";
      readonly catalog: ContractCatalog;
      readonly folder?: MigrationFolder | undefined;
    }
  | { readonly kind: "file"; readonly path: string };

export interface BuildOptions {
  readonly source: ContractSource;
  /** Names the release: a version, a commit. */
  readonly release: string;
  /** A scratch server, best of the target's major version. */
  readonly scratch: Scratch;
  /** The project's folder; positions are relative to it. */
  readonly root: string;
  readonly env?: readonly ContractVariable[];
  readonly checks?: readonly ContractCheck[];
  /** What the schema files make, when that was asked before (`schemaCatalog`). */
  readonly known?: SchemaCatalog | undefined;
  /** The role that the release connects as, when its privileges are to be checked. */
  readonly role?: string | undefined;
}

/**
 * Makes the contract of a release.
 * @throws LockstepError `contract-source` when the source cannot be read, loaded or run on scratch
 */
export async function buildContract(options: BuildOptions): Promise<Contract> {
  const { source, release, scratch, root } = options;
  const expected = await expectations(source, scratch, root, options.known);
  const body: ContractBody = {
    ...(await withListedValues(expected.body)),
    env: [...(options.env ?? []), ...(expected.env ?? [])],
    checks: [...(options.checks ?? []), ...(expected.checks ?? [])],
    role: options.role ?? expected.role,
  };
  return {
    version: contractVersion,
    release,
    hash: hashContract(body),
    source: source.kind === "catalog" ? "migrations" : source.kind,
    major: scratch.major,
    ...body,
  };
}

interface Expectations {
  readonly body: Omit<ContractBody, "env" | "checks" | "role">;
  readonly env?: readonly ContractVariable[];
  readonly checks?: readonly ContractCheck[];
  readonly role?: string | undefined;
}

async function expectations(
  source: ContractSource,
  scratch: Scratch,
  root: string,
  known: SchemaCatalog | undefined,
): Promise<Expectations> {
  if (isSchemaSource(source)) {
    const { catalog, annotations } = known ?? (await schemaCatalog({ source, scratch, root }));
    return { body: contractFromCatalog(catalog, annotations) };
  }
  if (source.kind === "queries") {
    const { loadQueries } = await import("./queries.ts");
    return { body: await loadQueries({ ...source, root }, scratch) };
  }
  if (source.kind === "file") {
    const { readContractFile } = await import("./file.ts");
    const file = await readContractFile(source.path, root);
    const catalog = await catalogOnScratch(scratch, file.statements);
    return { ...file, body: contractFromCatalog(catalog, file.annotations) };
  }
  const catalog =
    source.kind === "catalog"
      ? source.catalog
      : await catalogOnScratch(scratch, await statementsOf(source.folder));
  return { body: await fromMigrations(catalog, source.folder) };
}

/** Schema files of the code. */
export type SchemaSource = Extract<ContractSource, { kind: "drizzle" | "prisma" | "kysely" | Orm }>;

const schemaSources: ReadonlySet<string> = new Set<SchemaSource["kind"]>([
  "drizzle",
  "prisma",
  "typeorm",
  "sequelize",
  "mikro-orm",
  "kysely",
]);

function isSchemaSource(source: ContractSource): source is SchemaSource {
  return schemaSources.has(source.kind);
}

/** What the code's schema files make of an empty database, and what they know beyond it. */
export interface SchemaCatalog {
  readonly catalog: ContractCatalog;
  readonly annotations: Annotations;
}

/**
 * Has the ORM write the DDL of the code's schema, and runs it on scratch.
 * @throws LockstepError `contract-source`
 */
export async function schemaCatalog({
  source,
  scratch,
  root,
  kept,
}: Pick<BuildOptions, "scratch" | "root"> & {
  readonly source: SchemaSource;
  /** Catalogs of earlier runs, where they may be used. */
  readonly kept?: KeptCatalogs | undefined;
}): Promise<SchemaCatalog> {
  if (source.kind === "drizzle") return fromDrizzle({ ...source, root }, scratch, kept);
  if (source.kind === "kysely") {
    const { loadKysely } = await import("./kysely.ts");
    return loadKysely({ ...source, root }, scratch);
  }
  if (source.kind !== "prisma") {
    const { loadOrm } = await import("./orm.ts");
    return loadOrm({ ...source, orm: source.kind, root }, scratch);
  }
  const { loadPrisma } = await import("./prisma.ts");
  const { statements, annotations } = await loadPrisma({ ...source, root });
  return { catalog: await catalogOf(scratch, statements, kept), annotations };
}

async function fromMigrations(catalog: ContractCatalog, folder: MigrationFolder | undefined) {
  if (folder === undefined) return contractFromCatalog(catalog);
  const origins = await migrationOrigins(folder);
  const ledger = folder.ledger && qualifiedName(folder.ledger.schema, folder.ledger.table);
  return contractFromCatalog(catalog, {
    from: (address) => origins.get(address)?.from,
    wanted: (relation) => relation !== ledger,
  });
}

async function fromDrizzle(
  options: DrizzleOptions,
  scratch: Scratch,
  kept: KeptCatalogs | undefined,
): Promise<SchemaCatalog> {
  // Loaded when needed: a gate that only reads contracts must not wait for a JavaScript parser.
  const [{ loadDrizzle }, { drizzlePositions }] = await Promise.all([
    import("./drizzle.ts"),
    import("./drizzle-positions.ts"),
  ]);
  const answer = await loadDrizzle(options);
  const first = relative(options.root, answer.relations[0]?.file ?? options.root);
  const statements: readonly ScratchStatement[] = [
    ...answer.statements.map((sql) => ({ sql, from: first })),
    ...answer.relations
      .filter(({ existing, columns }) => existing && columns.length > 0)
      .map((view) => ({ sql: standIn(view), from: relative(options.root, view.file) })),
  ];
  return {
    catalog: await catalogOf(scratch, statements, kept),
    annotations: drizzleAnnotations(answer, drizzlePositions(answer, options.root)),
  };
}

/** A view with the columns that the code reads from a view Drizzle does not manage. */
function standIn({ schema, name, columns }: DrizzleRelation): string {
  const list = columns.map((column) => `NULL::${column.sqlType} AS ${quoteIdent(column.name)}`);
  const made = schema === null ? "" : `CREATE SCHEMA IF NOT EXISTS ${quoteIdent(schema)}; `;
  return `${made}CREATE VIEW ${quoteQualified(schema ?? "public", name)} AS SELECT ${list.join(", ")}`;
}

function drizzleAnnotations(
  answer: DrizzleAnswer,
  places: ReadonlyMap<string, string>,
): Annotations {
  const relations = new Map(
    answer.relations.map((one) => [qualifiedName(one.schema ?? "public", one.name), one]),
  );
  const columns = new Map(
    answer.relations.flatMap((one) =>
      one.columns.map((column) => [
        qualifiedName(one.schema ?? "public", one.name, column.name),
        column,
      ]),
    ),
  );
  return {
    from: (address) => places.get(address),
    column: (table, column) => columns.get(`${table}.${qualifiedName(column)}`),
    unqualified: (relation) => relations.get(relation)?.schema === null,
  };
}
