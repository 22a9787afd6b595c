import { existsSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { codeFolders, codeMigrations, findFolders, type LookedAt } from "../check/index.ts";
import { findConfigIn } from "../config/index.ts";
import { isLockstepError } from "../errors/index.ts";
import { readMigrations, toolNames, type MigrationFolder } from "../tools/index.ts";
import { proposeContract } from "./contract-proposal.ts";
import { foldersAbove, ownerOf } from "./owner.ts";
import type { ProjectDatabase } from "./project.ts";
import { urlVariable } from "./url-variable.ts";

/** The databases of a project, and folders of migrations that are not read, each in a sentence. */
interface Detected {
  readonly databases: readonly ProjectDatabase[];
  readonly refused: readonly string[];
}

/**
 * Finds out what a project's databases are: each folder of Postgres migrations below the working folder, the tool that
 * made it, what its code expects, and the variable that holds its URL. Nothing is connected to, and no value of a
 * variable is read.
 *
 * @throws LockstepError `file-unreadable`, `file-not-utf8`, and what a journal throws that is not whole
 */
export async function detectDatabases(cwd: string): Promise<Detected> {
  const { folders: found, refused } = await findFolders(cwd);
  // Of several in one package the longest history is the product's.
  const folders = found.toSorted((a, b) => b.migrations.length - a.migrations.length);
  const owners = folders.map((found) => ownerOf(resolve(cwd, found.path), cwd));
  const databases: ProjectDatabase[] = [];
  for (const [index, folder] of folders.entries()) {
    const owner = owners[index]!;
    databases.push(await databaseOf(folder, owner, owners.indexOf(owner) === index, cwd));
  }
  for (const program of await programFolders(cwd)) {
    const owner = ownerOf(resolve(cwd, program.path), cwd);
    databases.push(await databaseOf(program, owner, !owners.includes(owner), cwd));
    owners.push(owner);
  }
  const code = databases.length === 0 ? await codeMigrations(cwd) : undefined;
  const sentences = refused.map(({ explanation }) => explanation.what);
  return { databases, refused: code === undefined ? sentences : [...sentences, code] };
}

/** Folders of programs whose tool, and its command, are known by looking; the longest history first. */
async function programFolders(cwd: string): Promise<readonly MigrationFolder[]> {
  const found: MigrationFolder[] = [];
  for (const { folder } of await codeFolders(cwd))
    try {
      const owner = ownerOf(resolve(cwd, folder), cwd);
      const read = await readMigrations({
        folder: relative(owner, resolve(cwd, folder)),
        cwd: owner,
      });
      if (read.program !== undefined) found.push({ ...read, path: folder });
    } catch (error) {
      // Those of other tools, and of none that is known, are told of in a sentence.
      if (!isLockstepError(error)) throw error;
    }
  return found.toSorted((a, b) => b.migrations.length - a.migrations.length);
}

async function databaseOf(
  found: LookedAt,
  owner: string,
  isFirst: boolean,
  cwd: string,
): Promise<ProjectDatabase> {
  const show = (path: string) => relative(cwd, path).replaceAll("\\", "/");
  const path = resolve(cwd, found.path);
  const config = findConfigIn(owner);
  const { applied, refusal } = await whoApplies(found, cwd);
  const problems = (found.problems ?? []).map(({ explanation }) => explanation.what);
  return {
    folder: show(owner) || ".",
    migrations: {
      folder: found.path,
      tool: found.tool,
      count: found.migrations.length,
      applied,
      command: found.program?.command,
      problems: problems.length === 0 ? refusal : problems,
    },
    contract: await proposeContract(path, found.tool, owner, cwd),
    urlEnv: urlVariable(foldersAbove(owner, cwd), show, found.program?.settings),
    config: isFirst && config !== undefined ? show(join(owner, config)) : undefined,
    newConfig: show(join(owner, configName(owner, path, isFirst, cwd))),
  };
}

interface WhoApplies {
  readonly applied: ProjectDatabase["migrations"]["applied"];
  /** Why Lockstep would not, where it keeps the ledger of such folders. */
  readonly refusal: readonly string[];
}

async function whoApplies({ path, tool, program }: LookedAt, cwd: string): Promise<WhoApplies> {
  if (program !== undefined) return { applied: "guarded", refusal: [] };
  const isKept = (toolNames as readonly string[]).includes(tool);
  if (!isKept) return { applied: "others", refusal: [] };
  try {
    const { ledger } = await readMigrations({ folder: path, cwd });
    return { applied: ledger === undefined ? "own" : "adopted", refusal: [] };
  } catch (error) {
    if (isLockstepError(error)) return { applied: "looked-at", refusal: [error.explanation.what] };
    throw error;
  }
}

/** One config for each database: where a package has several, the others' names tell which it is. */
function configName(owner: string, folder: string, isFirst: boolean, cwd: string): string {
  const isTyped = foldersAbove(owner, cwd).some((place) =>
    existsSync(join(place, "tsconfig.json")),
  );
  const ending = isTyped ? "ts" : "mjs";
  if (isFirst) return `lockstep.config.${ending}`;
  const parts = relative(owner, folder).split(/[\\/]/);
  const own = parts.filter(
    (part) => !/^(?:src|db|database|migrations?|sql|drizzle|prisma)$/.test(part),
  );
  return `lockstep.${own.join("-") || basename(folder)}.config.${ending}`;
}
