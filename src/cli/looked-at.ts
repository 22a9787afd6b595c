import { isLockstepError } from "../errors/index.ts";
import type { LoadedConfig } from "../config/index.ts";
import { readHistory, toolNames, type MigrationFolder } from "../tools/index.ts";
import type { Context } from "./context.ts";
import { readFolderIfNamed, type TargetOptions } from "./settings.ts";

/** A folder that was named. */
export interface NamedFolder {
  readonly folder: MigrationFolder;
  /** False for a tool whose ledger Lockstep does not keep: then the folder is only looked at. */
  readonly isKept: boolean;
}

/**
 * The folder that the config or an option names, also where another tool applies it.
 * @throws LockstepError what reading it throws
 */
export async function lookAtFolderIfNamed(
  options: TargetOptions,
  loaded: LoadedConfig,
  context: Context,
): Promise<NamedFolder | undefined> {
  try {
    const folder = await readFolderIfNamed(options, loaded, context);
    return folder && { folder, isKept: true };
  } catch (error) {
    if (!isLockstepError(error) || error.code !== "migration-unsupported") throw error;
    const folder = await readHistory(
      options.folder === undefined
        ? { folder: loaded.config.migrations!.folder, cwd: loaded.folder }
        : { folder: options.folder, cwd: context.cwd },
    );
    if ((toolNames as readonly string[]).includes(folder.tool)) throw error;
    return { folder, isKept: false };
  }
}
