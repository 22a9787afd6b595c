import type { QualifiedName } from "../catalog/index.ts";

/** The three that must agree. */
export type Side = "code" | "migrations" | "database";

/** Why two sides differ, as far as it can be seen. */
export type Cause =
  /** The schema file says it, and no migration makes it. */
  | "schema-without-migration"
  /** A migration makes, changes or drops it, and the schema file was not changed. */
  | "migration-without-schema"
  /** Schema file and migrations say different things of one object; which came later is not known. */
  | "schema-and-migrations-differ"
  /** Code and database agree: it was pushed or made by hand, and no migration says so. */
  | "pushed"
  /** The migration that makes it was not applied here yet. */
  | "pending"
  /** That migration is applied in another environment, and not here. */
  | "elsewhere-only"
  /** That migration was begun here and did not come to its end. */
  | "failed-half-way"
  /** The migration was edited after it was applied here. */
  | "edited-after-applied"
  /** The ledger has a migration that the folder does not have. */
  | "not-in-folder"
  /** The ledger says that the migration is applied, and the catalog says otherwise. */
  | "recorded-only"
  /** No migration makes it: somebody changed the database. */
  | "by-hand"
  /** A migration takes from a recorded statement of the code what it needs. */
  | "statement-broken"
  /** What all migrations make refuses a recorded statement. */
  | "statement-unmade";

/** An error closes the gate for this code; a warning is a difference; info is the normal course of things. */
export type RowSeverity = "error" | "warning" | "info";

/** What one side says of an object: null for "it is not there", undefined where the side was not or cannot be asked. */
export type Saying = Said | null | undefined;

/** An object as one side has it. */
export interface Said {
  readonly text: string;
  /** The same in few words, for where all that matters is that it is there. */
  readonly brief: string;
}

/** One pair of sides that differ on an object, in a sentence. */
export interface Disagreement {
  readonly cause: Cause;
  readonly sentence: string;
  /** The same of several objects: those with the same text can be told together. */
  readonly together: string;
  /** What to do next, most useful first: commands or a few words. */
  readonly next: readonly string[];
}

/** One object on which code, migrations and database do not agree. */
export interface AgreementRow {
  readonly object: QualifiedName;
  /** `table`, `column`, `index`, `foreign key`, … */
  readonly what: string;
  readonly severity: RowSeverity;
  readonly code: Saying;
  readonly migrations: Saying;
  readonly database: Saying;
  /** `file:line` where the code says it, or its table. */
  readonly codeFrom: string | undefined;
  /** `file:line` of the migration's statement that touched it last. */
  readonly migrationFrom: string | undefined;
  readonly disagreements: readonly Disagreement[];
}

/** What a ledger says of a migration that needs a word, whatever the catalogs say. */
export interface LedgerRemark {
  readonly migration: string;
  readonly cause: Cause | "squashed" | "there-not-recorded";
  readonly severity: RowSeverity;
  readonly sentence: string;
  readonly next: readonly string[];
}

/** What the code cannot say, and was therefore not compared with it. */
export interface LeftOut {
  /** `CHECK constraint`, `partial index`, … */
  readonly what: string;
  readonly count: number;
}

/** Code, migrations and database side by side. */
export interface Agreement {
  /** How each side is called; undefined for one that was not compared. */
  readonly sides: {
    readonly code: string | undefined;
    readonly migrations: string;
    readonly database: string | undefined;
  };
  /** Why the database was not compared, when it was wanted. */
  readonly databaseUnknown: string | undefined;
  /** How many objects the migrations make. */
  readonly objects: number;
  readonly rows: readonly AgreementRow[];
  readonly ledger: readonly LedgerRemark[];
  readonly leftOut: readonly LeftOut[];
}
