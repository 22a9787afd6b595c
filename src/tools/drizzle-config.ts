import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { LockstepError } from "../errors/index.ts";
import { showPath } from "./folder.ts";

/** What `drizzle.config` says, without its credentials. */
export interface DrizzleConfig {
  /** Absolute path of the file. */
  readonly file: string;
  readonly dialect: string | undefined;
  /** Absolute path of the migrations folder; Drizzle's default is `drizzle`. */
  readonly out: string;
  /** Schema files as written, globs included, relative to the config's folder. */
  readonly schema: readonly string[];
  /** Where the ledger is; what is not named has Drizzle's default. */
  readonly ledger: { readonly schema: string; readonly table: string };
}

/** In the order in which Drizzle Kit looks for them. */
const names = ["drizzle.config.ts", "drizzle.config.js", "drizzle.config.json"];

/**
 * Reads the `drizzle.config.{ts,js,json}` of a folder. What is written out in the file is read without running it, so
 * neither credentials nor Drizzle Kit are needed; a file that computes its paths is run.
 *
 * @returns undefined when there is none
 * @throws LockstepError `config-invalid`
 */
export async function readDrizzleConfig(cwd: string): Promise<DrizzleConfig | undefined> {
  const file = names.map((name) => join(cwd, name)).find((path) => existsSync(path));
  if (file === undefined) return undefined;
  const shown = showPath(file, cwd);
  const config = (await readStatic(file, shown)) ?? (await run(file, shown));
  const { dialect, out = "drizzle", schema = [], migrations = {} } = config;
  const ledger = isRecord(migrations) ? migrations : {};
  const isText = (value: unknown) => value === undefined || typeof value === "string";
  if (![dialect, out, ledger["schema"], ledger["table"]].every(isText))
    throw unreadable(shown, "out, migrations.schema and migrations.table as texts", "other values");
  return {
    file,
    dialect: dialect as string | undefined,
    out: resolve(cwd, out as string),
    schema: (Array.isArray(schema) ? schema : [schema]).filter((each) => typeof each === "string"),
    ledger: {
      schema: (ledger["schema"] as string | undefined) ?? "drizzle",
      table: (ledger["table"] as string | undefined) ?? "__drizzle_migrations",
    },
  };
}

/**
 * The ledger that the `drizzle.config` responsible for a folder names: the nearest one above the folder, not above
 * `cwd`, whose `out` is that folder. Nothing when there is none: then Drizzle's defaults hold.
 */
export async function ledgerOfDrizzleConfig(
  folder: string,
  cwd: string,
): Promise<{ readonly schema?: string; readonly table?: string }> {
  for (const place of placesAbove(folder, cwd)) {
    const config = await readDrizzleConfig(place);
    if (config !== undefined && config.out === folder) return config.ledger;
  }
  return {};
}

function placesAbove(folder: string, cwd: string): readonly string[] {
  const places = [dirname(folder)];
  const isBelow = !relative(cwd, folder).startsWith("..");
  while (isBelow && places.at(-1) !== cwd && dirname(places.at(-1)!) !== places.at(-1))
    places.push(dirname(places.at(-1)!));
  return isBelow ? places : [...places, cwd];
}

type Values = Readonly<Record<string, unknown>>;

async function readStatic(file: string, shown: string): Promise<Values | undefined> {
  try {
    const text = readFileSync(file, "utf8");
    if (!file.endsWith(".json")) {
      // Its parser takes 10 ms to load, which folders of plain SQL need not pay.
      const { readStaticConfig } = await import("./drizzle-config-static.ts");
      return readStaticConfig(text);
    }
    const config: unknown = JSON.parse(text);
    if (isRecord(config)) return config;
  } catch (error) {
    throw unreadable(shown, "a readable file", (error as Error).message, error);
  }
  throw unreadable(shown, "a JSON object", "another value");
}

async function run(file: string, shown: string): Promise<Values> {
  const { createJiti } = await import("jiti");
  const jiti = createJiti(file, {
    fsCache: false,
    moduleCache: false,
    virtualModules: { "drizzle-kit": { defineConfig: (config: unknown) => config } },
  });
  let config: unknown;
  try {
    config = await jiti.import(file, { default: true });
  } catch (error) {
    throw unreadable(
      shown,
      "a file that can be loaded",
      (error as Error).message.split("\n", 1)[0]!,
      error,
    );
  }
  if (isRecord(config)) return config;
  throw unreadable(shown, "a configuration as its default export", typeof config);
}

function unreadable(
  shown: string,
  expected: string,
  found: string,
  cause?: unknown,
): LockstepError {
  return new LockstepError(
    "config-invalid",
    {
      what: `${shown} does not tell where Drizzle keeps its folder and ledger`,
      expected,
      found,
      from: shown,
      why: "the file computes what it says, and what it needs for that (an environment variable, a package) is not here",
      next: [
        `write \`out\`, \`schema\` and \`migrations\` of ${shown} as plain texts`,
        'or name the ledger in lockstep.config: migrations.ledger: { schema: "drizzle", table: "__drizzle_migrations" }',
      ],
    },
    { cause },
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
