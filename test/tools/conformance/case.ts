import type { Tool } from "../../../src/tools/index.ts";

/** A file by its path from the project's root. */
export type Files = Readonly<Record<string, string>>;

/** How a program of the tool's is called. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Place {
  /** The project's root. */
  readonly root: string;
  readonly url: string;
  /** The folder that LOCKSTEP_TOOLS names: programs in `bin`, packages in `node_modules`. */
  readonly tools: string;
}

/** One tool as the conformance suite tries it, and the recorder runs it for real. */
export interface ConformanceCase {
  readonly tool: Tool;
  /** The version that was recorded, as its own command or package says. */
  readonly version: string;
  /** What a person would type to apply what is pending. */
  readonly shown: string;
  readonly folder: string;
  /** What the tool needs beside its folder. */
  readonly project: Files;
  /** Three migrations, in the order in which the tool runs them. */
  readonly migrations: readonly [Migration, Migration, Migration];
  /** A fourth, a transaction whose second statement fails. */
  readonly failing: Migration;
  /** Another fourth, of two units: the second one builds an index concurrently, and fails on rows of `things`. */
  readonly halves: Migration;
  /** Another fourth, for which Lockstep has a plan: a table under two names between its phases. */
  readonly planned: Migration;
  /** Files that come between the first and the second. */
  readonly late: Migration;
  /** The second one's files with a comment more. */
  readonly edited: Files;
  /** A file that the tool knows and does not run. */
  readonly beside: Files;
  /** Which of the files that fail leave a row that says so. */
  readonly tells: { readonly failed: boolean; readonly failedHalves: boolean };
  /** Where a checksum of each file is kept. */
  readonly checksum: "ledger" | "folder" | "nowhere";
  readonly ledger: {
    readonly schema: string;
    readonly table: string;
    /** Columns that are never the same twice, and what they are. */
    readonly varying: Readonly<Record<string, "uuid" | "time" | "duration" | "text">>;
    readonly order: string;
  };
  readonly command: (place: Place) => Command;
}

export interface Migration {
  readonly id: string;
  readonly files: Files;
}

/** What one run of the tool did. */
export interface Outcome {
  readonly exitCode: number;
  /** The line of its output that tells most. */
  readonly says: string;
  readonly rows: readonly Row[];
}

export type Row = Readonly<Record<string, unknown>>;

/** What the real tool was seen to do and to write; `record.ts` makes it. */
export interface Recorded {
  readonly tool: string;
  readonly version: string;
  readonly command: string;
  readonly columns: readonly Row[];
  /** Two migrations applied by the tool. */
  readonly applied: Outcome;
  /** The tool after Lockstep has adopted those and applied the third. */
  readonly afterLockstep: Outcome;
  /** The tool on a file that fails. */
  readonly failed: Outcome;
  /** The tool on a file without transaction that fails half-way; undefined where it cannot have one. */
  readonly failedHalves: Outcome;
  /** The tool after that, with nothing mended. */
  readonly again: Outcome;
  /** The tool on a database in which Lockstep has done the first half of a file. */
  readonly inFlight: Outcome;
  /** The tool when an applied file was edited. */
  readonly edited: Outcome;
  /** The tool when a file was merged behind what is applied. */
  readonly late: Outcome & { readonly ran: boolean };
  /** The tool between the phases of a plan of Lockstep's; undefined where it was not run there. */
  readonly planned?: BetweenPhases;
}

/** What the tool's own command did between the phases of a plan. */
export interface BetweenPhases extends Outcome {
  /** Catalog and ledger were as before. */
  readonly isUntouched: boolean;
}
