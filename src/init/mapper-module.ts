import { readFileSync } from "node:fs";
import { basename, dirname, resolve, sep } from "node:path";
import { listFiles } from "../check/index.ts";

/** An object mapper whose schema in code is a module that its own command line names too. */
export type Mapper = "typeorm" | "mikroOrm" | "sequelize" | "kysely";

/** Where each one's module usually is, and what stands in it. */
const usual: Readonly<
  Record<
    Mapper,
    {
      readonly endings: readonly string[];
      /** The name of the folder that it is in. */
      readonly folder?: string;
      readonly says: RegExp;
    }
  >
> = {
  typeorm: {
    endings: [
      "source",
      "Source",
      "ormconfig",
      "typeorm.config",
      "typeorm",
      "database",
      "db",
    ].flatMap((name) => [`${name}.ts`, `${name}.js`, `${name}.mts`, `${name}.mjs`, `${name}.cjs`]),
    says: /\bnew\s+DataSource\s*\(/,
  },
  mikroOrm: {
    endings: ["ts", "js", "mjs", "cjs"].map((ending) => `mikro-orm.config.${ending}`),
    says: /./,
  },
  sequelize: {
    endings: ["index.js", "index.ts", "index.cjs", "index.mjs"],
    folder: "models",
    says: /\bsequelize\b/i,
  },
  kysely: {
    endings: ["db", "database", "types", "schema", "kysely"].flatMap((name) => [
      `${name}.d.ts`,
      `${name}.ts`,
    ]),
    says: /\bexport\s+(?:interface|type)\s+(?:DB|Database)\b/,
  },
};

/** The mapper whose migrations a tool makes. */
export const mapperOf: Readonly<Record<string, Mapper | undefined>> = {
  typeorm: "typeorm",
  "mikro-orm": "mikroOrm",
  sequelize: "sequelize",
  kysely: "kysely",
};

/**
 * The module from which a mapper's models are known: of those below the package's folder the one nearest to its root;
 * undefined where none is found.
 *
 * @param owner folder of the package, absolute
 */
export async function findMapperModule(
  mapper: Mapper,
  owner: string,
  cwd: string,
): Promise<string | undefined> {
  const { endings, folder, says } = usual[mapper];
  const files = (await listFiles(cwd, endings))
    .map((file) => resolve(cwd, file))
    .filter((file) => dirname(file) === owner || file.startsWith(`${owner}${sep}`))
    .filter((file) => folder === undefined || basename(dirname(file)) === folder)
    .filter((file) => says.test(textOf(file)));
  return files.sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1))[0];
}

function depth(file: string): number {
  return file.split(sep).length;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
