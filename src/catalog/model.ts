import type { QualifiedName } from "./names.ts";
import type { Constraint } from "./model-constraints.ts";
import type { Index } from "./model-indexes.ts";
import type { Aggregate, Policy, Routine, Rule, Statistics, Trigger } from "./model-programs.ts";

/**
 * A type as a column, attribute or domain uses it.
 *
 * `text` is what Postgres prints (`format_type`): `character varying(320)`, `public.status[]`. It is the
 * identity to compare by; the rest says what kind of thing it is.
 */
export interface TypeRef {
  readonly text: string;
  /** Schema and name in `pg_type`, of the element when it is an array: `pg_catalog`, `varchar`. */
  readonly schema: string;
  readonly name: string;
  readonly array: boolean;
  /** What the type (the element of an array) is (`pg_type.typtype`). */
  readonly kind: "base" | "enum" | "domain" | "composite" | "range" | "multirange" | "pseudo";
  /** `pg_type.typcategory` of the type (the element of an array): "S" strings, "N" numbers, … */
  readonly category: string;
}

/** What a sequence does, whether it stands alone or feeds an identity column. Numbers are exact, so text. */
export interface SequenceOptions {
  /** `smallint`, `integer` or `bigint`. */
  readonly type: string;
  readonly start: string;
  readonly increment: string;
  readonly min: string;
  readonly max: string;
  readonly cache: string;
  readonly cycle: boolean;
}

export interface Identity {
  readonly generation: "always" | "by-default";
  /** Name of the sequence behind the column; null on a partition, which draws from its partitioned table's. */
  readonly sequence: QualifiedName | null;
  readonly options: SequenceOptions | null;
}

export interface Generated {
  /** "virtual" exists from Postgres 18. */
  readonly kind: "stored" | "virtual";
  readonly expression: string;
}

/** A column's NOT NULL. Before Postgres 18 it has no name, is always valid and always inherited. */
export interface NotNull {
  /** Name of the catalogued constraint, null before Postgres 18. */
  readonly name: string | null;
  /** False for `NOT NULL … NOT VALID` (18): new rows are checked, old ones may still hold nulls. */
  readonly valid: boolean;
  readonly noInherit: boolean;
}

export interface Column {
  readonly name: string;
  /** 1 for the first column; dropped columns are not counted. */
  readonly position: number;
  readonly type: TypeRef;
  /** Qualified name of the collation when it is not the type's own. */
  readonly collation: QualifiedName | null;
  /** True when there is no NOT NULL, valid or not: a row with a null can be written. */
  readonly nullable: boolean;
  readonly notNull: NotNull | null;
  /** Default expression; null for none and for generated columns. */
  readonly default: string | null;
  readonly identity: Identity | null;
  readonly generated: Generated | null;
  /** True when a parent table or partitioned table has the column too. */
  readonly inherited: boolean;
}

/** A row of a composite type, or a column of a view. */
export interface Attribute {
  readonly name: string;
  readonly position: number;
  readonly type: TypeRef;
  readonly collation: QualifiedName | null;
}

export interface ViewColumn extends Attribute {
  /** Default given by `ALTER VIEW … ALTER COLUMN … SET DEFAULT`. */
  readonly default: string | null;
}

/** Storage and planner parameters by name, sorted: `{ fillfactor: "70" }`. */
export type Options = Readonly<Record<string, string>>;

export interface Table {
  readonly schema: string;
  readonly name: string;
  /**
   * "partition" is an ordinary table attached to a partitioned one. A partition that is itself
   * partitioned or foreign is "partitioned" or "foreign", with `partitionOf` set.
   */
  readonly kind: "table" | "partitioned" | "partition" | "foreign";
  readonly persistence: "permanent" | "unlogged";
  /** In column order. */
  readonly columns: readonly Column[];
  /** By name. NOT NULL is a property of the column. */
  readonly constraints: readonly Constraint[];
  /** By name, those behind constraints included. */
  readonly indexes: readonly Index[];
  /** Parents by inheritance (not partitioning), in order. */
  readonly inherits: readonly QualifiedName[];
  /** `RANGE (created_at)` for a partitioned table. */
  readonly partitionKey: string | null;
  readonly partitionOf: PartitionOf | null;
  readonly rowSecurity: boolean;
  readonly forceRowSecurity: boolean;
  readonly replicaIdentity: ReplicaIdentity;
  readonly options: Options;
  readonly foreign: ForeignTable | null;
}

/** What logical replication sends to identify a changed row. */
export interface ReplicaIdentity {
  readonly kind: "default" | "full" | "nothing" | "index";
  /** Name of the index for "index"; null also when that index was dropped. */
  readonly index: string | null;
}

export interface PartitionOf {
  readonly table: QualifiedName;
  /** `FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')`, `DEFAULT`. */
  readonly bound: string;
  /** True between the two transactions of `DETACH PARTITION … CONCURRENTLY`. */
  readonly detachPending: boolean;
}

export interface ForeignTable {
  readonly server: string;
  readonly options: Options;
}

export interface View {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly ViewColumn[];
  readonly definition: string;
  readonly options: Options;
}

