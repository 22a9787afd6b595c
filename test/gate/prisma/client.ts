import { createRequire } from "node:module";
import { PrismaPg } from "@prisma/adapter-pg";
import { buildAndSerializeParamGraph } from "@prisma/param-graph-builder";
import { get_dmmf } from "@prisma/prisma-schema-wasm";
import pg from "pg";

const require = createRequire(import.meta.url);

export interface Field {
  readonly name: string;
  readonly kind: "scalar" | "enum" | "object";
  readonly type: string;
  readonly isList: boolean;
  readonly isRequired: boolean;
  readonly isUnique: boolean;
  readonly isId: boolean;
  readonly hasDefaultValue: boolean;
  readonly isUpdatedAt?: boolean;
  readonly default?: unknown;
  readonly dbName?: string;
  readonly nativeType?: readonly [name: string, args: readonly string[]] | null;
  readonly relationName?: string;
  readonly relationFromFields?: readonly string[];
  readonly relationToFields?: readonly string[];
  readonly relationOnDelete?: string;
}

export interface Model {
  readonly name: string;
  readonly dbName: string | null;
  readonly schema: string | null;
  readonly fields: readonly Field[];
  readonly primaryKey: { readonly fields: readonly string[] } | null;
  readonly uniqueFields: readonly (readonly string[])[];
}

interface Dmmf {
  readonly datamodel: {
    readonly models: readonly Model[];
    readonly enums: readonly {
      readonly name: string;
      readonly dbName: string | null;
      readonly values: readonly { readonly name: string; readonly dbName: string | null }[];
    }[];
    readonly types: readonly Model[];
  };
  readonly mappings: { readonly modelOperations: readonly Readonly<Record<string, string>>[] };
}

/** What a generated client has for each model: `client.post.create(…)`. */
export type Delegate = Readonly<Record<string, (args: object) => Promise<unknown>>>;

export type Client = Readonly<Record<string, Delegate>> & {
  readonly $queryRawUnsafe: (sql: string, ...values: unknown[]) => Promise<unknown>;
  readonly $disconnect: () => Promise<void>;
};

export interface Prisma {
  readonly client: Client;
  readonly dmmf: Dmmf;
  /** Columns that only raw SQL reads, by model: the client knows nothing of them. */
  readonly unsupported: ReadonlyMap<string, readonly string[]>;
}

function unsupportedIn(text: string): ReadonlyMap<string, readonly string[]> {
  const models = [...text.matchAll(/^model (\w+) \{\n([^}]*)/gm)];
  return new Map(
    models.map(([, name, body]) => [
      name!,
      [...body!.matchAll(/^ +(\w+) +Unsupported\(/gm)].map(([, field]) => field!),
    ]),
  );
}

/**
 * The real Prisma client over a pool. `prisma generate` would write a module with this configuration; its command line cannot
 * run without downloading an engine, so that what it would write down is handed to the same runtime here.
 */
export function openPrisma(
  files: readonly (readonly [name: string, text: string])[],
  pool: pg.Pool,
): Prisma {
  const dmmf = JSON.parse(get_dmmf(JSON.stringify({ prismaSchema: files, noColor: true }))) as Dmmf;
  const { models, enums, types } = dmmf.datamodel;
  const byName = (list: readonly { readonly name: string }[]) =>
    Object.fromEntries(list.map(({ name, ...rest }) => [name, rest]));
  const runtime = require("@prisma/client/runtime/client") as {
    getPrismaClient: (config: object) => new (options: object) => Client;
  };
  const compiler = "@prisma/client/runtime/query_compiler_fast_bg.postgresql";
  const PrismaClient = runtime.getPrismaClient({
    previewFeatures: ["views", "partialIndexes"],
    clientVersion: "7.10.0",
    engineVersion: "7.10.0",
    activeProvider: "postgresql",
    inlineSchema: files.map(([, text]) => text).join("\n"),
    runtimeDataModel: { models: byName(models), enums: byName(enums), types: byName(types) },
    parameterizationSchema: buildAndSerializeParamGraph(dmmf as never),
    compilerWasm: {
      getRuntime: async () => require(`${compiler}.js`) as unknown,
      getQueryCompilerWasmModule: async () => {
        const { wasm } = require(`${compiler}.wasm-base64.js`) as { wasm: string };
        const { WebAssembly: assembly } = globalThis as unknown as {
          WebAssembly: { Module: new (bytes: Buffer) => object };
        };
        return new assembly.Module(Buffer.from(wasm, "base64"));
      },
      importName: "./query_compiler_fast_bg.js",
    },
  });
  return {
    client: new PrismaClient({ adapter: new PrismaPg(pool) }),
    dmmf,
    unsupported: unsupportedIn(files.map(([, text]) => text).join("\n")),
  };
}

const asSavepoint: Readonly<Record<string, string>> = {
  BEGIN: "SAVEPOINT prisma",
  COMMIT: "RELEASE SAVEPOINT prisma",
  ROLLBACK: "ROLLBACK TO SAVEPOINT prisma; RELEASE SAVEPOINT prisma",
};

/** A connection on which Prisma's transactions are savepoints of the transaction that the test has open. */
class NestedClient extends pg.Client {
  override query = ((...args: unknown[]) => {
    const [config, ...rest] = args;
    const text = (config as { text?: string } | undefined)?.text;
    const nested = text === undefined ? undefined : asSavepoint[text];
    const sent = nested === undefined ? config : { text: nested };
    return (super.query as (...all: unknown[]) => unknown).call(this, sent, ...rest);
  }) as typeof pg.Client.prototype.query;

  /** Nobody else has it. */
  release(): void {
    this.removeAllListeners("error");
  }
}

/** One connection in the shape of a pool: what happens on it is part of the transaction that a plain `BEGIN` text has opened. */
class NestedPool extends pg.Pool {
  readonly #client: NestedClient;

  constructor(client: NestedClient) {
    super();
    this.#client = client;
  }

  // A pool gives connections up whose statement has failed.
  override query = ((...args: unknown[]) =>
    (this.#client.query as (...all: unknown[]) => unknown)(
      ...args,
    )) as typeof pg.Pool.prototype.query;

  override connect = (async () => this.#client) as unknown as typeof pg.Pool.prototype.connect;

  override end = (async () => this.#client.end()) as typeof pg.Pool.prototype.end;
}

export async function nestedPool(url: string): Promise<pg.Pool> {
  const client = new NestedClient(url);
  await client.connect();
  return new NestedPool(client);
}
