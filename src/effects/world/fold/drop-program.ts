import { walk } from "../expressions.ts";
import { byId } from "../lookup.ts";
import type { Routine, World, WorldType } from "../model.ts";
import { strings } from "../nodes.ts";
import { relationName, removeRoutine, removeType } from "../store.ts";
import { change } from "./context.ts";
import { dropColumn, dropConstraint, dropRelation } from "./drop-relation.ts";
import { dropEventTriggersOf } from "./event-triggers.ts";

/** Columns and domains of the type go with it, and a range's multirange. */
export function dropType(world: World, type: WorldType): void {
  removeType(world, type.id);
  const relation = world.relations.get(relationName(type));
  if (relation?.kind === "composite type") dropRelation(world, relation.id);
  if (type.kind === "range")
    for (const other of Array.from(world.types.values()))
      if (other.range === type.id) removeType(world, other.id);
  for (const user of Array.from(world.relations.values()))
    for (const column of user.columns)
      if (column.type.schema === type.schema && column.type.name === type.name)
        dropColumn(world, user.id, column.name);
  for (const domain of Array.from(world.types.values()))
    if (domain.domain?.base.schema === type.schema && domain.domain.base.name === type.name)
      dropType(world, domain);
}

/** Triggers, defaults, checks, indexes and generated columns that call the routine go with it, and tables partitioned by it. */
export function dropRoutine(world: World, routine: Routine): void {
  removeRoutine(world, routine.id);
  dropEventTriggersOf(world, routine.id);
  const name = relationName(routine);
  if (world.routines.has(name)) return;
  const calls = (expression: unknown) => callsRoutine(expression, routine);
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