export interface MaterializedView {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly Attribute[];
  readonly definition: string;
  readonly indexes: readonly Index[];
  readonly options: Options;
}

/** A sequence that is not behind an identity column. */
export interface Sequence extends SequenceOptions {
  readonly schema: string;
  readonly name: string;
  readonly persistence: "permanent" | "unlogged";
  /** Column that the sequence is dropped with (`OWNED BY`, serial columns). */
  readonly ownedBy: { readonly table: QualifiedName; readonly column: string } | null;
}

export interface EnumType {
  readonly schema: string;
  readonly name: string;
  /** In sort order. */
  readonly labels: readonly string[];
}

export interface DomainCheck {
  readonly name: string;
  readonly expression: string;
  readonly valid: boolean;
}

export interface Domain {
  readonly schema: string;
  readonly name: string;
  readonly baseType: TypeRef;
  readonly collation: QualifiedName | null;
  readonly nullable: boolean;
  readonly default: string | null;
  readonly checks: readonly DomainCheck[];
}

export interface CompositeType {
  readonly schema: string;
  readonly name: string;
  readonly attributes: readonly Attribute[];
}

export interface RangeType {
  readonly schema: string;
  readonly name: string;
  readonly subtype: TypeRef;
  readonly multirange: QualifiedName;
  /** Operator class of the subtype's order. */
  readonly opclass: QualifiedName;
  readonly collation: QualifiedName | null;
  readonly canonical: QualifiedName | null;
  readonly subtypeDiff: QualifiedName | null;
}

export interface Schema {
  readonly name: string;
}

export interface Extension {
  readonly name: string;
  readonly schema: string;
  readonly version: string;
}

/**
 * Who may do what with one object. The object's owner is `OWNER` (its name differs between
 * environments), everyone is `PUBLIC`, other roles stand by name, in double quotes unless plain
 * lower case.
 */
export interface Grant {
  readonly grantee: string;
  /** `SELECT`, `EXECUTE`, …; `ALL` for everything this kind of object knows. */
  readonly privilege: string;
  readonly grantable: boolean;
}

/**
 * Kind and name of any object, as key of comments and grants: `table public.orders`,
 * `column public.orders.id`, `function public.total(integer)`.
 */
export type ObjectAddress = string;

/**
 * Everything read about a database's schema, by part. Keys are qualified names in sorted order.
 *
 * Not read, so neither compared nor fingerprinted: owners, tablespaces, access methods of tables, storage,
 * compression and statistics targets of columns, options of foreign columns, collations, operators and their
 * classes, casts, conversions, languages, text search, base types, event triggers, publications,
 * subscriptions, foreign servers, default privileges, large objects and anything outside the database.
 */
export interface CatalogContents {
  /** By name. */
  readonly schemas: readonly Schema[];
  /** By name. What belongs to an extension is left out of all other parts. */
  readonly extensions: readonly Extension[];
  readonly tables: Readonly<Record<QualifiedName, Table>>;
  readonly views: Readonly<Record<QualifiedName, View>>;
  readonly materializedViews: Readonly<Record<QualifiedName, MaterializedView>>;
  readonly sequences: Readonly<Record<QualifiedName, Sequence>>;
  readonly enums: Readonly<Record<QualifiedName, EnumType>>;
  readonly domains: Readonly<Record<QualifiedName, Domain>>;
  readonly compositeTypes: Readonly<Record<QualifiedName, CompositeType>>;
  readonly rangeTypes: Readonly<Record<QualifiedName, RangeType>>;
  /** Functions, procedures and window functions, keyed with their argument types: `public.total(integer)`. */
  readonly routines: Readonly<Record<QualifiedName, Routine>>;
  readonly aggregates: Readonly<Record<QualifiedName, Aggregate>>;
  /** Keyed `schema.table.trigger`. */
  readonly triggers: Readonly<Record<QualifiedName, Trigger>>;
  /** Keyed `schema.table.policy`. */
  readonly policies: Readonly<Record<QualifiedName, Policy>>;
  /** Rewrite rules other than those that make a view, keyed `schema.table.rule`. */
  readonly rules: Readonly<Record<QualifiedName, Rule>>;
  /** Extended statistics. */
  readonly statistics: Readonly<Record<QualifiedName, Statistics>>;
  /** Comments on objects of the parts that were read. */
  readonly comments: Readonly<Record<ObjectAddress, string>>;
  /** Privileges that differ from what the object's kind has by default, on objects of the parts that were read. */
  readonly grants: Readonly<Record<ObjectAddress, readonly Grant[]>>;
}

/** A part of a catalog that can be read on its own. */
export type CatalogPart = keyof CatalogContents;

/** A catalog of which only some parts were read. */
export type PartialCatalog<Part extends CatalogPart> = {
  /** Major version of the server, 14 to 18. */
  readonly serverMajor: number;
} & Pick<CatalogContents, Part>;

/** A model of a schema, read from a live database. Plain data: JSON and back gives an equal value. */
export type Catalog = PartialCatalog<CatalogPart>;
