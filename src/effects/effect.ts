import type { QualifiedName } from "../sql/index.ts";
import type { LockMode } from "./lock-modes.ts";

/** What kind of relation is locked (`pg_class.relkind`). */
export type RelationKind =
  | "table"
  | "partitioned table"
  | "foreign table"
  | "view"
  | "materialized view"
  | "index"
  | "partitioned index"
  | "sequence"
  | "composite type"
  | "toast table";

/** Why a relation is touched: how it stands to the one that the statement names. */
export type RelationRole =
  | "self"
  | "foreign-key-parent"
  | "foreign-key-child"
  | "partition-parent"
  | "partition"
  | "default-partition"
  | "inheritance-parent"
  | "child"
  | "domain-user"
  | "type-user"
  | "index"
  | "sequence"
  | "view-source"
  | "dependent"
  | "read"
  | "written"
  | "other";

/** The strongest lock that one statement takes on one relation. */
export interface RelationLock {
  readonly relation: QualifiedName;
  readonly kind: RelationKind;
  readonly mode: LockMode;
  readonly role: RelationRole;
}

/** Work that is done while the statement's locks are held. Nothing in the list means: the catalog only. */
export type Work =
  /** The relation gets new storage: every row is written again (or, for TRUNCATE, thrown away: `emptied`). */
  | { readonly kind: "rewrite"; readonly relation: QualifiedName; readonly emptied?: boolean }
  /** The relation is read in full. */
  | { readonly kind: "scan"; readonly relation: QualifiedName }
  /** An index is built, or built again, over the rows of `relation`. */
  | {
      readonly kind: "index-build";
      readonly relation: QualifiedName;
      /** Undefined when the name is chosen by Postgres and not known before. */
      readonly index: QualifiedName | undefined;
      /** True for an existing index that gets new storage. */
      readonly again: boolean;
      /** True when the build lets writes go on (`CONCURRENTLY`). */
      readonly concurrent: boolean;
    }
  /** Rows of `relation` are compared with those of `parent`. */
  | {
      readonly kind: "foreign-key-check";
      readonly relation: QualifiedName;
      readonly parent: QualifiedName;
    }
  /** Rows are written by INSERT, UPDATE, DELETE, MERGE or COPY. */
  | {
      readonly kind: "row-change";
      readonly relation: QualifiedName;
      readonly command: "insert" | "update" | "delete" | "merge" | "copy";
      /** False when it may reach every row: no WHERE, or one that the text does not bound. */
      readonly bounded: boolean;
    };

/** A way in which a statement fails, or may fail. */
export interface Failure {
  /**
   * - `always`: it cannot succeed on this catalog and version.
   * - `in-transaction`: refused inside a transaction block (PreventInTransactionBlock, or a value not usable yet).
   * - `on-rows`: depends on the rows that are there (a null, a duplicate, an orphan, a value that cannot be cast).
   */
  readonly when: "always" | "in-transaction" | "on-rows";
  /** Five characters, e.g. `23502`; undefined when only the text of the manual says that it fails. */
  readonly sqlState: string | undefined;
  readonly message: string;
  /** Relation whose rows decide, for `on-rows`. */
  readonly relation?: QualifiedName;
}

/** What a release that still runs would no longer find as it expects it. */
export interface Break {
  /** Qualified name of the table, column, type, enum value, view or function: `public.users.full_name`. */
  readonly object: string;
  readonly how:
    | "dropped"
    | "renamed"
    | "moved"
    | "retyped"
    | "narrowed"
    | "not-null"
    | "required"
    | "default-dropped"
    | "enum-value-renamed"
    | "enum-value-dropped"
    | "view-changed"
    | "function-changed"
    | "constraint-dropped"
    | "emptied"
    | "read-only";
  /** The new name, new type and the like. */
  readonly to?: string;
}

/** What a statement does to a running system, as far as relations that existed before its file began are concerned. */
export interface Effect {
  /** Strongest lock per relation, by relation name. */
  readonly locks: readonly RelationLock[];
  readonly work: readonly Work[];
  readonly failures: readonly Failure[];
  readonly breaks: readonly Break[];
  /** What could not be known, in words, each with its reason. Not empty means: treat as unsafe. */
  readonly unknown: readonly string[];
}

/** Where the facts of an effect come from. */
export type FactSource =
  /** The statement was run on a scratch server; `on` is its full version, e.g. `18.4`. */
  | { readonly kind: "observed"; readonly on: string }
  /** Derived from the parse tree and the catalog before the statement, by rules checked against the measured matrix. */
  | { readonly kind: "predicted"; readonly major: number };

/** An effect with the source of its facts. */
export interface SourcedEffect {
  readonly effect: Effect;
  readonly source: FactSource;
}

/** The effect of a statement that touches no relation that existed before. */
export const noEffect: Effect = { locks: [], work: [], failures: [], breaks: [], unknown: [] };
