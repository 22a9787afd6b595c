import { relative, resolve } from "node:path";
import {
  buildContract,
  readContract,
  type Contract,
  type ContractSource,
} from "../contract/index.ts";
import { LockstepError } from "../errors/index.ts";
import type { Scratch } from "../scratch/index.ts";
import type { LoadedConfig } from "../config/index.ts";
import type { Context } from "./context.ts";
import { capturedCatalog } from "./captured-catalog.ts";
import { filesNamed } from "./paths.ts";
import { schemaSource } from "./schema-source.ts";
import { lookAtFolderIfNamed } from "./looked-at.ts";
import { readFolder, releaseName, type TargetOptions } from "./settings.ts";

export interface ContractOptions extends TargetOptions {
  readonly release?: string;
  /** File of a contract built earlier. */
  readonly contract?: string;
}

/** What a release is called, and how to get to know what it expects. */
export interface Release {
  readonly name: string;
  /** @throws LockstepError `contract-…`, `scratch-unavailable` */
  readonly contract: (scratch: () => Promise<Scratch>) => Promise<Contract>;
}

/**
 * The release that the options name: its contract is in the file that was named, else built from what the config says.
 * @throws LockstepError `usage` when neither is there, `contract-…` for the file
 */
export function chosenRelease(
  options: ContractOptions,
  loaded: LoadedConfig,
  context: Context,
): Release {
  if (options.contract !== undefined) {
    const path = resolve(context.cwd, options.contract);
    const contract = readContract(relative(process.cwd(), path) || path);
    const name = options.release ?? contract.release;
    return { name, contract: async () => ({ ...contract, release: name }) };
  }
  const { contract } = loaded.config;
  if (contract === undefined) throw noContract(loaded);
  const name = releaseName(options.release, context);
  return {
    name,
    contract: async (scratch) =>
      buildContract({
        source: await contractSource(options, loaded, context, scratch),
        release: name,
        scratch: await scratch(),
        root: loaded.folder,
        env: (contract.env ?? []).map((variable) => ({ name: variable, from: loaded.file })),
        checks: (contract.checks ?? []).map((check) => ({ ...check, from: loaded.file })),
        role: contract.role,
      }),
  };
}

async function contractSource(
  options: ContractOptions,
  loaded: LoadedConfig,
  context: Context,
  scratch: () => Promise<Scratch>,
): Promise<ContractSource> {
  const { file, command, queries } = loaded.config.contract!;
  if (command !== undefined)
    return capturedCatalog(command, await scratch(), loaded.folder, context);
  const migrations = async () => (await lookAtFolderIfNamed(options, loaded, context))?.folder;
  if (queries !== undefined) {
    const files = await filesNamed(queries, loaded.folder, "contract.queries");
    return { kind: "queries", files, folder: await migrations() };
  }
  const schema = await schemaSource(loaded, migrations);
  if (schema !== undefined) return schema;
  if (file !== undefined) return { kind: "file", path: resolve(loaded.folder, file) };
  const folder = (await migrations()) ?? (await readFolder(options, loaded, context));
  return { kind: "migrations", folder };
}

function noContract(loaded: LoadedConfig): LockstepError {
  return new LockstepError("usage", {
    what: "what the release expects is not known",
    expected:
      "--contract with a file, or contract.drizzle, .prisma, .typeorm, .sequelize, .mikroOrm, .kysely, .queries, .migrations, .command or .file in the config",
    found: loaded.file === undefined ? "no config file" : `no "contract" in ${loaded.file}`,
    next: [
      'add contract: { drizzle: "./src/db/schema.ts" } to lockstep.config.ts',
      "or contract: { prisma: true }",
      "or contract: { migrations: true }, which works for every tool",
    ],
  });
}
