import type { QualifiedName } from "../catalog/index.ts";

/** The artefact format this version writes and the newest one it reads. Changes within it are additive. */
export const contractVersion = 1;

/** Where an expectation comes from: `src/db/schema.ts:41`, `migrations/0002_x.sql:3`. Not part of the hash. */
interface Sourced {
  readonly from?: string | undefined;
}

export interface ContractColumn extends Sourced {
  readonly name: string;
  /** As `format_type` prints it: `character varying(320)`, `public.status[]`; `TypeScript number` where only that is known. */
  readonly type: string;
  /** True when the code may write NULL, false when it writes none and expects none, null when not known. */
  readonly nullable: boolean | null;
  /** Default expression as Postgres prints it; null for none, and for identity and generated columns. */
  readonly default: string | null;
  readonly identity: "always" | "by-default" | null;
  readonly generated: { readonly kind: "stored" | "virtual"; readonly expression: string } | null;
  /** Qualified name of the collation when it is not the type's own. */
  readonly collation: string | null;
  /** True when the code itself writes a value on every INSERT (Drizzle `$default`, Prisma `@default(cuid())`): no default is relied on. */
  readonly supplied: boolean;
  /** Only there when no INSERT of the code gives it a value: the database always does (TypeORM's increments). */
  readonly given?: false;
  /** Only there when the database gives a value that the code leaves away, and it is not known which: a default of whatever kind. */
  readonly filled?: true;
  /**
   * Only there when another type may be as good: "number" when the code makes a number of whatever the driver gives, "driver" when it
   * takes what node-postgres gives by itself.
   */
  readonly reads?: "number" | "driver";
  /** The only values that the code writes, for text columns that play an enum; null when not known. */
  readonly values: readonly string[] | null;
  /** Only there when the code neither reads nor writes the column, although its schema file declares it (Prisma `@ignore`). */
  readonly used?: false;
}

/** Something unique that the code may name in ON CONFLICT: a primary key, unique constraint or unique index. */
export interface ContractKey extends Sourced {
  readonly name: string;
  readonly primary: boolean;
  /** One text a key: a column as `namePart` writes it, or an expression in parentheses. */
  readonly keys: readonly string[];
  /** Expression of WHERE in a partial index, else null. */
  readonly predicate: string | null;
  readonly nullsNotDistinct: boolean;
  /** True for DEFERRABLE constraints, which ON CONFLICT cannot use (manual, INSERT). */
  readonly deferrable: boolean;
}

export interface ContractForeignKey extends Sourced {
  readonly name: string;
  readonly columns: readonly string[];
  readonly table: QualifiedName;
  readonly references: readonly string[];
  readonly onDelete: "no-action" | "restrict" | "cascade" | "set-null" | "set-default";
  readonly onUpdate: "no-action" | "restrict" | "cascade" | "set-null" | "set-default";
  readonly deferrable: Deferrable;
}

/** When a constraint is checked: never later than its statement, or at commit if asked, or at commit. */
export type Deferrable = "no" | "initially-immediate" | "initially-deferred";

/** A CHECK or EXCLUDE constraint. */
export interface ContractCheckConstraint extends Sourced {
  readonly name: string;
  /** As `pg_get_constraintdef` prints it, without `NOT VALID` and the like: `CHECK ((qty >= 0))`. */
  readonly definition: string;
}

/** An index that is there for speed. */
export interface ContractIndex extends Sourced {
  readonly name: string;
  readonly method: string;
  /** As in `ContractKey.keys`. */
  readonly keys: readonly string[];
  readonly predicate: string | null;
}

export interface ContractTable extends Sourced {
  readonly schema: string;
  readonly name: string;
  /** True when the code writes the name without a schema, so that `search_path` finds it. */
  readonly unqualified: boolean;
  /** What the code does with it: nothing, when only its schema file knows it (Prisma `@@ignore`). */
  readonly access: readonly Access[];
  /** Row security is on, so that the code copes with rows it may not see or write. */
  readonly rowSecurity: boolean;
  readonly columns: readonly ContractColumn[];
  readonly unique: readonly ContractKey[];
  readonly foreignKeys: readonly ContractForeignKey[];
  readonly checks: readonly ContractCheckConstraint[];
  readonly indexes: readonly ContractIndex[];
  /** Only there when the source knows columns alone: it may be a view, and its keys and rules are nobody's expectation. */
  readonly columnsOnly?: true;
}

export type Access = "select" | "insert" | "update" | "delete";

export interface ContractView extends Sourced {
  readonly schema: string;
  readonly name: string;
  readonly unqualified: boolean;
  readonly materialized: boolean;
  readonly columns: readonly (Sourced & { readonly name: string; readonly type: string })[];
}

export interface ContractEnum extends Sourced {
  readonly schema: string;
  readonly name: string;
  /** In sort order. */
  readonly labels: readonly string[];
  /** Only there when the order is not expected: Prisma compares the labels as a set and adds new ones at the end. */
  readonly ordered?: false;
  /** Place of each label, when a label's place differs from the type's. */
  readonly labelFrom?: Readonly<Record<string, string>> | undefined;
}

export interface ContractDomain extends Sourced {
  readonly schema: string;
  readonly name: string;
  /** The type under it, as `format_type` prints it. */
  readonly type: string;
  readonly nullable: boolean;
  readonly default: string | null;
  readonly checks: readonly string[];
}

export interface ContractComposite extends Sourced {
  readonly schema: string;
  readonly name: string;
  readonly attributes: readonly { readonly name: string; readonly type: string }[];
}

/** A sequence that the code calls by name. */
export interface ContractSequence extends Sourced {
  readonly schema: string;
  readonly name: string;
}

/** An environment variable that the release needs (B7). */
export interface ContractVariable extends Sourced {
  readonly name: string;
}

/** A state of the database that the release needs, as a question with its answer (B7). */
export interface ContractCheck extends Sourced {
  readonly name: string;
  /** One SELECT. It is run read-only. */
  readonly sql: string;
  /** The expected answer: the value of one row's one column, or an array of row objects. */
  readonly equals: unknown;
}

/** A statement that the code sends, without values. */
export interface ContractQuery extends Sourced {
  readonly sql: string;
  /** Type of each parameter where the text itself does not tell it to the server, else null. */
  readonly types: readonly (string | null)[];
  /** Columns that it reads or writes, `public.orders.id`; tables of which it needs none. Empty when nobody could ask. */
  readonly uses: readonly string[];
}

/** What a release expects, without who asks. */
export interface ContractBody {
  readonly tables: readonly ContractTable[];
  readonly views: readonly ContractView[];
  readonly enums: readonly ContractEnum[];
  readonly domains: readonly ContractDomain[];
  readonly composites: readonly ContractComposite[];
  readonly sequences: readonly ContractSequence[];
  readonly env: readonly ContractVariable[];
  readonly checks: readonly ContractCheck[];
  /** The database role that the release connects as, when its privileges are to be checked. */
  readonly role?: string | undefined;
  /** Only there when the code's own statements are known: the server is asked whether it takes them. */
  readonly queries?: readonly ContractQuery[] | undefined;
}

/** What one release of the code expects of its database: the artefact that ships with it. */
export interface Contract extends ContractBody {
  readonly version: number;
  readonly release: string;
  /** sha256 (hex) over the expectations, without release and positions: equal expectations, equal hash. */
  readonly hash: string;
  readonly source:
    | "drizzle"
    | "prisma"
    | "typeorm"
    | "sequelize"
    | "mikro-orm"
    | "kysely"
    | "queries"
    | "migrations"
    | "file";
  /** Postgres major on which expressions were printed. */
  readonly major: number;
}
