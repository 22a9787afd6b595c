import type { Contract } from "../contract/index.ts";
import type { Emit } from "../events/index.ts";
import type { GivenRunOptions } from "../runner/index.ts";
import type { Scratch } from "../scratch/index.ts";
import type { MigrationFolder } from "../tools/index.ts";

export interface TakeBackRequest {
  readonly url: string;
  readonly folder: MigrationFolder;
  /** The working folder, to which the files' paths are relative. */
  readonly cwd: string;
  /** Id of the migration, which must be the last applied one; that one by default. */
  readonly migration?: string | undefined;
  /** What may be lost, as a refusal names it: `public.orders.note`. */
  readonly lose: readonly string[];
  /** The tool's own, where the migrations are programs; undefined where it is not known. */
  readonly command?: OwnCommand | undefined;
  /** Contracts of the releases that run. */
  readonly running: readonly Contract[];
  /** Releases that run and of which it is not known what they need. */
  readonly unknown: readonly string[];
  /** `name: reason` of a person who answers for the releases that run. */
  readonly consent?: string | undefined;
  /** Rehearses only: nothing of the target is changed. */
  readonly dryRun?: boolean | undefined;
  readonly scratch: (major: number) => Promise<Scratch>;
  readonly run: string;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
  readonly options?: GivenRunOptions | undefined;
}

/** A tool's own way back, where its migrations are programs. */
export interface OwnCommand {
  readonly command: string | readonly string[];
  /** As it was typed, for messages and the ledger. */
  readonly shown: string;
  /** Where it is run, absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Variables that the project keeps the URL of its databases in. */
  readonly urlVariables: readonly string[];
}

/** What a rollback throws away for good. */
export interface Loss {
  /** As `--lose` names it. */
  readonly name: string;
  /** Rows that hold something of it; undefined when that could not be counted in time. */
  readonly rows: number | undefined;
  readonly what: string;
}

/** The statements that take a migration back, and where they come from. */
export interface Back {
  readonly kind: "file" | "inverse" | "command";
  /** The file, the migration whose inverse it is, or the command that sent it on scratch. */
  readonly from: string;
  readonly sql: string;
  readonly checksum: string;
  /** Of a command: that all it sends is one transaction, and that what it takes from its tool's ledger is part of that. */
  readonly isWhole?: boolean;
  readonly isNoted?: boolean;
}

/** One that Lockstep's own runner runs. */
export interface SqlBack extends Back {
  readonly kind: "file" | "inverse";
}

export interface TakenBack {
  readonly run: string;
  readonly migration: string;
  readonly by: Back["kind"];
  readonly from: string;
  readonly sql: string;
  readonly losses: readonly Loss[];
  /** What does not come back: the migration itself has thrown it away. */
  readonly notBrought: readonly string[];
  /** What the rehearsal on scratch has shown. */
  readonly rehearsal: Rehearsal;
  /** False for a dry run. */
  readonly isDone: boolean;
}

export interface Rehearsal {
  readonly major: number;
  /** Tables that held made-up rows on the way. */
  readonly tables: number;
  /** Tables whose rows were other ones afterwards than before. */
  readonly changedRows: readonly string[];
  /** Why no rows were on the way; undefined when there were. */
  readonly withoutRows?: string;
  /** Whether the migration could be applied again, with the same catalog. */
  readonly isRepeatable: boolean;
}
