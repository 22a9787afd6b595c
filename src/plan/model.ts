import type { Table } from "../catalog/index.ts";
import type { QualifiedName } from "../sql/index.ts";
import type { GuardedKey, Mapping, Shadow } from "./dual-writes/index.ts";

/** What is done as one: it commits or leaves nothing, or it is a statement that Postgres refuses in a transaction. */
export type Change =
  | { readonly kind: "transaction"; readonly statements: readonly string[] }
  /** It may leave something behind when it fails. */
  | { readonly kind: "outside"; readonly statement: string };

/** A change of the catalog, or a fill; with what takes it back, whatever was written meanwhile. */
export type Step = (Change | Fill) & {
  /** One line for people: what it makes and why, without a full stop. */
  readonly title: string;
  /** `file:line`, when it was read from a plan's folder. */
  readonly at?: string;
  /**
   * What takes it back, each change harmless to repeat and harmless when the step was never done. A fill needs none:
   * what it writes goes with the columns.
   */
  readonly undo: readonly Change[];
};

/** Rows of a table changed in batches: `UPDATE table AS t SET set WHERE todo`. */
export interface Fill {
  readonly kind: "fill";
  readonly table: TableName;
  /** What a row gets, or `deletion` of the backfill: then it goes. */
  readonly set: string;
  /** A condition over the alias `t`. Rows that are done do not match it, unless each is visited once. */
  readonly todo: string;
  /**
   * True when the cursor alone tells which rows are done: each that matches is visited once, also where it would stay as
   * it is, so that its triggers fire. Such a fill goes by a key whose columns it leaves alone.
   */
  readonly once?: true;
}

export interface TableName {
  readonly schema: string;
  readonly name: string;
}

/**
 * A migration in phases. The old release runs until the contract phase begins, the new one from the end of the
 * backfill phase on; between the two both run.
 */
export interface Plan {
  /** Identifier, part of every name that is made: lower-case letters, digits and underscores. */
  readonly id: string;
  readonly expand: readonly Step[];
  readonly backfill: readonly Step[];
  readonly contract: readonly Step[];
  /** What a person has to know before it is begun: where no online way exists, from when on writes are refused, … */
  readonly notes: readonly string[];
  /** What `abort` cannot take back (a label of an enum type), as it is named in a difference of catalogs. */
  readonly remains: readonly string[];
  /** What the notes say that a release has to bear: this and nothing else a proof does not hold against the plan. */
  readonly exemptions: readonly Exemption[];
}

/** Something that a release has to bear while both run, or earlier. */
export type Exemption =
  /** A column has another type under its name than the release expects; its statements have to go well all the same. */
  | { readonly kind: "other-type"; readonly relation: QualifiedName; readonly column: string }
  /** A statement that a session prepared by name before, and that returns the column, fails until it is prepared again (0A000). */
  | { readonly kind: "prepared-statements"; readonly relation: QualifiedName }
  /** One with a parameter for the column fails until it is prepared again (42804). */
  | { readonly kind: "prepared-parameters"; readonly relation: QualifiedName }
  /** Rows with which the migration as written fails are refused before the contract phase: equal ones. */
  | { readonly kind: "refuses-duplicates"; readonly relation: QualifiedName }
  /** The same: rows with values that have no other form. */
  | { readonly kind: "refuses-values"; readonly relation: QualifiedName }
  /** Rows that a partition's bound refuses, as long as the partition is not detached. */
  | { readonly kind: "partition-bound"; readonly relation: QualifiedName }
  /** What is computed from the column in a fill is not computed again when the old release writes the column later. */
  | { readonly kind: "read-once"; readonly relation: QualifiedName; readonly column: string }
  /** Where the old release leaves the column out, it gets the new default before the contract phase. */
  | { readonly kind: "new-default"; readonly relation: QualifiedName; readonly column: string }
  /** What becomes of rows that refer to a row of the relation, when it goes, is not what one of the releases expects. */
  | { readonly kind: "leaves-orphans"; readonly relation: QualifiedName }
  /** Rows to which something refers that goes in the contract phase stay until then. */
  | { readonly kind: "still-referenced"; readonly relation: QualifiedName }
  /** A rule stays until the contract phase, beside which some statements are refused: ON CONFLICT, RETURNING. */
  | { readonly kind: "rule-stays"; readonly relation: QualifiedName }
  /** A sequence has its new name from the contract phase on. */
  | { readonly kind: "late-name"; readonly relation: QualifiedName }
  /** COPY does not go while the relation is a view. */
  | { readonly kind: "no-copy"; readonly relation: QualifiedName };

/** A table that has dual writes. */
export type WrittenTable = TableName & Pick<Table, "kind">;

/** A unique key of the old release whose other form has a unique index too. */
export interface Twin {
  readonly table: TableName;
  readonly key: GuardedKey;
}

/** What an operation changes in rows that are there, with a fill of `settle`. */
export interface FilledRows {
  readonly table: TableName;
  readonly writes: ReadonlySet<string>;
  /** Columns by which it takes rows, or from which it computes what they get. */
  readonly reads: ReadonlySet<string>;
  /** What holds over `t` of rows that it has still to take; undefined when nothing in the row tells. */
  readonly left?: string;
}

/** What one operation contributes to a plan; what is absent is empty. */
export interface PlannedOperation {
  /** Catalog changes that the old release does not notice. */
  readonly expand?: readonly Step[];
  /** Columns to keep in step from the end of `expand` until the contract phase. */
  readonly mappings?: readonly { readonly table: WrittenTable; readonly mapping: Mapping }[];
  /** Columns that change their form under the same name, kept in step as long as `mappings`. */
  readonly shadows?: readonly { readonly table: WrittenTable; readonly shadow: Shadow }[];
  /** Unique keys that have two unique indexes until the contract phase, in tables of `mappings` or `shadows`. */
  readonly twins?: readonly Twin[];
  /** Rows to be filled besides those of `mappings`, whose fill is made with their triggers. */
  readonly fills?: readonly Step[];
  /** After the fills, before `settle`: defaults, so that what the old release inserts beside its fills has a value; guards. */
  readonly defaults?: readonly Step[];
  /** After the fills, before the new release starts: what it needs of filled columns. */
  readonly settle?: readonly Step[];
  /** Of a fill in `settle` that an UPDATE or DELETE of the migration becomes. */
  readonly rows?: FilledRows;
  /** Statements of the one transaction that begins the contract phase, while dual writes still go on in it. */
  readonly begin?: readonly string[];
  /** Statements of the same transaction, behind the end of dual writes. */
  readonly end?: readonly string[];
  /** Then, one by one and online: what the old release would not have borne (NOT NULL, a check, a dropped column). */
  readonly narrow?: readonly Step[];
  /** When all of that is done: what held in its place goes. */
  readonly last?: readonly Step[];
  readonly notes?: readonly string[];
  /** Columns that go, and are NULL until then in rows that the new release inserts; a note for each table names them. */
  readonly leftNull?: readonly { readonly table: TableName; readonly column: string }[];
  readonly remains?: readonly string[];
  /** What `notes` say, for the proof. */
  readonly exemptions?: readonly Exemption[];
}

/** A step of some statements in one transaction. */
export function transaction(
  title: string,
  statements: readonly string[],
  undo: readonly string[] = [],
): Step {
  const back = undo.map((statement): Change => ({ kind: "transaction", statements: [statement] }));
  return { kind: "transaction", title, statements, undo: back };
}

/** A step of one statement that Postgres refuses inside a transaction. */
export function outside(title: string, statement: string, undo: readonly Change[] = []): Step {
  return { kind: "outside", title, statement, undo };
}
