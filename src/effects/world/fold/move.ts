import { namePart, qualifiedName, type QualifiedName } from "../../../sql/index.ts";
import { byId, indexesOf, sequencesOf } from "../lookup.ts";
import type { Relation, Routine, TypeUse, World, WorldColumn, WorldType } from "../model.ts";
import { renameSequenceIn } from "../sequence-calls.ts";
import { putRelation, putRoutine, putType, relationName } from "../store.ts";
import { change } from "./context.ts";

/** Another name or schema for a relation; a key's index takes its constraint's name with it, and the reverse. */
export function moveRelation(world: World, relation: Relation, schema: string, name: string): void {
  if (schema === relation.schema && name === relation.name) return;
  if (world.relations.has(qualifiedName(schema, name))) return;
  const constraint = relation.index?.constraint;
  const index =
    relation.index === undefined || constraint === undefined
      ? relation.index
      : { ...relation.index, constraint: name };
  putRelation(world, { ...relation, schema, name, index });
  if (constraint !== undefined) renameConstraintOf(world, relation, name);
  const type = world.types.get(relationName(relation));
  if (relation.kind === "composite type" && type !== undefined)
    putType(world, { ...type, schema, name });
  renameUses(world, relation, { schema, name });
  if (relation.kind === "sequence") renameInDefaults(world, relation, { schema, name });
  if (schema === relation.schema) return;
  for (const each of [...indexesOf(world, relation.id), ...sequencesOf(world, relation.id)])
    moveRelation(world, each, schema, each.name);
}

/** Defaults that take their values from a sequence go by what it is, not by its name. */
function renameInDefaults(world: World, sequence: Relation, to: TypeName): void {
  const follow = ({ default: expression }: WorldColumn) =>
    renameSequenceIn(expression, sequence, to);
  for (const { id, columns } of Array.from(world.relations.values()))
    if (columns.some((column) => follow(column) !== column.default))
      change(world, id, {
        columns: columns.map((column) => ({ ...column, default: follow(column) })),
      });
}

function renameConstraintOf(world: World, { id, index }: Relation, name: string): void {
  const table = index === undefined ? undefined : byId(world, index.table);
  if (table === undefined) return;
  change(world, table.id, {
    constraints: table.constraints.map((constraint) =>
      "index" in constraint && constraint.index === id ? { ...constraint, name } : constraint,
    ),
  });
}

export function moveType(world: World, type: WorldType, schema: string, name: string): void {
  if (world.types.has(qualifiedName(schema, name))) return;
  putType(world, { ...type, schema, name });
  renameUses(world, type, { schema, name });
}

interface TypeName {
  readonly schema: string;
  readonly name: string;
}

/** Columns, domains and routines that use the type, or the row type of the relation, follow its name. */
function renameUses(world: World, from: TypeName, to: TypeName): void {
  const follow = (type: TypeUse): TypeUse =>
    type.name === from.name && type.schema === from.schema ? { ...type, ...to } : type;
  for (const relation of Array.from(world.relations.values())) {
    if (relation.columns.every(({ type }) => follow(type) === type)) continue;
    change(world, relation.id, {
      columns: relation.columns.map((column) => ({ ...column, type: follow(column.type) })),
    });
  }
  for (const type of Array.from(world.types.values())) {
    if (type.domain === undefined || follow(type.domain.base) === type.domain.base) continue;
    putType(world, { ...type, domain: { ...type.domain, base: follow(type.domain.base) } });
  }
  for (const routine of Array.from(world.routines.values()).flat()) {
    const { returns } = routine;
    const same =
      routine.arguments.every((type) => follow(type) === type) &&
      (returns === undefined || follow(returns) === returns);
    if (same) continue;
    putRoutine(world, {
      ...routine,
      arguments: routine.arguments.map(follow),
      returns: returns === undefined ? undefined : follow(returns),
    });
  }
}

/** Another name or schema for a routine, which triggers that call it follow. */
export function moveRoutine(world: World, routine: Routine, schema: string, name: string): void {
  putRoutine(world, { ...routine, schema, name });
  if (routine.arguments.length > 0) return;
  const [from, to] = [relationName(routine), qualifiedName(schema, name)];
  for (const { id, triggers } of Array.from(world.relations.values()))
    if (triggers.some((trigger) => trigger.routine === from))
      change(world, id, {
        triggers: triggers.map((trigger) =>
          trigger.routine === from ? { ...trigger, routine: to } : trigger,
        ),
      });
}

/** ALTER SCHEMA … RENAME. */
export function moveEverything(world: World, from: string, to: string): void {
  if (!world.schemas.has(from) || world.schemas.has(to)) return;
  world.schemas.delete(from);
  world.schemas.add(to);
  renameSchemaIn(world, from, to);
  // Each as it is by then: what uses a type that was moved has followed it.
  for (const { id } of Array.from(world.relations.values())) {
    const relation = byId(world, id);
    if (relation?.schema === from) moveRelation(world, relation, to, relation.name);
  }
  for (const name of Array.from(world.types.keys())) {
    const type = world.types.get(name);
    if (type?.schema === from) moveType(world, type, to, type.name);
  }
  for (const routine of Array.from(world.routines.values()).flat())
    if (routine.schema === from) putRoutine(world, { ...routine, schema: to });
  renameSchemaInTexts(world, from, to);
}

/** Names of triggers' functions and of statistics are held as texts. */
function renameSchemaInTexts(world: World, from: string, to: string): void {
  const prefix = `${namePart(from)}.`;
  const follow = (name: QualifiedName): QualifiedName =>
    name.startsWith(prefix) ? `${namePart(to)}.${name.slice(prefix.length)}` : name;
  for (const { id, triggers, statistics } of Array.from(world.relations.values())) {
    if (triggers.length + statistics.length === 0) continue;
    change(world, id, {
      triggers: triggers.map((trigger) => ({ ...trigger, routine: follow(trigger.routine) })),
      statistics: statistics.map((each) => ({ ...each, name: follow(each.name) })),
    });
  }
}

function renameSchemaIn(world: World, from: string, to: string): void {
  const name = (schema: string) => (schema === from ? to : schema);
  world.schemaPrivileges = new Map(
    [...world.schemaPrivileges].map(([schema, privileges]) => [name(schema), privileges]),
  );
  world.defaultPrivileges = world.defaultPrivileges.map((each) => ({
    ...each,
    schema: each.schema === undefined ? undefined : name(each.schema),
  }));
  world.publications = new Map(
    [...world.publications].map(([key, publication]) => [
      key,
      { ...publication, schemas: publication.schemas.map(name) },
    ]),
  );
}
