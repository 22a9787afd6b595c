import type { MigrationFolder } from "./migration.ts";

/**
 * The folder as it may be applied to a scratch database: what programs have sent to one empty database may be sent to
 * another, without the ledger of the tool, which has a command for that.
 */
export function forScratch(folder: MigrationFolder): MigrationFolder {
  const { program, ...others } = folder;
  return program === undefined ? folder : { ...others, ledger: undefined };
}
