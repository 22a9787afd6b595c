import { ownTypeUsers } from "../derived.ts";
import { columnsIn, walk } from "../expressions.ts";
import {
  byId,
  childrenOf,
  foreignKeysTo,
  indexesOf,
  indexPartsOf,
  sequencesOf,
  tablesOfType,
  viewsOf,
} from "../lookup.ts";
import type {
  IndexFacts,
  ObjectId,
  Relation,
  Routine,
  TypeUse,
  World,
  WorldColumn,
  WorldConstraint,
  WorldType,
} from "../model.ts";
import { strings } from "../nodes.ts";
import { relationName, removeRelation, putType, removeRoutine, removeType } from "../store.ts";
import { change } from "./context.ts";
import { dropEventTriggersOf } from "./event-triggers.ts";
import { sequencesNamed } from "../sequence-calls.ts";
import { groupsByKey } from "../functional-dependency.ts";
import { hasOtherSource, isCopyOf } from "../inherited.ts";
import { withoutColumn } from "./statistics.ts";
import { dropOwnUsers, dropUsers } from "./users.ts";

/**
 * Takes a relation out with all that cannot be without it: indexes, owned sequences, partitions, and what CASCADE takes:
 * views, foreign keys, children. A DROP without CASCADE succeeds only where there is none of those.
 */
export function dropRelation(world: World, id: ObjectId): void {
  const relation = byId(world, id);
  if (relation === undefined) return;
  removeRelation(world, id);
  if (relation.kind === "composite type") {
    const type = world.types.get(relationName(relation));
    if (type?.kind === "composite") removeType(world, type.id);
  } else if (relation.index === undefined && relation.kind !== "sequence")
    dropUsersOfType(world, relation);
  if (relation.index !== undefined) {
    dropConstraintBehind(world, relation);
    dropKeysThatRelyOn(world, relation.index);
  }
  for (const part of indexPartsOf(world, id)) dropRelation(world, part.id);
  for (const index of indexesOf(world, id)) dropRelation(world, index.id);
  for (const sequence of sequencesOf(world, id)) dropRelation(world, sequence.id);
  for (const view of viewsOf(world, id)) dropRelation(world, view.id);
  for (const child of childrenOf(world, id)) dropRelation(world, child.id);
  for (const referenced of [id, ...ancestorsOf(world, relation)])
    dropForeignKeysTo(world, referenced);
  for (const table of tablesOfType(world, id)) dropRelation(world, table.id);
  dropUsers(world, id);
  if (relation.kind === "sequence") dropDefaultsFrom(world, relation);
}

/** A foreign key may rely on a unique index that stands behind no constraint; it goes with the last one that fits. */
function dropKeysThatRelyOn(world: World, { unique, table: id, columns }: IndexFacts): void {
  const key = columns.flatMap((column) => column ?? []);
  const fits = (other: readonly (string | undefined)[]) =>
    other.length === key.length && other.every((column) => key.includes(column ?? ""));
  if (!unique || key.length < columns.length) return;
  if (indexesOf(world, id).some(({ index }) => index!.unique && fits(index!.columns))) return;
  dropForeignKeysTo(world, id, fits);
}

/** Drops the foreign keys to a table, or those of them whose columns there are so. */
function dropForeignKeysTo(
  world: World,
  id: ObjectId,
  isSuch: (columns: readonly string[]) => boolean = () => true,
): void {
  for (const table of foreignKeysTo(world, id))
    keepConstraints(
      world,
      table.id,
      (constraint) =>
        constraint.kind !== "foreign-key" ||
        constraint.references.table !== id ||
        !isSuch(constraint.references.columns),
    );
}

/** What it is a partition of: a foreign key to that needs each partition. */
function ancestorsOf(world: World, { partitionOf }: Relation): readonly ObjectId[] {
  const parent = partitionOf && byId(world, partitionOf.parent);
  return parent === undefined ? [] : [parent.id, ...ancestorsOf(world, parent)];
}

function dropConstraintBehind(world: World, { id, index }: Relation): void {
  if (index?.constraint === undefined) return;
  keepConstraints(
    world,
    index.table,
    (constraint) => !("index" in constraint && constraint.index === id),
  );
}

function keepConstraints(
  world: World,
  id: ObjectId,
  keep: (constraint: WorldConstraint) => boolean,
): void {
  const relation = byId(world, id);
  if (relation === undefined || relation.constraints.every(keep)) return;
  change(world, id, { constraints: relation.constraints.filter(keep) });
}

