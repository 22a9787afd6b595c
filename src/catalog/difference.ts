import type {
  Column,
  CompositeType,
  Domain,
  EnumType,
  Extension,
  Grant,
  MaterializedView,
  RangeType,
  Schema,
  Sequence,
  Table,
  View,
} from "./model.ts";
import type { Constraint } from "./model-constraints.ts";
import type { Index } from "./model-indexes.ts";
import type { Aggregate, Policy, Routine, Rule, Statistics, Trigger } from "./model-programs.ts";
import type * as facets from "./facets.ts";
import type { Facet } from "./facets.ts";
import type { QualifiedName } from "./names.ts";

/** `before` has something that `after` lacks, or the other way round. */
type MissingOrExtra<Word extends string, Item> =
  | {
      readonly kind: `missing-${Word}`;
      readonly object: QualifiedName;
      readonly before: Item;
      readonly after: null;
    }
  | {
      readonly kind: `extra-${Word}`;
      readonly object: QualifiedName;
      readonly before: null;
      readonly after: Item;
    };

/** Both have it, and it is not the same. */
interface Change<Kind extends string, Value> {
  readonly kind: Kind;
  readonly object: string;
  readonly before: Value;
  readonly after: Value;
}

/** One Change for each facet. */
type ChangesOf<Facets> = {
  [Kind in keyof Facets & string]: Facets[Kind] extends Facet<never, infer Value>
    ? Change<Kind, Value>
    : never;
}[keyof Facets & string];

/**
 * One difference between two catalogs, told apart by `kind`. `object` is the qualified name of what
 * differs: `public.orders`, `public.orders.id` for a column, constraint, trigger, policy or rule,
 * `public.orders_pkey` for an index, `public.total(integer)` for a routine, an address such as
 * `table public.orders` for comments and grants.
 */
export type Difference =
  | MissingOrExtra<"schema", Schema>
  | MissingOrExtra<"extension", Extension>
  | ChangesOf<typeof facets.extensionFacets>
  | MissingOrExtra<"table", Table>
  | ChangesOf<typeof facets.tableFacets>
  | MissingOrExtra<"column", Column>
  | ChangesOf<typeof facets.columnFacets>
  /** `object` is the table; the values are the names of the columns that both have. */
  | Change<"column-order-changed", readonly string[]>
  | MissingOrExtra<"constraint", Constraint>
  | ChangesOf<typeof facets.constraintFacets>
  /** Indexes behind constraints are missing or extra only as constraints. */
  | MissingOrExtra<"index", Index>
  | ChangesOf<typeof facets.indexFacets>
  | MissingOrExtra<"view", View>
  | MissingOrExtra<"materialized-view", MaterializedView>
  | ChangesOf<typeof facets.viewFacets>
  | ChangesOf<typeof facets.materializedViewFacets>
  | MissingOrExtra<"sequence", Sequence>
  | ChangesOf<typeof facets.sequenceFacets>
  | MissingOrExtra<"enum", EnumType>
  /** `object` is the enum type, the value the label. */
  | MissingOrExtra<"enum-value", string>
  | Change<"enum-order-changed", readonly string[]>
  | MissingOrExtra<"domain", Domain>
  | ChangesOf<typeof facets.domainFacets>
  | MissingOrExtra<"composite-type", CompositeType>
  | ChangesOf<typeof facets.compositeTypeFacets>
  | MissingOrExtra<"range-type", RangeType>
  | ChangesOf<typeof facets.rangeTypeFacets>
  | MissingOrExtra<"routine", Routine>
  | ChangesOf<typeof facets.routineFacets>
  | MissingOrExtra<"aggregate", Aggregate>
  | ChangesOf<typeof facets.aggregateFacets>
  | MissingOrExtra<"trigger", Trigger>
  | ChangesOf<typeof facets.triggerFacets>
  | MissingOrExtra<"policy", Policy>
  | ChangesOf<typeof facets.policyFacets>
  | MissingOrExtra<"rule", Rule>
  | ChangesOf<typeof facets.ruleFacets>
  | MissingOrExtra<"statistics", Statistics>
  | ChangesOf<typeof facets.statisticsFacets>
  /** Null for no comment. */
  | Change<"comment-changed", string | null>
  /** Null for the privileges that the kind of object has by default. */
  | Change<"grants-changed", readonly Grant[] | null>;

export type DifferenceKind = Difference["kind"];

/** What counts as a difference, for `diff` and `fingerprint` alike. */
export interface CompareOptions {
  /**
   * Whether the order of a table's columns counts. Default true: a dump and restore keeps it, and
   * `SELECT *` and `INSERT` without a column list depend on it. A plan that adds a column and drops the
   * old one cannot keep it.
   */
  readonly columnOrder?: boolean;
  /**
   * Whether the names of NOT NULL constraints count (Postgres 18 has them, earlier majors do not).
   * Default false, so that catalogs of different majors compare.
   */
  readonly notNullNames?: boolean;
}
