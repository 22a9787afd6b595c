import type { ExpressionKeys } from "./expression-keys.ts";
import type {
  Column,
  CompositeType,
  Domain,
  Extension,
  MaterializedView,
  RangeType,
  Sequence,
  Table,
  View,
} from "./model.ts";
import type { Constraint } from "./model-constraints.ts";
import type { Index } from "./model-indexes.ts";
import { printState } from "./print.ts";
import type { Aggregate, Policy, Routine, Rule, Statistics, Trigger } from "./model-programs.ts";

/**
 * One way in which two objects of the same name can differ. A facet's name is the kind of the difference.
 * Comparing and fingerprinting use the same facets, so two catalogs differ exactly when their
 * fingerprints do.
 */
export interface Facet<Item, Value = unknown> {
  /** What a difference shows. */
  readonly value: (item: Item) => Value;
  /** What is compared, when it is not the value itself. */
  readonly key?: (item: Item, keys: ExpressionKeys) => unknown;
}

export type Facets<Item> = Readonly<Record<string, Facet<Item>>>;

export const extensionFacets = {
  "extension-version-changed": { value: ({ version }) => version },
  "extension-schema-changed": { value: ({ schema }) => schema },
} as const satisfies Facets<Extension>;

export const tableFacets = {
  "table-kind-changed": {
    value: ({ kind }) => kind,
    // Whether a table is a partition is the matter of another facet.
    key: ({ kind }) => (kind === "partition" ? "table" : kind),
  },
  "table-persistence-changed": { value: ({ persistence }) => persistence },
  "table-inheritance-changed": { value: ({ inherits }) => inherits },
  "partition-key-changed": { value: ({ partitionKey }) => partitionKey },
  "partition-changed": { value: ({ partitionOf }) => partitionOf },
  "row-security-changed": {
    value: ({ rowSecurity, forceRowSecurity }) => ({
      enabled: rowSecurity,
      forced: forceRowSecurity,
    }),
  },
  "replica-identity-changed": { value: ({ replicaIdentity }) => replicaIdentity },
  "table-options-changed": { value: ({ options }) => options },
  "foreign-table-changed": { value: ({ foreign }) => foreign },
} as const satisfies Facets<Table>;

export const columnFacets = {
  "column-type-changed": {
    value: ({ type }) => type,
    key: ({ type }) => `${type.kind} ${type.text}`,
  },
  "column-collation-changed": { value: ({ collation }) => collation },
  "column-nullability-changed": { value: ({ nullable }) => nullable },
  "not-null-validity-changed": { value: ({ notNull }) => notNull?.valid ?? true },
  "not-null-inheritance-changed": { value: ({ notNull }) => notNull?.noInherit ?? false },
  "not-null-name-changed": { value: ({ notNull }) => notNull?.name ?? null },
  "column-default-changed": {
    value: (column) => column.default,
    key: (column, keys) => keys.expression(column.default),
  },
  "column-identity-changed": { value: ({ identity }) => identity },
  "column-generation-changed": {
    value: ({ generated }) => generated,
    key: ({ generated }, keys) =>
      generated === null ? null : [generated.kind, keys.expression(generated.expression)],
  },
  "column-inheritance-changed": { value: ({ inherited }) => inherited },
} as const satisfies Facets<Column>;

export const constraintFacets = {
  "constraint-changed": { value: (constraint) => constraint, key: constraintStructure },
  "constraint-validity-changed": {
    value: ({ valid }) => valid,
    // What is not enforced is never valid either.
    key: ({ valid, enforced }) => valid || !enforced,
  },
  "constraint-enforcement-changed": { value: ({ enforced }) => enforced },
  "constraint-deferrability-changed": { value: ({ deferrable }) => deferrable },
  "constraint-inheritance-changed": {
    value: ({ inherited, noInherit }) => ({ inherited, noInherit }),
  },
} as const satisfies Facets<Constraint>;

function constraintStructure(constraint: Constraint, keys: ExpressionKeys): unknown {
  switch (constraint.kind) {
    case "primary-key":
    case "unique": {
      const { kind, columns, include, nullsNotDistinct, withoutOverlaps } = constraint;
      return [kind, columns, include, nullsNotDistinct, withoutOverlaps];
    }
    case "foreign-key": {
      const { kind, columns, references, onUpdate, onDelete, onDeleteColumns, match, period } =
        constraint;
      return [kind, columns, references, onUpdate, onDelete, onDeleteColumns, match, period];
    }
    case "check":
      return [constraint.kind, keys.expression(constraint.expression)];
    case "exclusion":
      return [constraint.kind, keys.statement(`ALTER TABLE t ADD ${stateless(constraint)}`)];
  }
}

/** The definition without the clauses that have facets of their own. */
function stateless(constraint: Constraint): string {
  const state = printState(constraint);
  const { definition } = constraint;
  return state !== "" && definition.endsWith(state)
    ? definition.slice(0, -state.length)
    : definition;
}

