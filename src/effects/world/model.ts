import type { Node } from "@pgsql/types";
import type { QualifiedName } from "../../sql/index.ts";
import type { RelationKind } from "../effect.ts";

/**
 * A catalog light enough to be folded from parse trees: what predictions need to know before a statement.
 *
 * Objects are readonly and replaced when they change; the maps are changed in place by `fold`. A copy of the maps
 * (`copyWorld`) is therefore a snapshot.
 */
export interface World {
  /** Version whose rules hold. */
  readonly major: number;
  /**
   * True when everything that the database holds is in here, so that a name not found does not exist. False when the
   * history before the first file is not known: then a name not found may be anything.
   */
  readonly complete: boolean;
  readonly schemas: Set<string>;
  /** Tables, views, indexes, sequences and composite types. */
  readonly relations: Map<QualifiedName, Relation>;
  /** Enums, domains, ranges, base types; composite types have an entry here too. */
  readonly types: Map<QualifiedName, WorldType>;
  /** By qualified name without arguments; overloads in one list. Built-in functions are not in here. */
  readonly routines: Map<QualifiedName, readonly Routine[]>;
  readonly extensions: Set<string>;
  /** Why this catalog may lack what the database has: one sentence for each statement whose doing cannot be known. */
  readonly uncertain: string[];
  /** Next id to give out. */
  counter: { next: number };
}

/**
 * Identity that survives a rename: an oid for what was introspected, a running number for what was folded.
 * 0 stands for an object that is referred to but not known.
 */
export type ObjectId = number;

/** Any relation. Fields that a kind does not have are empty. */
export interface Relation {
  readonly id: ObjectId;
  readonly schema: string;
  readonly name: string;
  readonly kind: RelationKind;
  readonly persistence: "permanent" | "unlogged" | "temporary";
  readonly columns: readonly WorldColumn[];
  readonly constraints: readonly WorldConstraint[];
  /** Inheritance parents (not partitioning), by id. */
  readonly inherits: readonly ObjectId[];
  /** Strategy and key columns or expressions of a partitioned table. */
  readonly partitioning: Partitioning | undefined;
  readonly partitionOf: PartitionMembership | undefined;
  /** For an index: what it is on. */
  readonly index: IndexFacts | undefined;
  /** For a sequence: the column that owns it (serial, identity, OWNED BY). */
  readonly ownedBy: ColumnReference | undefined;
  /** For an identity or serial sequence, or any: its type's maximum is what overflows. */
  readonly sequenceType: "smallint" | "integer" | "bigint" | undefined;
  /** For a view or materialized view. */
  readonly view: ViewFacts | undefined;
  readonly rowSecurity: boolean;
  readonly triggers: readonly Trigger[];
  readonly rules: readonly string[];
  readonly policies: readonly Policy[];
  /** Extended statistics objects on it, by name. */
  readonly statistics: readonly QualifiedName[];
  readonly replicaIdentity: "default" | "full" | "nothing" | { readonly index: string };
  readonly tablespace: string | undefined;
  readonly accessMethod: string | undefined;
}

export interface ColumnReference {
  readonly table: ObjectId;
  readonly column: string;
}

/** A type with its modifiers: `numeric(10,2)`, `public.mood[]`. */
export interface TypeUse {
  /** Schema `pg_catalog` for built-in types; undefined when it could not be resolved. */
  readonly schema: string | undefined;
  /** Internal name: `int4`, `varchar`, `timestamptz`, `mood`. */
  readonly name: string;
  /** As written: `[10, 2]`; empty for none. */
  readonly modifiers: readonly number[];
  /** True for an array of it, however many dimensions. */
  readonly array: boolean;
}

export interface WorldColumn {
  /** Identity of the column within its relation: it survives a rename and is never given to another column. */
  readonly number: number;
  readonly name: string;
  readonly type: TypeUse;
  readonly collation: string | undefined;
  readonly notNull: boolean;
  /** Default expression as a parse tree. */
  readonly default: Node | undefined;
  readonly identity: "always" | "default" | undefined;
  readonly generated:
    | { readonly kind: "stored" | "virtual"; readonly expression: Node }
    | undefined;
  /** Inherited from a parent table or partitioned table. */
  readonly inherited: boolean;
  /** Defined on the relation itself, possibly in addition to a parent's (`attislocal`). */
  readonly local: boolean;
  /** False for a column of a table whose columns are not all known. */
  readonly typeKnown: boolean;
}

