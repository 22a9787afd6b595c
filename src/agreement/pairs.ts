import {
  diff,
  type CatalogPart,
  type Constraint,
  type Difference,
  type Index,
  type PartialCatalog,
} from "../catalog/index.ts";
import type { Queryable } from "../pg/index.ts";
import { isSame, shapeOf } from "./same.ts";
import { keyOf, thingsOf, type Thing, type Things } from "./things.ts";

/** Two catalogs, and what differs between them, by object. */
export interface Pair {
  readonly before: Things;
  readonly after: Things;
  /** By key of the object; of something that is only named otherwise, the key that `before` has. */
  readonly differences: ReadonlyMap<string, readonly Difference[]>;
  /** Key in `before` to key in `after`, for what is the same but for its name, or a key in another form. */
  readonly twins: ReadonlyMap<string, string>;
}

/** Left out of a pair, by what it is called. */
export type Beyond = (
  difference: Difference,
  sides: { readonly before: Things; readonly after: Things },
) => string | undefined;

/**
 * Compares two catalogs. Not compared: comments, grants, the order of columns, and what `beyond` gives a name, which is told
 * to `leaveOut`.
 *
 * @param database evaluates defaults that are constants
 */
export async function pairOf<Part extends CatalogPart>(
  before: PartialCatalog<Part>,
  after: PartialCatalog<Part>,
  database: Queryable,
  {
    beyond = () => undefined,
    leaveOut = () => {},
  }: {
    readonly beyond?: Beyond | undefined;
    readonly leaveOut?: (key: string, what: string) => void;
  } = {},
): Promise<Pair> {
  const sides = { before: thingsOf(before), after: thingsOf(after) };
  const differences = new Map<string, Difference[]>();
  for (const difference of await diff(before, after, { columnOrder: false })) {
    if (difference.kind === "comment-changed" || difference.kind === "grants-changed") continue;
    const key = keyIn(difference, sides);
    const what = beyond(difference, sides);
    if (what !== undefined) leaveOut(key, what);
    else if (!(await isSame(difference, sides, database)))
      differences.set(key, [...(differences.get(key) ?? []), difference]);
  }
  const twins = findTwins(differences, sides);
  for (const key of twins.values()) differences.delete(key);
  return { ...sides, differences, twins };
}

/** A materialized view's facets have the names of a view's. */
function keyIn(difference: Difference, sides: Pick<Pair, "before" | "after">): string {
  const key = keyOf(difference);
  if (!key.startsWith("view ") || sides.before.has(key) || sides.after.has(key)) return key;
  return `materialized-${key}`;
}

/** What is missing under one name and extra under another. */
function findTwins(
  differences: ReadonlyMap<string, readonly Difference[]>,
  { before, after }: Pick<Pair, "before" | "after">,
): ReadonlyMap<string, string> {
  const extra = new Map<string, string[]>();
  for (const [key, [first]] of differences) {
    if (first?.kind !== "extra-index" && first?.kind !== "extra-constraint") continue;
    const thing = after.get(key)!;
    for (const shape of shapesOf(thing)) extra.set(shape, [...(extra.get(shape) ?? []), key]);
  }
  const twins = new Map<string, string>();
  const taken = new Set<string>();
  for (const [key, [first]] of differences) {
    if (first?.kind !== "missing-index" && first?.kind !== "missing-constraint") continue;
    const twin = shapesOf(before.get(key)!)
      .flatMap((shape) => extra.get(shape) ?? [])
      .find((each) => !taken.has(each));
    if (twin === undefined) continue;
    taken.add(twin);
    twins.set(key, twin);
  }
  return twins;
}

/** By which a thing is found under another name: first all but its name, then, for what makes rows unique, its columns. */
function shapesOf({ word, table, item }: Thing): readonly string[] {
  if (word === "index") {
    const index = item as Index;
    const own = `${table} ${shapeOf(index)}`;
    const isPlain =
      index.unique && index.predicate === null && index.keys.every(({ column }) => column !== null);
    return isPlain
      ? [
          own,
          uniqueOver(
            table,
            index.keys.map(({ column }) => column),
          ),
        ]
      : [own];
  }
  const constraint = item as Constraint;
  const { name: _name, ...rest } = constraint;
  const own = `${table} ${JSON.stringify({ ...rest, index: undefined })}`;
  return constraint.kind === "primary-key" || constraint.kind === "unique"
    ? [own, uniqueOver(table, constraint.columns)]
    : [own];
}

function uniqueOver(table: string | undefined, columns: readonly (string | null)[]): string {
  return `${table} unique over ${JSON.stringify(columns)}`;
}
