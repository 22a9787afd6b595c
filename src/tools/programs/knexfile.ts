import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { textOf } from "../tool-of.ts";
import {
  literal,
  nameOf,
  readStaticModule,
  type StaticModule,
  type Tree,
} from "../static-module.ts";

/** What a knexfile says of one database. */
interface KnexSettings {
  /** True where its connection takes something from a variable. */
  readonly readsVariable: boolean;
  readonly schema: string | undefined;
  readonly table: string | undefined;
}

/** What a knexfile writes out, as far as it can be read without running it. */
export interface Knexfile {
  /** By environment; of a file without any, `undefined` is the name of its only one. */
  readonly settings: ReadonlyMap<string | undefined, KnexSettings>;
}

/** In the order in which Knex looks for them. */
export const knexfileNames = ["js", "mjs", "cjs", "ts"].map((ending) => `knexfile.${ending}`);

/** Where projects keep it that do not have it beside their package.json. */
const usualFolders = ["db", "database", "config", "src", "src/db", "src/database", "src/config"];

/** A knexfile, absolute, and whether Knex has to be told of it: it looks for one where it is called. */
export interface KnexfilePlace {
  readonly file: string;
  readonly isElsewhere: boolean;
}

/**
 * The knexfile of a project: the one that its command names, the one beside its package.json, or the nearest to its migrations.
 *
 * @param migrations folder of the migrations, absolute
 * @param command what runs Knex, as a line; undefined where it is not known
 */
export function findKnexfile(
  cwd: string,
  migrations: string,
  command: string | undefined,
): KnexfilePlace | undefined {
  const named = /(?:^|\s)--knexfile[=\s]+["']?([^\s"']+)/.exec(command ?? "")?.[1];
  if (named !== undefined) return { file: resolve(cwd, named), isElsewhere: true };
  for (const folder of [cwd, ...foldersUpTo(cwd, migrations), ...usualFolders]) {
    const file = knexfileNames
      .map((name) => resolve(cwd, folder, name))
      .find((path) => existsSync(path));
    if (file !== undefined) return { file, isElsewhere: dirname(file) !== resolve(cwd) };
  }
  return undefined;
}

/** From the folder around the migrations up to, and without, the one of the package. */
function foldersUpTo(cwd: string, migrations: string): readonly string[] {
  const folders: string[] = [];
  const top = resolve(cwd);
  for (let at = migrations; at.startsWith(join(top, "/")); at = dirname(at)) folders.push(at);
  return folders;
}

/** What a knexfile says; undefined where it computes what it exports. */
export function readKnexfile(file: string): Knexfile | undefined {
  const module = readStaticModule(textOf(file) ?? "");
  const exported = module?.exported;
  if (module === undefined || exported?.type !== "ObjectExpression") return undefined;
  const own = properties(exported, module);
  if (own.has("client") || own.has("connection"))
    return { settings: new Map([[undefined, settingsOf(exported, module)]]) };
  return {
    settings: new Map(
      [...own].flatMap(([name, value]) =>
        value?.type === "ObjectExpression" ? [[name, settingsOf(value, module)] as const] : [],
      ),
    ),
  };
}

/**
 * The environment that Knex is to be told of: the one that takes its database from a variable, where the one that it takes
 * by itself (`development`) has an address of its own. Undefined where it need not be told.
 */
export function environmentOf({ settings }: Knexfile): string | undefined {
  const usual = settings.get("development");
  if (settings.has(undefined) || usual?.readsVariable === true) return undefined;
  const names = ["production", ...settings.keys()];
  return names.find((name) => settings.get(name)?.readsVariable === true);
}

/** Where the ledger is by the settings of an environment: Knex's own default holds for what they do not name. */
export function knexLedgerOf(
  { settings }: Knexfile,
  environment: string,
): Pick<KnexSettings, "schema" | "table"> {
  const own = settings.get(environment) ?? settings.get(undefined);
  return { schema: own?.schema, table: own?.table };
}

function settingsOf(object: Tree, module: StaticModule): KnexSettings {
  const own = properties(object, module);
  const migrations = own.get("migrations");
  const named =
    migrations?.type === "ObjectExpression" ? properties(migrations, module) : new Map();
  const textAt = (key: string) => {
    const node = named.get(key);
    const value = node === undefined ? undefined : literal(node);
    return typeof value === "string" ? value : undefined;
  };
  const connection = own.get("connection");
  return {
    readsVariable: connection !== undefined && JSON.stringify(connection).includes('"env"'),
    schema: textAt("schemaName"),
    table: textAt("tableName"),
  };
}

/** Values of an object by their names; what is spread into it, and names that are computed, are not seen. */
function properties(object: Tree, { unwrap }: StaticModule): ReadonlyMap<string, Tree | undefined> {
  return new Map(
    (object["properties"] as readonly Tree[]).flatMap((property) => {
      const name = nameOf(property);
      return name === undefined ? [] : [[name, unwrap(property["value"] as Tree)] as const];
    }),
  );
}
