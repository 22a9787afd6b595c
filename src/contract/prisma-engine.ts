import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { LockstepError } from "../errors/index.ts";
import { readPrismaBlocks, textOf, type PrismaFile } from "./prisma-syntax.ts";

const packageName = "@prisma/schema-engine-wasm";

/** What is used of the engine. */
interface SchemaEngine {
  diff(params: object): Promise<{ readonly stdout?: string | null }>;
  free(): void;
}

interface EngineModule {
  readonly SchemaEngine: {
    new: (options: object, log: () => void, adapter: object) => Promise<SchemaEngine>;
  };
  readonly __wbg_set_wasm: (exports: object) => void;
}

/** Part of every JavaScript engine, but of no type that is loaded here. */
const { WebAssembly: assembly } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly instantiate: (
      bytes: Uint8Array,
      imports: object,
    ) => Promise<{ readonly instance: { readonly exports: Readonly<Record<string, unknown>> } }>;
  };
};

interface Engine {
  readonly SchemaEngine: EngineModule["SchemaEngine"];
  /** 7 for 7.10.0-4.0edf32…; 0 when it does not say. */
  readonly major: number;
}

/**
 * DDL for an empty database as Prisma Migrate writes it, from the engine in Prisma's own WebAssembly package: it needs neither a
 * database nor Prisma's native binary. The project's own package is used where it has one, else the one that comes with Lockstep.
 * @param root folder whose packages come first
 * @param shown names the schema in messages
 * @throws LockstepError `contract-source` for an invalid schema, with file and line, and when there is no engine
 */
export async function prismaDdl(
  files: readonly PrismaFile[],
  root: string,
  shown: string,
): Promise<string> {
  const { SchemaEngine, major } = await loadEngine(root);
  const sources = major >= 7 ? files.map(forToday) : files;
  let engine: SchemaEngine | undefined;
  try {
    const datamodels = sources.map(({ name, text }) => [name, text]);
    engine = await SchemaEngine.new({ datamodels }, () => {}, offline());
    const { stdout } = await engine.diff({
      from: { tag: "empty" },
      to: {
        tag: "schemaDatamodel",
        files: sources.map(({ name, text }) => ({ path: name, content: text })),
      },
      script: true,
      exitCode: null,
      shadowDatabaseUrl: null,
      filters: { externalTables: [], externalEnums: [] },
    });
    return stdout ?? "";
  } catch (error) {
    throw refused(error, shown);
  } finally {
    engine?.free();
  }
}

const engines = new Map<string, Promise<Engine>>();

async function loadEngine(root: string): Promise<Engine> {
  const file = resolveFrom(join(root, "package.json")) ?? resolveFrom(import.meta.url);
  if (file === undefined)
    throw new LockstepError("contract-source", {
      what: "the Prisma schema cannot be turned into DDL: the engine that does it is not installed",
      expected: `the package ${packageName}`,
      found: "it is neither among the project's packages nor among Lockstep's",
      from: root,
      why: "it came with Lockstep and was left away, e.g. by an install that prunes packages",
      next: [`npm install --save-dev ${packageName}`],
    });
  const known = engines.get(file);
  if (known !== undefined) return known;
  const loaded = instantiate(file);
  engines.set(file, loaded);
  return loaded;
}

function resolveFrom(place: string): string | undefined {
  const require = createRequire(place);
  try {
    return require.resolve("@prisma/schema-engine-wasm/schema_engine_bg");
  } catch {
    return undefined;
  }
}

/** Its entry point imports the .wasm file as a module, which Node does not do unasked; so the two are put together here. */
async function instantiate(file: string): Promise<Engine> {
  try {
    const module = (await import(pathToFileURL(file).href)) as EngineModule;
    const bytes = readFileSync(join(dirname(file), "schema_engine_bg.wasm"));
    const { instance } = await assembly.instantiate(bytes, { "./schema_engine_bg.js": module });
    module.__wbg_set_wasm(instance.exports);
    (instance.exports["__wbindgen_start"] as () => void)();
    return { SchemaEngine: module.SchemaEngine, major: majorOf(dirname(file)) };
  } catch (error) {
    throw new LockstepError(
      "contract-source",
      {
        what: `the installed ${packageName} cannot be loaded`,
        expected: "a version from 6.6 on",
        found: error instanceof Error ? error.message : String(error),
        from: file,
        why: "the package is of a version that works otherwise, or was copied without its .wasm file",
        next: [`npm install --save-dev ${packageName}@latest`],
      },
      { cause: error },
    );
  }
}