/** DROP SEQUENCE … CASCADE takes the defaults that name it. */
function dropDefaultsFrom(world: World, { schema, name }: Relation): void {
  const names = ({ default: expression }: WorldColumn) =>
    sequencesNamed(expression).some(
      (each) => each.name === name && (each.schema ?? "public") === schema,
    );
  for (const { id, columns } of Array.from(world.relations.values()))
    if (columns.some(names))
      change(world, id, {
        columns: columns.map((column) =>
          names(column) ? { ...column, default: undefined } : column,
        ),
      });
}

/** Drops a constraint with its index, its copies on partitions and, for a key, the foreign keys that reference it. */
export function dropConstraint(world: World, id: ObjectId, name: string, recurse = true): void {
  const relation = byId(world, id);
  const constraint = relation?.constraints.find((candidate) => candidate.name === name);
  if (relation === undefined || constraint === undefined) return;
  if ("index" in constraint) {
    dropReferencesTo(world, relation, constraint.columns);
    if (constraint.kind === "primary-key")
      for (const view of viewsOf(world, id))
        if (groupsByKey(view, relation, constraint.columns)) dropRelation(world, view.id);
    dropRelation(world, constraint.index);
  }
  keepConstraints(world, id, (candidate) => candidate.name !== name);
  if (constraint.kind === "not-null") makeNullable(world, id, constraint.column);
  for (const child of childrenOf(world, id)) {
    const copy = child.constraints.find((candidate) => isCopyOf(candidate, constraint));
    if (copy === undefined || "index" in copy) continue;
    const inherited = hasOtherSource(
      child,
      copy,
      id,
      (other) => byId(world, other)?.constraints ?? [],
    );
    // With ONLY what no other parent gives becomes the child's own.
    const local = copy.local || (!recurse && !inherited);
    if (local || inherited)
      change(world, child.id, {
        constraints: child.constraints.map((candidate) =>
          candidate === copy ? { ...copy, inherited, local } : candidate,
        ),
      });
    else dropConstraint(world, child.id, copy.name);
  }
}

function makeNullable(world: World, id: ObjectId, name: string): void {
  const relation = byId(world, id);
  if (relation === undefined) return;
  change(world, id, {
    columns: relation.columns.map((column) =>
      column.name === name ? { ...column, notNull: false } : column,
    ),
  });
}

function dropReferencesTo(world: World, relation: Relation, columns: readonly string[]): void {
  const key = [...columns].sort().join("\0");
  const others = relation.constraints.filter(
    (constraint) => "index" in constraint && [...constraint.columns].sort().join("\0") === key,
  );
  if (others.length > 1) return;
  dropForeignKeysTo(world, relation.id, (referenced) => [...referenced].sort().join("\0") === key);
}

/** Drops a column with its indexes, constraints, owned sequences and readers, and its copies in children. */
export function dropColumn(world: World, id: ObjectId, name: string, recurse = true): void {
  const relation = byId(world, id);
  const column = relation?.columns.find((candidate) => candidate.name === name);
  if (relation === undefined || column === undefined) return;
  for (const child of childrenOf(world, id)) {
    const copy = child.columns.find((candidate) => candidate.name === name);
    if (copy === undefined || !copy.inherited) continue;
    // Another parent's column keeps it (tablecmds.c, ATExecDropColumn: attinhcount).
    const inherited = child.inherits.some(
      (parent) =>
        parent !== id && byId(world, parent)?.columns.some((candidate) => candidate.name === name),
    );
    if (recurse && !copy.local && !inherited) dropColumn(world, child.id, name);
    else
      change(world, child.id, {
        columns: child.columns.map((candidate) =>
          candidate === copy ? { ...copy, inherited, local: copy.local || !recurse } : candidate,
        ),
      });
  }
  for (const index of indexesOf(world, id))
    if (usesColumn(index, name)) {
      const constraint = index.index?.constraint;
      if (constraint === undefined) dropRelation(world, index.id);
      else dropConstraint(world, id, constraint);
    }
  for (const constraint of relation.constraints)
    if (concerns(constraint, name)) {
      // Children's copies go with their columns; where those stay, nobody tells them.
      if (constraint.kind === "check" || constraint.kind === "not-null")
        keepConstraints(world, id, (candidate) => candidate.name !== constraint.name);
      else dropConstraint(world, id, constraint.name);
    }
  dropForeignKeysTo(world, id, (referenced) => referenced.includes(name));
  for (const sequence of sequencesOf(world, id))
    if (sequence.ownedBy?.column === name) dropRelation(world, sequence.id);
  for (const view of viewsOf(world, id))
    if (view.view?.reads.some((read) => read.relation === id && read.columns.includes(name)))
      dropRelation(world, view.id);
  dropUsers(world, id, name);
  dropOwnUsers(world, byId(world, id) ?? relation, name);
  const rest = byId(world, id);
  if (rest === undefined) return;
  const generatedFrom = rest.columns.filter(
    (candidate) =>
      candidate.generated !== undefined && columnsIn(candidate.generated.expression).includes(name),
  );
  change(world, id, {
    columns: rest.columns.filter((candidate) => candidate.name !== name),
    statistics: withoutColumn(rest.statistics, name),
  });
  for (const generated of generatedFrom) dropColumn(world, id, generated.name, recurse);
}

