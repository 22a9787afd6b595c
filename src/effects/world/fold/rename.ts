import type { RenameStmt } from "@pgsql/types";
import { renameColumnIn } from "../expressions.ts";
import {
  byId,
  childrenOf,
  findRelation,
  findType,
  foreignKeysTo,
  indexesOf,
  partitionsOf,
  sequencesOf,
  tablesOfType,
  viewsOf,
} from "../lookup.ts";
import type { ObjectId, Relation, World, WorldConstraint } from "../model.ts";
import { dottedName, strings } from "../nodes.ts";
import { putRelation, putType } from "../store.ts";
import { constraintOf } from "./constraints.ts";
import { change, target, type FoldContext } from "./context.ts";
import { moveEverything, moveRelation, moveRoutine, moveType } from "./move.ts";
import { renameEventTrigger } from "./event-triggers.ts";
import { renameServer, renameWrapper } from "./foreign-data.ts";
import { truncateName } from "./object-names.ts";
import { renamePublication } from "./publications.ts";
import { renameCollation } from "./collations.ts";
import { renameInUsers } from "./rename-in-users.ts";
import { renameRole } from "./server.ts";
import { matchRoutine } from "./routines.ts";
import { renameInStatistics, renameStatistics } from "./statistics.ts";

/** ALTER … RENAME in all its forms. */
export function rename(context: FoldContext, statement: RenameStmt): void {
  const { world } = context;
  const to = truncateName(statement.newname ?? "");
  const type: string = statement.renameType ?? "";
  switch (type) {
    case "OBJECT_TABLE":
    case "OBJECT_VIEW":
    case "OBJECT_MATVIEW":
    case "OBJECT_INDEX":
    case "OBJECT_SEQUENCE":
    case "OBJECT_FOREIGN_TABLE": {
      const relation = target(context, statement.relation);
      if (relation !== undefined) moveRelation(world, relation, relation.schema, to);
      return;
    }
    case "OBJECT_COLUMN":
    case "OBJECT_ATTRIBUTE": {
      const relation = target(context, statement.relation);
      if (relation !== undefined) renameColumn(world, relation.id, statement.subname ?? "", to);
      return;
    }
    case "OBJECT_TABCONSTRAINT": {
      const relation = target(context, statement.relation);
      if (relation !== undefined) renameConstraint(world, relation.id, statement.subname ?? "", to);
      return;
    }
    case "OBJECT_SCHEMA":
      moveEverything(world, statement.subname ?? "", to);
      return;
    default:
      renameOther(context, statement, to);
  }
}

function renameOther(context: FoldContext, statement: RenameStmt, to: string): void {
  const { world, searchPath } = context;
  const { object } = statement;
  const path = object !== undefined && "List" in object ? strings(object.List.items) : [];
  const type: string = statement.renameType ?? "";
  switch (type) {
    case "OBJECT_TYPE":
    case "OBJECT_DOMAIN": {
      const name = dottedName(path);
      const composite = findRelation(world, name, searchPath);
      const found = findType(world, name, searchPath);
      if (composite?.kind === "composite type")
        moveRelation(world, composite, composite.schema, to);
      else if (found !== undefined) moveType(world, found, found.schema, to);
      return;
    }
    case "OBJECT_DOMCONSTRAINT": {
      const domain = findType(world, dottedName(path), searchPath);
      if (domain?.domain === undefined) return;
      const checks = domain.domain.checks.map((check) =>
        check.name === statement.subname ? { ...check, name: to } : check,
      );
      putType(world, { ...domain, domain: { ...domain.domain, checks } });
      return;
    }
    case "OBJECT_FUNCTION":
    case "OBJECT_PROCEDURE":
    case "OBJECT_ROUTINE":
    case "OBJECT_AGGREGATE": {
      if (object === undefined || !("ObjectWithArgs" in object)) return;
      const routine = matchRoutine(context, object.ObjectWithArgs);
      if (routine !== undefined) moveRoutine(world, routine, routine.schema, to);
      return;
    }
    case "OBJECT_PUBLICATION":
      renamePublication(world, object === undefined ? "" : (strings([object])[0] ?? ""), to);
      return;
    case "OBJECT_COLLATION":
      renameCollation(world, path.at(-1) ?? "", to);
      return;
    case "OBJECT_EVENT_TRIGGER":
      renameEventTrigger(world, object === undefined ? "" : (strings([object])[0] ?? ""), to);
      return;
    case "OBJECT_FOREIGN_SERVER":
      renameServer(world, object === undefined ? "" : (strings([object])[0] ?? ""), to);
      return;
    case "OBJECT_FDW":
      renameWrapper(world, object === undefined ? "" : (strings([object])[0] ?? ""), to);
      return;
    case "OBJECT_ROLE":
      renameRole(world, statement.subname ?? "", to);
      return;
    default:
      renameAttached(context, statement, to);
  }
}

