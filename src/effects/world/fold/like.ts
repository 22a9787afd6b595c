import type { TableLikeClause } from "@pgsql/types";
import { byId, indexesOf } from "../lookup.ts";
import type { ObjectId, Relation } from "../model.ts";
import { addColumn } from "./columns.ts";
import { addConstraint, notNullOf, setNotNull } from "./constraints.ts";
import { target, type FoldContext } from "./context.ts";
import { ownedSequence } from "./define-column.ts";
import { definitionOf, makeIndex } from "./indexes.ts";
import { isKey } from "./keys.ts";
import { copyStatistics } from "./statistics.ts";

/** Bits of INCLUDING (parsenodes.h, TableLikeOption). */
const including = {
  constraints: 1 << 2,
  defaults: 1 << 3,
  generated: 1 << 4,
  identity: 1 << 5,
  indexes: 1 << 6,
  statistics: 1 << 7,
} as const;

function wants(like: TableLikeClause, what: keyof typeof including): boolean {
  return ((like.options ?? 0) & including[what]) !== 0;
}

/** LIKE: columns with NOT NULL, and what INCLUDING asks for but indexes (transformTableLikeClause). */
export function copyColumns(context: FoldContext, like: TableLikeClause, id: ObjectId): void {
  const source = target(context, like.relation);
  if (source === undefined) return;
  for (const column of source.columns) {
    const identity = wants(like, "identity") ? column.identity : undefined;
    // The copy's sequence is made without a type (generateSerialExtraStmts).
    if (identity !== undefined)
      ownedSequence(context, byId(context.world, id)!, column.name, "int8");
    const keepsDefault = wants(like, "defaults") && column.generated === undefined;
    const copied = {
      ...column,
      identity,
      default: keepsDefault ? column.default : undefined,
      generated: wants(like, "generated") ? column.generated : undefined,
      notNull: false,
      inherited: false,
      local: true,
      grants: [],
    };
    addColumn(context, id, copied, false);
    if (column.notNull) {
      const constraint = notNullOf(source, column.name);
      setNotNull(context, id, column.name, {
        name: constraint?.name,
        noInherit: constraint?.noInherit ?? false,
      });
    }
  }
  if (!wants(like, "constraints")) return;
  for (const constraint of source.constraints)
    if (constraint.kind === "check")
      addConstraint(context, id, {
        ...constraint,
        valid: constraint.enforced,
        inherited: false,
        local: true,
      });
}

/** LIKE … INCLUDING INDEXES and STATISTICS: with names chosen anew (expandTableLikeClause). */
export function copyIndexes(context: FoldContext, like: TableLikeClause, id: ObjectId): void {
  const { world } = context;
  const source = target(context, like.relation);
  if (source === undefined) return;
  if (wants(like, "indexes"))
    for (const index of indexesOf(world, source.id)) copyIndex(context, source, index, id);
  if (wants(like, "statistics")) copyStatistics(world, source, id);
}

function copyIndex(context: FoldContext, source: Relation, index: Relation, id: ObjectId): void {
  const { world } = context;
  const definition = definitionOf(index);
  if (definition === undefined) return;
  const table = byId(world, id)!;
  const constraint = source.constraints.find(({ name }) => name === index.index?.constraint);
  if (constraint === undefined || !isKey(constraint)) {
    makeIndex(context, table, definition, undefined, { label: "idx" });
    return;
  }
  const label =
    constraint.kind === "primary-key" ? "pkey" : constraint.kind === "unique" ? "key" : "excl";
  if (constraint.kind === "primary-key")
    for (const column of constraint.columns) setNotNull(context, id, column);
  const made = makeIndex(context, byId(world, id)!, definition, undefined, {
    label,
    constraint: true,
  });
  if (made !== undefined)
    addConstraint(context, id, {
      ...constraint,
      name: byId(world, made)!.name,
      index: made,
      // As of every key that is part of no other (index.c, index_constraint_create).
      noInherit: true,
      inherited: false,
      local: true,
    });
}
