import type { Queryable } from "../pg/index.ts";
import type { Sending } from "./senders.ts";

/** One unit of a migration tool's folder, in order. Its SQL is read, not yet parsed. */
export interface Migration {
  /** The tool's own identity of it: what its ledger stores or implies, e.g. `0002_add_index`. */
  readonly id: string;
  /** Path of the SQL file, relative to the working folder, for messages. */
  readonly file: string;
  readonly sql: string;
  /** sha256 of the file's bytes, hex. */
  readonly checksum: string;
  /** How the tool that owns the folder sends the file: one transaction a file, or each statement alone. */
  readonly transaction: "file" | "statement";
  /** How the file itself asks to be sent; left out when it says nothing, and where only a check reads such files. */
  readonly sends?: Sending;
  /** What only the tool's own ledger needs, e.g. Drizzle's `when`. */
  readonly native: Readonly<Record<string, string | number>>;
  /**
   * Set when `file` is a program and `sql` what it sent when its tool was run: a hash of that, for the same program may send
   * something else another day. Edits of that SQL would be none of the file.
   */
  readonly recorded?: string;
}

/** A row of a migration tool's own ledger. */
export interface AppliedMigration {
  /** The `Migration.id` it stands for; undefined when no file of the folder matches. */
  readonly id: string | undefined;
  /** How the ledger itself names it, for messages. */
  readonly label: string;
  readonly appliedAt: Date | undefined;
  /** The checksum the tool stored, when it stores one. */
  readonly checksum: string | undefined;
  /** True when that is not the file's any more, by the tool's own rule. */
  readonly isEdited: boolean;
  /** Set when the ledger says that the migration was begun and did not come to its end. */
  readonly unfinished?: Unfinished;
  /**
   * True when no row of its own says so, but a position behind it: it may have been passed over, as a file that was
   * merged late is.
   */
  readonly isPassed?: true;
}

/** What a tool's ledger says of a migration that it began. */
export interface Unfinished {
  /** The row in words, e.g. `started_at 2026-11-21T10:00:00.000Z, no finished_at`. */
  readonly found: string;
  /** What the tool itself does from then on. */
  readonly effect: string;
  /** Why it failed, when the tool keeps that. */
  readonly reason: string | undefined;
}

/**
 * How a migration came to be recorded: `run`, its statements with the record; or `marked`, it is only said to be
 * applied.
 */
export type Recorded = "run" | "marked";

/** A migration tool's own ledger, kept true by Lockstep so that the tool's own status stays green. */
export interface NativeLedger {
  readonly schema: string;
  readonly table: string;
  /** Its rows in the tool's order; an absent table gives none. */
  read(database: Queryable, migrations: readonly Migration[]): Promise<readonly AppliedMigration[]>;
  /** Statements that make the ledger exactly as the tool would, harmless when it exists. */
  readonly createSql: string;
  /**
   * Marks one migration as begun, as the tool does before it runs the file: while Lockstep has run a part of it, the
   * tool's own command refuses. Harmless when the mark is there. Left away for a tool that marks nothing.
   */
  beginSql?(migration: Migration): readonly string[];
  /** The statements that record one migration exactly as the tool would, whether or not it is marked as begun. */
  recordSql(migration: Migration, how: Recorded): readonly string[];
  /** The statements that take that record, or the mark, back. */
  eraseSql(migration: Migration): readonly string[];
}

/**
 * A tool whose migrations are programs: what they do is known only by running it. Until that was done (`recording`), the
 * `sql` of its migrations is not to be had, and reading it throws.
 */
export interface Program {
  /** What applies all that is pending: a line for the shell, or a program and its arguments. */
  readonly command: string | readonly string[];
  /** Where it is run, absolute. */
  readonly cwd: string;
  /** How the tool sends what is pending, unless it is told otherwise; undefined where that is not known. */
  readonly sends: Sending | undefined;
  /** Columns of a row of the ledger that name a migration, joined by a dot. */
  readonly nameColumns: readonly string[];
  /** Tables of the tool's own in the schema of its ledger, that one included. */
  readonly ownTables: readonly string[];
  /** False for a tool that is not known: which migrations there are, and in which order, is seen when it runs. */
  readonly isListed: boolean;
  /** Files beside the folder that decide what the command does, absolute; one that is not there counts too. */
  readonly settings: readonly string[];
  /** What a person types to have the tool take the last one back, where it has such a command. */
  readonly takesBack?: string;
  /** What of the tool's own keeps its command from running, such as a lock that nobody holds any more. */
  readonly stuck?: (database: Queryable) => Promise<Stuck | undefined>;
}

/** A state in which a tool's own command refuses to run or waits for ever. */
export interface Stuck {
  readonly what: string;
  readonly found: string;
  readonly why: string;
  readonly next: string;
}

/** A folder of migrations as a tool reads it. */
export interface MigrationFolder {
  readonly tool: string;
  /** Set where the migrations are programs. */
  readonly program?: Program;
  /** Relative to the working folder. */
  readonly path: string;
  /** Names this folder's rows in Lockstep's ledger; stable when the checkout moves. */
  readonly source: string;
  readonly migrations: readonly Migration[];
  /** The tool's own ledger; undefined for plain SQL, where Lockstep's is the only one. */
  readonly ledger: NativeLedger | undefined;
  /**
   * Asked before the first run in a database, where the tool is only what was left after all others.
   * @throws LockstepError `migration-unsupported` when the database says that the folder is another tool's
   */
  requireOwner?(database: Queryable): Promise<void>;
}
