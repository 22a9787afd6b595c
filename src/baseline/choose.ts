import { distance, type IsMade } from "./distance.ts";
import { changesBetween, withChanges, type Change, type Prints } from "./prints.ts";

/** What the catalog says of one migration of the prefix. */
export type Proof =
  /** All that it changed last is in the database as it left it. */
  | "proven"
  /** A later migration of the prefix changed all of it again. */
  | "superseded"
  /** It changes nothing that a catalog shows, and stands before one that is proven. */
  | "by-order"
  /** Some of what it changed last is otherwise in the database, which is told as a difference. */
  | "differs";

/** The prefix of a history that a database satisfies. */
export interface ChosenPrefix {
  /** How many migrations: the first so many. */
  readonly length: number;
  /** In how many objects the database differs from it. */
  readonly distance: number;
  /** Of each migration of the prefix. */
  readonly proofs: readonly Proof[];
  /** Migrations right after it that leave the catalog, all together, as it is: whether they were run cannot be seen. */
  readonly unseen: number;
  /** The best of the others, with its number of differences; undefined for a history of one catalog. */
  readonly next: { readonly length: number; readonly distance: number } | undefined;
  /** Later migrations all of whose effect is there already although one before them is not. */
  readonly ahead: readonly number[];
}

/**
 * Finds the prefix from which the database differs in the fewest objects; among equal ones the longest, because nothing
 * but the longer one explains what is there. Migrations at its end that change no catalog, or take each other back, are not
 * proven by it.
 *
 * @param start prints of a database before the first migration
 * @param changes what each migration does to them
 */
export function choosePrefix(
  start: Prints,
  changes: readonly (readonly Change[])[],
  database: Prints,
): ChosenPrefix {
  const made = new Set(
    changes.flatMap((change) => change.map(([key, print]) => `${key} ${print?.hash}`)),
  );
  const isMade: IsMade = (key, { hash }) => made.has(`${key} ${hash}`);
  const distances = [distance(start, database, isMade)];
  let prints = start;
  for (const change of changes) {
    prints = withChanges(prints, change);
    distances.push(change.length === 0 ? distances.at(-1)! : distance(prints, database, isMade));
  }
  const best = Math.min(...distances);
  const last = distances.lastIndexOf(best);
  const length = firstOfSame(start, changes, last, (at) => distances[at] === best);
  const others = distances
    .map((each, at) => ({ length: at, distance: each }))
    .filter(({ length: at }) => at < length || at > last);
  const next = others.toSorted((a, b) => a.distance - b.distance || b.length - a.length)[0];
  return {
    length,
    distance: best,
    proofs: proofsOf(changes.slice(0, length), database),
    unseen: last - length,
    next,
    ahead: aheadOf(changes, last, database),
  };
}

/** The shortest prefix whose catalog is that of the first `last` migrations. */
export function firstOfSame(
  start: Prints,
  changes: readonly (readonly Change[])[],
  last: number,
  mayBe: (length: number) => boolean = () => true,
): number {
  const end = changes.slice(0, last).reduce(withChanges, new Map(start));
  let prints = new Map(start);
  for (let length = 0; length < last; length++) {
    if (mayBe(length) && changesBetween(prints, end).length === 0) return length;
    prints = withChanges(prints, changes[length]!);
  }
  return last;
}

function proofsOf(changes: readonly (readonly Change[])[], database: Prints): readonly Proof[] {
  const lastBy = new Map<string, number>();
  for (const [at, change] of changes.entries()) for (const [key] of change) lastBy.set(key, at);
  return changes.map((change, at): Proof => {
    if (change.length === 0) return "by-order";
    const own = change.filter(([key]) => lastBy.get(key) === at);
    if (own.length === 0) return "superseded";
    return own.every(([key, print]) => database.get(key)?.hash === print?.hash)
      ? "proven"
      : "differs";
  });
}

/** Pending migrations whose whole effect is in the database. */
function aheadOf(
  changes: readonly (readonly Change[])[],
  from: number,
  database: Prints,
): readonly number[] {
  return changes.flatMap((change, at) =>
    at >= from &&
    change.length > 0 &&
    change.every(([key, print]) => database.get(key)?.hash === print?.hash)
      ? [at]
      : [],
  );
}
