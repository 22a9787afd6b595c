import { qualifiedName, type Table } from "../catalog/index.ts";
import { quoteIdent } from "../sql/index.ts";
import { keyGuard } from "./dual-writes/index.ts";
import { columnIn, sqlName, tableIn } from "./lookup.ts";
import { transaction, type PlannedOperation, type Step } from "./model.ts";
import type { OperationInput } from "./operations/operation.ts";
import { guardedKey, isArbiter, whileGuarded, whileOpen } from "./twin-unique.ts";

/** What a plan does while a unique index that goes has another one beside it. */
export interface UntilGone {
  /** Before the other one is built. */
  readonly before: readonly Step[];
  /** When the index has gone. */
  readonly behind: readonly Step[];
  readonly notes: readonly string[];
}

/**
 * A unique index that goes in the contract phase, while one that the migration adds is there from the backfill phase
 * on: as two forms of one index, they are met by upserts of which each watches one of the two (docs/phases.md). Who meets
 * another one at both meets it at the one that goes, so that its keys are all that have to be waited for.
 *
 * @param table as its operation finds it
 * @param index name that the old release knows
 */
export async function untilGone(
  { start, goal, plan, searchPath }: OperationInput,
  table: Table,
  index: string,
): Promise<UntilGone> {
  const own = tableIn(start, table)?.indexes.find(({ name }) => name === index);
  const beside = besideOf(tableIn(start, table), tableIn(goal, table));
  if (own === undefined || beside.length === 0 || !isArbiter(own, tableIn(start, table)!))
    return { before: [], behind: [], notes: [] };
  const key = await guardedKey({ start, goal, table }, index);
  const later = tableIn(goal, table)!;
  const stays = (column: string) => columnIn(later, column) !== undefined;
  const read = key?.parts.concat(key.predicate ? { value: key.predicate, isPlain: true } : []);
  const note = (what: string) =>
    `until the contract phase ${quoteIdent(index)} of ${sqlName(table)} has ${beside.map(quoteIdent).join(", ")} beside it: a duplicate is refused in the name of either, and ON CONFLICT (…) watches one: ${what}`;
  if (key === undefined || !read!.every(({ value }) => [...value.columns].every(stays)))
    return { before: [], behind: [], notes: [note(whileOpen)] };
  const { schema, name, kind } = table;
  const isPartitioned = kind === "partitioned";
  const guard = keyGuard({ plan, table: { schema, name }, isPartitioned, key, searchPath });
  const what = `who writes one key of ${qualifiedName(schema, index)}`;
  return {
    before: [
      {
        ...transaction(`${what} waits for who writes the same one`, guard.start),
        undo: [{ kind: "transaction", statements: guard.stop }],
      },
    ],
    behind: [transaction(`${what} waits no longer`, guard.stop)],
    notes: [note(whileGuarded)],
  };
}

/** The same operation, with it. */
export function plannedUntilGone(
  planned: PlannedOperation,
  ...each: readonly UntilGone[]
): PlannedOperation {
  return {
    ...planned,
    defaults: [...(planned.defaults ?? []), ...each.flatMap(({ before }) => before)],
    narrow: [...(planned.narrow ?? []), ...each.flatMap(({ behind }) => behind)],
    notes: [...(planned.notes ?? []), ...each.flatMap(({ notes }) => notes)],
  };
}

/** Unique indexes that a table gets, also under a name that another one had. */
function besideOf(first: Table | undefined, later: Table | undefined): readonly string[] {
  if (first === undefined || later === undefined) return [];
  const had = new Map(first.indexes.map(({ name, definition }) => [name, definition]));
  return later.indexes
    .filter((one) => isArbiter(one, later) && had.get(one.name) !== one.definition)
    .map(({ name }) => name);
}
