import type { Emit } from "../events/index.ts";
import type { GivenRunOptions } from "../runner/index.ts";
import type { MigrationFolder } from "../tools/index.ts";

export interface WrappedRequest {
  readonly url: string;
  /** The folder whose pending migrations the command is to apply; listed is enough. */
  readonly folder: MigrationFolder;
  /** A line for the shell, or a program and its arguments. */
  readonly command: string | readonly string[];
  /** The same as it was typed, for messages and the ledger. */
  readonly shown: string;
  readonly cwd: string;
  /** What paths of the folder are relative to, absolute. */
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Variables that the project keeps this database's URL in. */
  readonly urlVariables: readonly string[];
  /** True where every variable that holds the URL of a Postgres is to name this one; false by default. */
  readonly everyUrl?: boolean | undefined;
  /** The folder with the SQL of its migrations, to look their effects up; undefined, with a reason told, when it is not to be had. */
  readonly recorded: () => Promise<MigrationFolder | undefined>;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
  readonly run?: string | undefined;
  readonly options?: GivenRunOptions | undefined;
}

export interface WrappedResult {
  readonly run: string;
  readonly applied: readonly { readonly id: string; readonly file: string }[];
  readonly adopted: readonly string[];
  /** How the command ended: `exit code 0`; undefined when there was nothing to do and it was not run. */
  readonly ended: string | undefined;
  readonly attempts: number;
  /** Whether its sessions were seen with the settings that were pushed into them. */
  readonly isGuarded: boolean;
  /** True when each statement's effect was looked up in the catalog. */
  readonly isVerified: boolean;
  readonly fingerprint: string | undefined;
  readonly ms: number;
}
