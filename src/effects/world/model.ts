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
  /** By name. Which tables one has is told by the tables, unless it has all or all of a schema. */
  publications: ReadonlyMap<string, Publication>;
  /** By name. */
  eventTriggers: ReadonlyMap<string, EventTrigger>;
  /** Access methods with default operator classes that the database has of its own, besides those of extensions. */
  operatorClasses: ReadonlySet<string>;
  /** Last names of the collations that take different texts for equal. */
  nondeterministicCollations: ReadonlySet<string>;
  /** Wrapper of each foreign server. */
  foreignServers: ReadonlyMap<string, string>;
  /** Who owns schemas and who may use them; a schema that is not in here is the running role's. */
  schemaPrivileges: ReadonlyMap<string, Privileges>;
  /** What ALTER DEFAULT PRIVILEGES has left. */
  defaultPrivileges: readonly DefaultPrivileges[];
  /** Undefined for a world that is folded from files alone: they do not say what the server has. */
  server: ServerFacts | undefined;
  /** Why this catalog may lack what the database has: one sentence for each statement whose doing cannot be known. */
  readonly uncertain: string[];
  /** Next id to give out. */
  counter: { next: number };
}

/** What belongs to the server and not to one database. */
export interface ServerFacts {
  /** Role that statements run as. */
  readonly role: string;
  readonly roles: ReadonlySet<string>;
  readonly tablespaces: ReadonlySet<string>;
  /** The one of relations without a tablespace of their own. */
  readonly databaseTablespace: string;
  /** Of tables and of indexes. */
  readonly accessMethods: ReadonlySet<string>;
}

export interface EventTrigger {
  readonly name: string;
  readonly event: EventTriggerEvent;
  /** Commands of WHEN TAG IN, in upper case; empty for all. */
  readonly tags: readonly string[];
  readonly routine: ObjectId;
  /** True when it fires in sessions that are no replication's. */
  readonly enabled: boolean;
}

export type EventTriggerEvent =
  | "ddl_command_start"
  | "ddl_command_end"
  | "sql_drop"
  | "table_rewrite"
  | "login";

export interface Publication {
  readonly name: string;
  readonly allTables: boolean;
  /** FOR TABLES IN SCHEMA. */
  readonly schemas: readonly string[];
}

export interface Privileges {
  /** Undefined for the role that the files run as, where that is not known. */
  readonly owner: string | undefined;
  /** What others than the owner may do. */
  readonly grants: readonly Grant[];
}

/** What one role may do; `public` is everybody. Each role has one grant at most, of one privilege at least. */
export interface Grant {
  readonly grantee: string;
  /** As in SQL, in upper case, sorted. */
  readonly privileges: readonly string[];
}

/** What new objects of an owner get, at once or on top of that in one schema (aclchk.c, get_user_default_acl). */
export interface DefaultPrivileges {
  /** Undefined for the role that the files run as, where that is not known. */
  readonly owner: string | undefined;
  /** Undefined for every schema: then it stands in the place of what Postgres gives by itself. */
  readonly schema: string | undefined;
  readonly objects: "tables" | "sequences" | "routines" | "types" | "schemas";
  readonly grants: readonly Grant[];
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
  readonly rules: readonly RewriteRule[];
  readonly policies: readonly Policy[];
  readonly statistics: readonly ExtendedStatistics[];
  readonly replicaIdentity: "default" | "full" | "nothing" | { readonly index: string };
  readonly tablespace: string | undefined;
  readonly accessMethod: string | undefined;
  /** For a typed table: the composite type, by the id of its relation. */
  readonly ofType: ObjectId | undefined;
  /** For a foreign table. */
  readonly foreignServer: string | undefined;
  /** Publications that name the table; those of all tables or of a schema are in `World.publications`. */
  readonly publications: readonly PublishedTable[];
  /** Undefined for the role that the files run as, where that is not known. */
  readonly owner: string | undefined;
  /** What others than the owner may do with the relation as a whole. */
  readonly grants: readonly Grant[];
  /** For a temporary table; only a folded world knows it, the server keeps it in the session's memory. */
  readonly onCommit: "drop" | "delete-rows" | undefined;
}

export interface ExtendedStatistics {
  readonly name: QualifiedName;
  /** Columns as such. */
  readonly keys: readonly string[];
  readonly expressions: readonly Node[];
}

