import { LockstepError } from "../errors/index.ts";
import { qualifiedName } from "../catalog/index.ts";
import { parseSql, quoteIdent } from "../sql/index.ts";
import type { Access } from "./contract.ts";
import type { Annotations } from "./from-catalog.ts";
import { prismaDdl } from "./prisma-engine.ts";
import { readPrismaFiles } from "./prisma-files.ts";
import { prismaSchemaOf, type PrismaColumn, type PrismaSchema } from "./prisma-models.ts";
import { prismaPositions } from "./prisma-positions.ts";
import { readPrismaBlocks, textOf, type PrismaBlock } from "./prisma-syntax.ts";
import { viewsOf } from "./prisma-views.ts";
import type { ScratchStatement } from "./scratch-ddl.ts";

export interface PrismaOptions {
  /** A `.prisma` file or a folder of them, relative to `root`; looked for as Prisma does when left away. */
  readonly schema?: string | undefined;
  /** The project's folder: its own `@prisma/schema-engine-wasm` comes first. */
  readonly root: string;
  /** Where models without `@@schema` live: `?schema=` of the URL, or the adapter's `schema`. `public` by default. */
  readonly defaultSchema?: string | undefined;
}

/** A Prisma schema as statements for scratch, and what it knows beyond the catalog they make. */
export interface PrismaContract {
  readonly statements: readonly ScratchStatement[];
  readonly annotations: Annotations;
}

/**
 * Reads a Prisma schema and has Prisma's own engine write its DDL.
 * @throws LockstepError `contract-source`
 */
export async function loadPrisma({
  root,
  schema,
  defaultSchema = "public",
}: PrismaOptions): Promise<PrismaContract> {
  const files = readPrismaFiles(root, schema);
  const blocks = files.flatMap(readPrismaBlocks);
  const shown = files[0]!.name;
  requirePostgres(blocks, shown);
  const parts = prismaSchemaOf(blocks, defaultSchema);
  const ddl = await prismaDdl(files, root, shown);
  const views = await viewsOf(parts, root);
  const places = prismaPositions(parts);
  const made = defaultSchema === "public" ? [] : [schemaFor(defaultSchema)];
  const statements = [
    ...made.map((sql) => ({ sql, from: shown })),
    ...(await statementsIn(ddl, shown)),
    ...views.flatMap(({ statements: list }) => list),
  ];
  const shapes = new Set(views.map(({ shape }) => qualifiedName(defaultSchema, shape)));
  const annotations = annotationsOf(parts, places);
  return { statements, annotations: { ...annotations, wanted: (name) => !shapes.has(name) } };
}

function requirePostgres(blocks: readonly PrismaBlock[], shown: string): void {
  const source = blocks.find(({ kind }) => kind === "datasource");
  const provider = textOf(source?.fields.find(({ name }) => name === "provider")?.value);
  if (provider === "postgresql" || provider === "postgres") return;
  const from = source === undefined ? shown : `${source.file}:${source.line}`;
  throw new LockstepError("contract-source", {
    what: `${from}: the Prisma schema is not one for PostgreSQL`,
    expected: 'a datasource with provider = "postgresql"',
    found:
      source === undefined
        ? "no datasource"
        : provider === undefined
          ? "no provider"
          : `provider = "${provider}"`,
    from,
    next: ["name the schema of the PostgreSQL database, or the folder that holds its datasource"],
  });
}

function schemaFor(name: string): string {
  const own = quoteIdent(name);
  return `CREATE SCHEMA IF NOT EXISTS ${own}; SET search_path TO ${own}`;
}

/** Prisma quotes names without doubling the quotes in them, so what it writes need not be SQL. */
async function statementsIn(ddl: string, from: string): Promise<readonly ScratchStatement[]> {
  try {
    return (await parseSql(ddl, from)).map(({ sql }) => ({ sql, from }));
  } catch (error) {
    throw new LockstepError(
      "contract-source",
      {
        what: `${from}: what Prisma's engine makes of the schema is not SQL`,
        expected: "names without a double quote in @map and @@map",
        found: error instanceof LockstepError ? error.explanation.found : String(error),
        from,
        why: "Prisma writes such names without escaping them, and its own migration would fail too",
        next: ["rename what has a double quote in its name"],
      },
      { cause: error },
    );
  }
}

function annotationsOf(
  { models, joins }: PrismaSchema,
  places: ReadonlyMap<string, string>,
): Annotations {
  const access = new Map<string, readonly Access[]>(
    [...models, ...joins].map((one) => [one.qualified, one.access]),
  );
  const columns = new Map<string, PrismaColumn>(
    models.flatMap((model) =>
      model.columns.map((column) => [`${model.qualified}.${qualifiedName(column.name)}`, column]),
    ),
  );
  return {
    from: (address) => places.get(address),
    ordered: () => false,
    access: (relation) => access.get(relation),
    column: (table, column) => columns.get(`${table}.${qualifiedName(column)}`),
  };
}
