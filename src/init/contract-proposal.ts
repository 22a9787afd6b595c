import { statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { listFiles } from "../check/index.ts";
import { readDrizzleConfig } from "../tools/index.ts";
import { camelCaseIn } from "./camel-case-plugin.ts";
import { findMapperModule, mapperOf } from "./mapper-module.ts";
import { foldersAbove } from "./owner.ts";
import type { ContractProposal, Known } from "./project.ts";

/**
 * From where it is known what the code expects: the schema that the ORM's own config names, else the migrations.
 *
 * @param folder of the migrations, absolute
 * @param tool that made them
 * @param owner folder of the config, absolute
 */
export async function proposeContract(
  folder: string,
  tool: string,
  owner: string,
  cwd: string,
): Promise<Known<ContractProposal>> {
  const schema = tool === "prisma" ? await prismaSchema(dirname(folder), cwd) : undefined;
  if (schema !== undefined)
    return {
      value: { kind: "prisma", schema: shownFrom(owner, schema) },
      because: shownFrom(cwd, schema),
    };
  const mapper = mapperOf[tool];
  const module = mapper === undefined ? undefined : await findMapperModule(mapper, owner, cwd);
  if (mapper !== undefined && module !== undefined) {
    const camelCase = mapper === "kysely" ? await camelCaseIn(owner, cwd) : undefined;
    return {
      value: { kind: mapper, module: shownFrom(owner, module), camelCase },
      because: shownFrom(cwd, module),
    };
  }
  for (const place of await drizzlePlaces(folder, cwd)) {
    // One that cannot be run here names nothing.
    const config = await readDrizzleConfig(place).catch(() => undefined);
    if (config === undefined || config.schema.length === 0) continue;
    // Drizzle Kit takes paths from the folder in which it is called: the config's, or the package's.
    const from = [place, owner].find(
      (base) => resolve(base, relative(place, config.out)) === folder,
    );
    if (from === undefined) continue;
    const files = config.schema.map((file) => modules(resolve(from, file), owner));
    return { value: { kind: "drizzle", files }, because: shownFrom(cwd, config.file) };
  }
  return { value: { kind: "migrations" }, because: "no schema in code is known" };
}

/** The schema beside the migrations: one file, or the folder that holds all of several. */
async function prismaSchema(beside: string, cwd: string): Promise<string | undefined> {
  const files = (await listFiles(cwd, [".prisma"]))
    .map((file) => resolve(cwd, file))
    .filter((file) => file.startsWith(join(beside, sep)));
  const folders = new Set(files.map((file) => dirname(file)));
  if (files.length < 2) return files[0];
  return folders.size === 1 ? [...folders][0] : beside;
}

/** Folders with a config of Drizzle Kit, those around the migrations first. */
async function drizzlePlaces(folder: string, cwd: string): Promise<readonly string[]> {
  const files = await listFiles(cwd, [
    "drizzle.config.ts",
    "drizzle.config.js",
    "drizzle.config.json",
  ]);
  const elsewhere = files.map((file) => resolve(cwd, dirname(file)));
  return [...new Set([...foldersAbove(dirname(folder), cwd), ...elsewhere])];
}

/** Drizzle Kit takes the modules of a folder that is named. */
function modules(path: string, owner: string): string {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  return shownFrom(owner, isFolder ? join(path, "*.ts") : path);
}

function shownFrom(folder: string, path: string): string {
  return relative(folder, path).replaceAll("\\", "/");
}
