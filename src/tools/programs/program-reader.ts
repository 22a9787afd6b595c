import type { Folder } from "../folder.ts";
import type { LedgerPlace } from "../ledger-table.ts";
import type { MigrationFolder } from "../migration.ts";

/** What is configured of a tool whose migrations are programs. */
export interface ProgramSettings {
  readonly place: LedgerPlace;
  /** What applies the folder; found out when left away. */
  readonly command: string | readonly string[] | undefined;
  /** Where it is run, absolute: the folder of the config. */
  readonly cwd: string;
}

/** Lists a folder as its tool would. */
export type ProgramReader = (folder: Folder, settings: ProgramSettings) => MigrationFolder;