export const indexFacets = {
  "index-changed": {
    value: (index) => index,
    key: ({ method, keys, include, predicate, unique, nullsNotDistinct }, text) => [
      method,
      keys.map(({ column, expression, opclass, opclassOptions, collation, ...order }) => [
        column ?? text.expression(expression),
        column === null,
        opclass,
        opclassOptions,
        collation,
        order.descending,
        order.nullsFirst,
      ]),
      include,
      text.expression(predicate),
      unique,
      nullsNotDistinct,
    ],
  },
  "index-validity-changed": { value: ({ valid, ready }) => ({ valid, ready }) },
  "index-options-changed": { value: ({ options }) => options },
  "index-inheritance-changed": { value: ({ partitionOf }) => partitionOf },
} as const satisfies Facets<Index>;

const queryFacets = {
  "view-definition-changed": {
    value: ({ definition }: View | MaterializedView) => definition,
    key: ({ definition }: View | MaterializedView, keys: ExpressionKeys) =>
      keys.statement(definition),
  },
  "view-options-changed": { value: ({ options }: View | MaterializedView) => options },
} as const;

export const viewFacets = {
  ...queryFacets,
  "view-columns-changed": {
    value: ({ columns }) => columns,
    key: ({ columns }, keys) =>
      columns.map((column) => [
        column.name,
        column.type.text,
        column.collation,
        keys.expression(column.default),
      ]),
  },
} as const satisfies Facets<View>;

export const materializedViewFacets = {
  ...queryFacets,
  "view-columns-changed": {
    value: ({ columns }) => columns,
    key: ({ columns }) => columns.map(({ name, type, collation }) => [name, type.text, collation]),
  },
} as const satisfies Facets<MaterializedView>;

export const sequenceFacets = {
  "sequence-changed": {
    value: ({ type, start, increment, min, max, cache, cycle }) => ({
      type,
      start,
      increment,
      min,
      max,
      cache,
      cycle,
    }),
  },
  "sequence-persistence-changed": { value: ({ persistence }) => persistence },
  "sequence-owner-changed": { value: ({ ownedBy }) => ownedBy },
} as const satisfies Facets<Sequence>;

export const domainFacets = {
  "domain-type-changed": {
    value: ({ baseType }) => baseType,
    key: ({ baseType }) => [baseType.text, baseType.kind],
  },
  "domain-collation-changed": { value: ({ collation }) => collation },
  "domain-nullability-changed": { value: ({ nullable }) => nullable },
  "domain-default-changed": {
    value: (domain) => domain.default,
    key: (domain, keys) => keys.expression(domain.default),
  },
  "domain-checks-changed": {
    value: ({ checks }) => checks,
    key: ({ checks }, keys) =>
      checks.map(({ name, expression, valid }) => [name, keys.expression(expression), valid]),
  },
} as const satisfies Facets<Domain>;

export const compositeTypeFacets = {
  "composite-type-changed": {
    value: ({ attributes }) => attributes,
    key: ({ attributes }) =>
      attributes.map(({ name, type, collation }) => [name, type.text, collation]),
  },
} as const satisfies Facets<CompositeType>;

export const rangeTypeFacets = {
  "range-type-changed": {
    value: (range) => range,
    key: ({ subtype, ...range }) => [range, subtype.text],
  },
} as const satisfies Facets<RangeType>;

export const routineFacets = {
  "routine-body-changed": {
    value: ({ language, body, library }) => ({ language, body, library }),
  },
  "routine-arguments-changed": { value: (routine) => routine.arguments },
  "routine-result-changed": { value: ({ kind, result }) => ({ kind, result }) },
  "routine-security-changed": { value: ({ security }) => security },
  "routine-properties-changed": {
    value: ({ volatility, parallel, strict, leakproof, cost, rows, options }) => ({
      volatility,
      parallel,
      strict,
      leakproof,
      cost,
      rows,
      options,
    }),
  },
} as const satisfies Facets<Routine>;

export const aggregateFacets = {
  "aggregate-changed": { value: (aggregate) => aggregate },
} as const satisfies Facets<Aggregate>;

export const triggerFacets = {
  "trigger-changed": {
    value: ({ definition }) => definition,
    key: ({ definition }, keys) => keys.statement(definition),
  },
  "trigger-enabled-changed": { value: ({ enabled }) => enabled },
  "trigger-inheritance-changed": { value: ({ inherited }) => inherited },
} as const satisfies Facets<Trigger>;

export const policyFacets = {
  "policy-changed": {
    value: (policy) => policy,
    key: ({ using, withCheck, ...policy }, keys) => [
      policy,
      keys.expression(using),
      keys.expression(withCheck),
    ],
  },
} as const satisfies Facets<Policy>;

export const ruleFacets = {
  "rule-changed": {
    value: ({ definition }) => definition,
    key: ({ definition }, keys) => keys.statement(definition),
  },
  "rule-enabled-changed": { value: ({ enabled }) => enabled },
} as const satisfies Facets<Rule>;

export const statisticsFacets = {
  "statistics-changed": {
    value: ({ definition }) => definition,
    // Columns are printed in their order in the table (pg_get_statisticsobj_worker), which says nothing of its own.
    key: ({ definition }, keys) => keys.statement(definition).split(/[ ,]+/).toSorted(),
  },
} as const satisfies Facets<Statistics>;