function majorOf(folder: string): number {
  const manifest = join(folder, "package.json");
  if (!existsSync(manifest)) return 0;
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version?: string };
  return Number.parseInt(version ?? "0", 10);
}

const urls = new Set(["url", "directUrl", "shadowDatabaseUrl"]);

/** Preview features that DDL depends on. The others come and go with versions of the client. */
const features = new Set(["views", "postgresqlExtensions", "partialIndexes"]);

/**
 * The file as engines from 7 on take it, whatever the project's Prisma: URLs belong into prisma.config since then, and preview
 * features that have become usual or were given up are errors. Every line stays where it is.
 */
function forToday(file: PrismaFile): PrismaFile {
  const replaced = readPrismaBlocks(file).flatMap(({ kind, fields }) =>
    fields.flatMap((field) => {
      if (kind === "datasource" && urls.has(field.name)) return [{ ...field, by: "" }];
      if (kind !== "generator" || field.name !== "previewFeatures") return [];
      const items = field.value?.kind === "list" ? field.value.items : [];
      const kept = items.flatMap((one) => textOf(one) ?? []).filter((one) => features.has(one));
      return [{ ...field, by: `previewFeatures = ${JSON.stringify(kept)}` }];
    }),
  );
  let { text } = file;
  for (const { start, end, by } of replaced.toReversed()) {
    const lines = text.slice(start, end).replaceAll(/[^\n]/g, "");
    text = text.slice(0, start) + by + lines + text.slice(end);
  }
  return { ...file, text };
}

/** Numbers by which the engine is told the types of a result (`ColumnTypeEnum` of @prisma/driver-adapter-utils). */
const columnTypes = { boolean: 5, text: 7, int32: 0 } as const;

/** A connection that is never opened: all that the engine asks on its way to DDL is the server's version. */
function offline(): object {
  const adapter = { provider: "postgres", adapterName: "lockstep" };
  const connection = {
    ...adapter,
    queryRaw: async () =>
      ok({
        columnNames: ["exists", "version", "numeric_version"],
        columnTypes: [columnTypes.boolean, columnTypes.text, columnTypes.int32],
        rows: [[true, "PostgreSQL 18.0", 180000]],
      }),
    executeRaw: async () => ok(0),
    executeScript: async () => ok(undefined),
    getConnectionInfo: () => ok({ schemaName: "public", supportsRelationJoins: true }),
    dispose: async () => ok(undefined),
  };
  return {
    ...adapter,
    errorRegistry: { consumeError: () => undefined },
    connect: async () => ok(connection),
    connectToShadowDb: async () => ok(connection),
  };
}

interface Result<Value> {
  readonly ok: true;
  readonly value: Value;
  readonly map: <Other>(change: (value: Value) => Other) => Result<Other>;
  readonly flatMap: <Other>(change: (value: Value) => Other) => Other;
}

function ok<Value>(value: Value): Result<Value> {
  return {
    ok: true,
    value,
    map: (change) => ok(change(value)),
    flatMap: (change) => change(value),
  };
}

/** The engine's message has one paragraph a mistake: `error: …`, `  -->  schema.prisma:6`, the lines around. */
function refused(error: unknown, shown: string): LockstepError {
  const message = error instanceof Error ? error.message : String(error);
  const places = [...message.matchAll(/^\s*-->\s+(.+:\d+)\s*$/gm)].map(([, place]) => place!);
  const mistakes = [...message.matchAll(/^\s*error: (.+)$/gm)].map(([, text]) => text!);
  const all = mistakes.map((text, at) => (at === 0 ? text : `${places[at] ?? ""} ${text}`.trim()));
  return new LockstepError(
    "contract-source",
    {
      what: `${places[0] ?? shown}: Prisma's engine refuses the schema`,
      expected: "a Prisma schema for PostgreSQL",
      found: all.length === 0 ? message : all.slice(0, 5).join("\n"),
      from: places[0] ?? shown,
      why: `the schema is wrong, or uses what the installed ${packageName} is too old or too new for`,
      next: [
        "npx prisma validate",
        `npm install --save-dev ${packageName} in the version of your prisma`,
      ],
    },
    { cause: error },
  );
}