/** Triggers, policies, rules and statistics. */
function renameAttached(context: FoldContext, statement: RenameStmt, to: string): void {
  const { world } = context;
  const from = statement.subname ?? "";
  const renamed = <T extends { readonly name: string }>(list: readonly T[]) =>
    list.map((item) => (item.name === from ? { ...item, name: to } : item));
  if (statement.renameType === "OBJECT_STATISTIC_EXT") {
    const { object } = statement;
    const path = object !== undefined && "List" in object ? strings(object.List.items) : [];
    renameStatistics(context, path, to);
    return;
  }
  const relation = target(context, statement.relation);
  if (relation === undefined) return;
  if (statement.renameType === "OBJECT_TRIGGER")
    // Since 15 the triggers of partitions are renamed along (trigger.c, renametrig).
    for (const { id, triggers } of [
      relation,
      ...(world.major < 15 ? [] : partitionsBelow(world, relation.id)),
    ])
      change(world, id, { triggers: renamed(triggers) });
  else if (statement.renameType === "OBJECT_POLICY")
    change(world, relation.id, { policies: renamed(relation.policies) });
  else if (statement.renameType === "OBJECT_RULE")
    change(world, relation.id, {
      rules: renamed(relation.rules),
    });
}

function partitionsBelow(world: World, id: ObjectId): readonly Relation[] {
  return partitionsOf(world, id).flatMap((one) => [one, ...partitionsBelow(world, one.id)]);
}

/** A column's new name, in all that names it: constraints, indexes, partition key, sequences, views, children. */
function renameColumn(world: World, id: ObjectId, from: string, to: string): void {
  const relation = byId(world, id);
  if (relation === undefined || !relation.columns.some(({ name }) => name === from)) return;
  const name = (column: string) => (column === from ? to : column);
  const { partitioning } = relation;
  putRelation(world, {
    ...relation,
    columns: relation.columns.map((column) => ({
      ...column,
      name: name(column.name),
      generated: renameColumnIn(column.generated, from, to),
    })),
    constraints: relation.constraints.map((constraint) => renameIn(constraint, from, to)),
    statistics: renameInStatistics(relation.statistics, from, to),
    partitioning:
      partitioning === undefined
        ? undefined
        : {
            ...partitioning,
            columns: partitioning.columns.map(name),
            expressions: renameColumnIn(partitioning.expressions, from, to),
          },
  });
  for (const index of indexesOf(world, id)) renameInIndex(world, index, from, to);
  for (const sequence of sequencesOf(world, id))
    if (sequence.ownedBy?.column === from)
      change(world, sequence.id, { ownedBy: { table: id, column: to } });
  for (const table of foreignKeysTo(world, id)) renameReferences(world, table, id, name);
  for (const view of viewsOf(world, id)) renameInReads(world, view, id, name);
  renameInUsers(world, id, from, to);
  for (const table of tablesOfType(world, id)) renameColumn(world, table.id, from, to);
  for (const child of childrenOf(world, id))
    if (child.columns.some((column) => column.name === from && column.inherited))
      renameColumn(world, child.id, from, to);
}

function renameIn(constraint: WorldConstraint, from: string, to: string): WorldConstraint {
  const name = (column: string) => (column === from ? to : column);
  switch (constraint.kind) {
    case "check":
      return { ...constraint, expression: renameColumnIn(constraint.expression, from, to) };
    case "not-null":
      return { ...constraint, column: name(constraint.column) };
    case "primary-key":
    case "unique":
    case "exclusion":
    case "foreign-key":
      return { ...constraint, columns: constraint.columns.map(name) };
  }
}

function renameInIndex(world: World, { id, index }: Relation, from: string, to: string): void {
  if (index === undefined) return;
  const name = (column: string) => (column === from ? to : column);
  change(world, id, {
    index: {
      ...index,
      columns: index.columns.map((column) => (column === undefined ? undefined : name(column))),
      include: index.include.map(name),
      expressions: renameColumnIn(index.expressions, from, to),
      predicate: renameColumnIn(index.predicate, from, to),
    },
  });
}

function renameReferences(
  world: World,
  table: Relation,
  referenced: ObjectId,
  name: (column: string) => string,
): void {
  change(world, table.id, {
    constraints: table.constraints.map((constraint) =>
      constraint.kind === "foreign-key" && constraint.references.table === referenced
        ? {
            ...constraint,
            references: {
              table: referenced,
              columns: constraint.references.columns.map(name),
            },
          }
        : constraint,
    ),
  });
}

function renameInReads(
  world: World,
  { id, view }: Relation,
  relation: ObjectId,
  name: (column: string) => string,
): void {
  if (view === undefined) return;
  change(world, id, {
    view: {
      ...view,
      reads: view.reads.map((read) =>
        read.relation === relation ? { ...read, columns: read.columns.map(name) } : read,
      ),
    },
  });
}

/** RENAME CONSTRAINT: a key's index has the same new name; inherited copies too. */
function renameConstraint(world: World, id: ObjectId, from: string, to: string): void {
  const relation = byId(world, id);
  const constraint = constraintOf(relation, from);
  if (relation === undefined || constraint === undefined) return;
  change(world, id, {
    constraints: relation.constraints.map((other) =>
      other === constraint ? { ...other, name: to } : other,
    ),
  });
  if ("index" in constraint) {
    const index = byId(world, constraint.index);
    if (index?.index !== undefined)
      putRelation(world, { ...index, name: to, index: { ...index.index, constraint: to } });
    return;
  }
  if (constraint.kind === "foreign-key") return;
  for (const child of childrenOf(world, id)) renameConstraint(world, child.id, from, to);
}
