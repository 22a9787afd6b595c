import { qualifiedName } from "../../sql/index.ts";
import type { Break } from "../effect.ts";
import { byId, typeById } from "./lookup.ts";
import type { Relation, Routine, TypeUse, World, WorldColumn, WorldType } from "./model.ts";
import { changedRelations, derived } from "./derived.ts";
import { noChanges, relationName, type Changes } from "./store.ts";
import { sameType } from "./type-use.ts";
import { typeChange } from "./type-change.ts";
import { changesSince, type ObjectIds } from "./view.ts";

/**
 * What a release that still runs would no longer find as it expects it, after `before` has become `after`. Objects that
 * are not in `existing` (see `objectsOf`) are no release's yet. Indexes, sequences and constraints are not reported: no
 * query names them, except a unique key by which ON CONFLICT goes.
 */
export function breaksBetween(before: World, after: World, existing: ObjectIds): Break[] {
  const recorded = changesSince(before, after);
  if (recorded !== undefined) return breaksOf(recorded, after, existing);
  const now = derived(after);
  const changes = noChanges();
  for (const relation of changedRelations(before, after))
    changes.relations.set(relation.id, relation);
  for (const type of before.types.values())
    if (now.types.get(type.id) !== type) changes.types.set(type.id, type);
  for (const list of before.routines.values())
    for (const routine of list)
      if (now.routines.get(routine.id) !== routine) changes.routines.set(routine.id, routine);
  return breaksOf(changes, after, existing);
}

/** The same for what `recordChanges` wrote down, without a copy of the world. */
export function breaksOf(changes: Changes, after: World, existing: ObjectIds): Break[] {
  const breaks: Break[] = [];
  for (const [id, before] of changes.relations)
    if (before !== undefined && existing.has(id)) {
      const now = byId(after, id);
      if (now !== before) breaks.push(...relationBreaks(before, now, after));
    }
  if (changes.types.size + changes.routines.size === 0) return breaks;
  for (const [id, before] of changes.types)
    if (before !== undefined && existing.has(id))
      breaks.push(...typeBreaks(before, typeById(after, id)));
  for (const [id, before] of changes.routines)
    if (before !== undefined && existing.has(id))
      breaks.push(...routineBreaks(before, derived(after).routines.get(id)));
  return breaks;
}

function relationBreaks(before: Relation, after: Relation | undefined, world: World): Break[] {
  const object = relationName(before);
  if (before.kind === "index" || before.kind === "partitioned index") return [];
  if (before.kind === "composite type") return [];
  // A column's own sequence goes and moves with it; queries reach it through the column.
  if (before.kind === "sequence" && before.ownedBy !== undefined) return [];
  if (after === undefined) return [{ object, how: "dropped" }];
  const breaks = moved(object, before, after);
  if (before.kind === "sequence" || before.columns === after.columns) return breaks;
  if (beginsWith(after.columns, before.columns) && !after.columns.some(isRequiredIn(before)))
    return breaks;
  const isView = before.kind === "view" || before.kind === "materialized view";
  const numbers = new Map(after.columns.map((column) => [column.number, column]));
  const byName = new Map(after.columns.map((column) => [column.name, column]));
  for (const column of before.columns) {
    const now = numbers.get(column.number) ?? (isView ? byName.get(column.name) : undefined);
    breaks.push(...columnBreaks(object, column, now, isView, world));
  }
  const known = new Set(before.columns.map((column) => column.number));
  if (!isView)
    for (const column of after.columns)
      if (!known.has(column.number) && isRequired(column))
        breaks.push({ object: `${object}.${qualifiedName(column.name)}`, how: "required" });
  return breaks;
}

/** True when the columns are the same ones, up to those that were added behind them: most changes leave it so. */
function beginsWith(after: readonly WorldColumn[], before: readonly WorldColumn[]): boolean {
  return before.every((column, place) => after[place] === column);
}

function isRequiredIn({ columns }: Relation): (column: WorldColumn, place: number) => boolean {
  return (column, place) => place >= columns.length && isRequired(column);
}

function moved(
  object: string,
  before: { readonly schema: string; readonly name: string },
  after: { readonly schema: string; readonly name: string },
): Break[] {
  const to = relationName(after);
  if (to === object) return [];
  return [{ object, how: before.schema === after.schema ? "renamed" : "moved", to }];
}