export type WorldConstraint =
  | (ConstraintBase & { readonly kind: "check"; readonly expression: Node })
  /** Since Postgres 18 a NOT NULL is a constraint with a name and may be NOT VALID. */
  | (ConstraintBase & { readonly kind: "not-null"; readonly column: string })
  | (ConstraintBase & {
      readonly kind: "primary-key" | "unique" | "exclusion";
      readonly columns: readonly string[];
      readonly index: ObjectId;
    })
  | (ConstraintBase & {
      readonly kind: "foreign-key";
      readonly columns: readonly string[];
      readonly references: { readonly table: ObjectId; readonly columns: readonly string[] };
      readonly onDelete: "no-action" | "restrict" | "cascade" | "set-null" | "set-default";
    });

export interface ConstraintBase {
  readonly name: string;
  readonly valid: boolean;
  readonly enforced: boolean;
  readonly deferrable: boolean;
  readonly noInherit: boolean;
  readonly inherited: boolean;
  /** Defined on the relation itself, possibly in addition to a parent's (`conislocal`). */
  readonly local: boolean;
}

export interface Partitioning {
  readonly strategy: "range" | "list" | "hash";
  readonly columns: readonly string[];
  readonly expressions: readonly Node[];
}

export interface PartitionMembership {
  readonly parent: ObjectId;
  readonly isDefault: boolean;
  readonly bound: Node | undefined;
}

export interface IndexFacts {
  readonly table: ObjectId;
  readonly method: string;
  /** Column names in order; undefined where an expression stands. */
  readonly columns: readonly (string | undefined)[];
  readonly include: readonly string[];
  readonly expressions: readonly Node[];
  readonly predicate: Node | undefined;
  readonly unique: boolean;
  readonly valid: boolean;
  /** Name of the constraint that it stands behind. */
  readonly constraint: string | undefined;
  /** Index of the partitioned table that this one belongs to. */
  readonly partOf: ObjectId | undefined;
}

export interface ViewFacts {
  readonly query: Node | undefined;
  /** Relations read, by id, with the columns that it depends on; none for one whose rows are only counted. */
  readonly reads: readonly { readonly relation: ObjectId; readonly columns: readonly string[] }[];
  readonly populated: boolean;
}

export interface Trigger {
  readonly name: string;
  readonly enabled: boolean;
  /** FOR EACH ROW; on a partitioned table such a trigger is one of every partition too. */
  readonly forEachRow: boolean;
  readonly routine: QualifiedName;
}

export interface Policy {
  readonly name: string;
}

export interface WorldType {
  readonly id: ObjectId;
  readonly schema: string;
  readonly name: string;
  readonly kind: "enum" | "domain" | "composite" | "range" | "multirange" | "base";
  /** Enum labels in order. */
  readonly labels: readonly string[];
  readonly domain: DomainFacts | undefined;
  /** For a multirange: the range type that it was made with. */
  readonly range: ObjectId | undefined;
}

export interface DomainFacts {
  readonly base: TypeUse;
  readonly notNull: boolean;
  readonly default: Node | undefined;
  readonly checks: readonly {
    readonly name: string;
    readonly expression: Node;
    readonly valid: boolean;
  }[];
}

export interface Routine {
  readonly id: ObjectId;
  readonly schema: string;
  readonly name: string;
  readonly kind: "function" | "procedure" | "aggregate";
  /** Input argument types, internal names. */
  readonly arguments: readonly TypeUse[];
  readonly volatility: "immutable" | "stable" | "volatile";
  readonly language: string;
  readonly strict: boolean;
  readonly securityDefiner: boolean;
  readonly hasSettings: boolean;
  readonly returns: TypeUse | undefined;
  readonly returnsSet: boolean;
  /** Source text of the body; undefined for BEGIN ATOMIC and C functions. */
  readonly body: string | undefined;
  /** A body written as SQL itself (RETURN, or the only statement of BEGIN ATOMIC). */
  readonly sqlBody: Node | undefined;
}