/** A relation that an expression or query reads, and the columns of it that are used. */
export interface RelationUse {
  readonly relation: ObjectId;
  readonly columns: readonly string[];
}

export interface PublishedTable {
  readonly publication: string;
  /** The column list; undefined for all columns. */
  readonly columns: readonly string[] | undefined;
  /** Columns of the row filter; undefined without one. */
  readonly filter: readonly string[] | undefined;
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
  /** What others than the owner may do with this column besides what they may with the whole. */
  readonly grants: readonly Grant[];
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
      /** INITIALLY DEFERRED. */
      readonly deferred: boolean;
      readonly columns: readonly string[];
      readonly references: { readonly table: ObjectId; readonly columns: readonly string[] };
      readonly onDelete: ReferentialAction;
      readonly onUpdate: ReferentialAction;
      /** Columns that ON DELETE SET NULL or SET DEFAULT sets; empty for all of the key. */
      readonly onDeleteColumns: readonly string[];
    });

export type ReferentialAction = "no-action" | "restrict" | "cascade" | "set-null" | "set-default";

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

/** How an index holds a key, where it is not as the column or its type has it. */
export interface IndexKeyOptions {
  /** Name without schema; undefined for the type's default one. */
  readonly operatorClass: string | undefined;
  /** Name without schema; undefined for the column's. */
  readonly collation: string | undefined;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

export interface IndexFacts {
  readonly table: ObjectId;
  readonly method: string;
  /** Column names in order; undefined where an expression stands. */
  readonly columns: readonly (string | undefined)[];
  /** Of each key. */
  readonly options: readonly IndexKeyOptions[];
  readonly include: readonly string[];
  readonly expressions: readonly Node[];
  readonly predicate: Node | undefined;
  readonly unique: boolean;
  /** NULLS NOT DISTINCT: two nulls are the same. */
  readonly nullsNotDistinct: boolean;
  readonly valid: boolean;
  /** Name of the constraint that it stands behind. */
  readonly constraint: string | undefined;
  /** The one that CLUSTER without a name goes by. */
  readonly clustered: boolean;
  /** Index of the partitioned table that this one belongs to. */
  readonly partOf: ObjectId | undefined;
}

export interface ViewFacts {
  readonly query: Node | undefined;
  /** Relations read, by id, with the columns that it depends on; none for one whose rows are only counted. */
  readonly reads: readonly RelationUse[];
  readonly populated: boolean;
}

export interface Trigger {
  readonly name: string;
  readonly enabled: boolean;
  /** FOR EACH ROW; on a partitioned table such a trigger is one of every partition too. */
  readonly forEachRow: boolean;
  readonly routine: QualifiedName;
  readonly timing: "before" | "after" | "instead-of";
  readonly events: readonly TriggerEvent[];
  /** Columns of UPDATE OF; empty for an update of any. */
  readonly updateOf: readonly string[];
  /** Columns that WHEN looks at. */
  readonly when: readonly string[];
  readonly isConstraint: boolean;
  /** For a constraint trigger: the table after FROM. */
  readonly from: ObjectId | undefined;
  /** Came from the partitioned table that this one is a partition of. */
  readonly inherited: boolean;
}

export type TriggerEvent = "insert" | "update" | "delete" | "truncate";

export interface RewriteRule {
  readonly name: string;
  readonly event: "select" | "insert" | "update" | "delete";
  readonly instead: boolean;
  /** DO INSTEAD NOTHING without a condition: the statement does nothing. */
  readonly nothing: boolean;
  readonly enabled: boolean;
  /** What its condition and its actions use, columns of its own table included. */
  readonly uses: readonly RelationUse[];
}

export interface Policy {
  readonly name: string;
  /** USING. */
  readonly using: Node | undefined;
  /** WITH CHECK. */
  readonly check: Node | undefined;
  /** What they use, columns of the policy's own table included. */
  readonly uses: readonly RelationUse[];
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
  /** Undefined for the role that the files run as, where that is not known. */
  readonly owner: string | undefined;
  /** What others than the owner may do. */
  readonly grants: readonly Grant[];
  /** A body written as SQL itself (RETURN, or the only statement of BEGIN ATOMIC). */
  readonly sqlBody: Node | undefined;
}