/** A writer that does not know the column must have it filled by the database. */
function isRequired(column: WorldColumn): boolean {
  return (
    column.notNull &&
    column.default === undefined &&
    column.identity === undefined &&
    column.generated === undefined
  );
}

function columnBreaks(
  table: string,
  before: WorldColumn,
  after: WorldColumn | undefined,
  isView: boolean,
  world: World,
): Break[] {
  const object = `${table}.${qualifiedName(before.name)}`;
  if (before === after) return [];
  if (after === undefined) return [{ object, how: "dropped" }];
  const breaks: Break[] = [];
  if (after.name !== before.name)
    breaks.push({ object, how: "renamed", to: `${table}.${qualifiedName(after.name)}` });
  const retyped = typeBreak(object, before, after, isView, world);
  if (retyped !== undefined) breaks.push(retyped);
  if (isView) return breaks;
  if (after.notNull && !before.notNull) breaks.push({ object, how: "not-null" });
  if (fills(before) && !fills(after)) breaks.push({ object, how: "default-dropped" });
  if (isClosed(after) && !isClosed(before)) breaks.push({ object, how: "read-only" });
  return breaks;
}

/** True when a row may be written without the column and still gets a value that the schema gives. */
function fills({ default: expression, identity, generated }: WorldColumn): boolean {
  return expression !== undefined || identity !== undefined || generated !== undefined;
}

/** A value of one's own is refused (manual 5.4, and 5.3 for GENERATED ALWAYS AS IDENTITY). */
function isClosed({ identity, generated }: WorldColumn): boolean {
  return generated !== undefined || identity === "always";
}

function typeBreak(
  object: string,
  before: WorldColumn,
  after: WorldColumn,
  isView: boolean,
  world: World,
): Break | undefined {
  if (!before.typeKnown || !after.typeKnown || sameType(before.type, after.type)) return undefined;
  const kind = typeChange(before.type, after.type);
  if (kind === "widened" || isSameAfterRename(before.type, after.type, world)) return undefined;
  return {
    object,
    how: isView ? "view-changed" : kind === "narrowed" ? "narrowed" : "retyped",
    to: typeText(after.type),
  };
}

/** A column follows its type's new name; that is a break of the type, told there. */
function isSameAfterRename(before: TypeUse, after: TypeUse, world: World): boolean {
  if (after.schema === undefined || after.schema === "pg_catalog") return false;
  if (before.schema === undefined || before.schema === "pg_catalog") return false;
  const old = qualifiedName(before.schema, before.name);
  const now = qualifiedName(after.schema, after.name);
  return (
    old !== now && !world.types.has(old) && world.types.has(now) && before.array === after.array
  );
}

function typeText({ schema, name, modifiers, array }: TypeUse): string {
  const base = schema === undefined || schema === "pg_catalog" ? name : qualifiedName(schema, name);
  const suffix = modifiers.length === 0 ? "" : `(${modifiers.join(",")})`;
  return `${base}${suffix}${array ? "[]" : ""}`;
}

function typeBreaks(before: WorldType, after: WorldType | undefined): Break[] {
  const object = relationName(before);
  if (after === undefined) return [{ object, how: "dropped" }];
  const breaks = moved(object, before, after);
  for (const [index, label] of before.labels.entries()) {
    if (after.labels.includes(label)) continue;
    const value = `${object}.${label}`;
    const to = after.labels.length === before.labels.length ? after.labels[index] : undefined;
    breaks.push(
      to === undefined
        ? { object: value, how: "enum-value-dropped" }
        : { object: value, how: "enum-value-renamed", to: `${object}.${to}` },
    );
  }
  return breaks;
}

function routineBreaks(before: Routine, after: Routine | undefined): Break[] {
  const object = relationName(before);
  if (after === undefined) return [{ object, how: "dropped" }];
  const breaks = moved(object, before, after);
  const sameReturn =
    before.returns === undefined || after.returns === undefined
      ? before.returns === after.returns
      : sameType(before.returns, after.returns) || before.returns.schema === undefined;
  if (!sameReturn || before.returnsSet !== after.returnsSet || before.kind !== after.kind)
    breaks.push({ object, how: "function-changed" });
  return breaks;
}