export function usesColumn({ index }: Relation, column: string): boolean {
  if (index === undefined) return false;
  return (
    index.columns.includes(column) ||
    index.include.includes(column) ||
    index.expressions.some((expression) => columnsIn(expression).includes(column)) ||
    columnsIn(index.predicate).includes(column)
  );
}

/** True when dropping the column takes the constraint too. */
export function concerns(constraint: WorldConstraint, column: string): boolean {
  switch (constraint.kind) {
    case "check":
      return columnsIn(constraint.expression).includes(column);
    case "not-null":
      return constraint.column === column;
    case "primary-key":
    case "unique":
    case "exclusion":
    case "foreign-key":
      return constraint.columns.includes(column);
  }
}

/** What is of the type goes with it, and a range's multirange. */
export function dropType(world: World, type: WorldType): void {
  removeType(world, type.id);
  const relation = world.relations.get(relationName(type));
  if (relation?.kind === "composite type") dropRelation(world, relation.id);
  if (type.kind === "range")
    for (const other of Array.from(world.types.values()))
      if (other.range === type.id) removeType(world, other.id);
  dropUsersOfType(world, type);
}

/** Columns of a type, of a table's row type too, domains over it, and routines that take or give it. */
function dropUsersOfType(world: World, { schema, name }: TypeName): void {
  const is = (use: TypeUse | undefined) => use?.schema === schema && use.name === name;
  for (const user of ownTypeUsers(world))
    for (const column of user.columns) if (is(column.type)) dropColumn(world, user.id, column.name);
  for (const domain of Array.from(world.types.values()))
    if (is(domain.domain?.base)) dropType(world, domain);
  for (const routine of Array.from(world.routines.values()).flat())
    if (routine.arguments.some(is) || is(routine.returns)) dropRoutine(world, routine);
}

interface TypeName {
  readonly schema: string;
  readonly name: string;
}

/** Triggers, defaults, checks, indexes and generated columns that call the routine go with it, and tables partitioned by it. */
export function dropRoutine(world: World, routine: Routine): void {
  removeRoutine(world, routine.id);
  dropEventTriggersOf(world, routine.id);
  const name = relationName(routine);
  if (world.routines.has(name)) return;
  const calls = (expression: unknown) => callsRoutine(expression, routine);
  for (const type of Array.from(world.types.values())) {
    const { domain } = type;
    if (domain === undefined) continue;
    const checks = domain.checks.filter(({ expression }) => !calls(expression));
    if (calls(domain.default)) dropType(world, type);
    else if (checks.length < domain.checks.length)
      putType(world, { ...type, domain: { ...domain, checks } });
  }
  for (const { id } of Array.from(world.relations.values())) {
    const relation = byId(world, id);
    if (relation === undefined) continue;
    if (relation.triggers.some((trigger) => trigger.routine === name))
      change(world, id, {
        triggers: relation.triggers.filter((trigger) => trigger.routine !== name),
      });
    if (relation.columns.some((column) => calls(column.default)))
      change(world, id, {
        columns: relation.columns.map((column) =>
          calls(column.default) ? { ...column, default: undefined } : column,
        ),
      });
    for (const column of relation.columns)
      if (calls(column.generated)) dropColumn(world, id, column.name);
    for (const constraint of relation.constraints)
      if (constraint.kind === "check" && calls(constraint.expression))
        dropConstraint(world, id, constraint.name);
    if (calls(relation.index?.expressions) || calls(relation.index?.predicate))
      dropRelation(world, id);
    if (calls(relation.view?.query) || calls(relation.partitioning?.expressions))
      dropRelation(world, id);
  }
}

function callsRoutine(expression: unknown, { schema, name }: Routine): boolean {
  let found = false;
  walk(expression, (node) => {
    if (!("FuncCall" in node)) return;
    const path = strings(node.FuncCall.funcname);
    found ||= path.at(-1) === name && (path.length === 1 || path.at(-2) === schema);
  });
  return found;
}
