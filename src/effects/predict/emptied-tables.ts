import type { QualifiedName } from "../../sql/index.ts";
import type { Effect } from "../effect.ts";
import { searchPathOf } from "../session/search-path.ts";
import { findRelation, relationName } from "../world/index.ts";
import { rangeName } from "../world/nodes.ts";
import type { PredictInput } from "./input.ts";

/** Tables without a row, as far as the transaction that emptied them can tell. */
export type EmptiedTables = ReadonlySet<QualifiedName>;

export const noneEmptied: EmptiedTables = new Set();

/** The tables that are empty after a statement with this effect. */
export function emptiedAfter(
  before: EmptiedTables,
  input: PredictInput,
  { work }: Effect,
): EmptiedTables {
  if (!input.session.inTransaction) return noneEmptied;
  const deleted = deletedWhole(input);
  const emptied = work.flatMap((one) =>
    one.kind === "rewrite" && one.emptied === true ? [one.relation] : [],
  );
  if (before.size === 0 && emptied.length === 0 && deleted === undefined) return before;
  const filled = work.flatMap((one) =>
    one.kind === "row-change" && one.command !== "delete" ? [one.relation] : [],
  );
  const after = new Set([...before, ...emptied]);
  if (deleted !== undefined) after.add(deleted);
  for (const table of filled) after.delete(table);
  return after;
}

/** An effect without the failures that only rows of emptied tables could bring about. */
export function withoutEmptied(effect: Effect, emptied: EmptiedTables): Effect {
  if (emptied.size === 0) return effect;
  const failures = effect.failures.filter(
    ({ when, relation }) => when !== "on-rows" || relation === undefined || !emptied.has(relation),
  );
  return failures.length === effect.failures.length ? effect : { ...effect, failures };
}

/** The table of a DELETE without any condition. */
function deletedWhole({ statement, world, session }: PredictInput): QualifiedName | undefined {
  const { node } = statement;
  if (!("DeleteStmt" in node)) return undefined;
  const { relation, whereClause, usingClause } = node.DeleteStmt;
  if (whereClause !== undefined || usingClause !== undefined || relation?.inh !== true)
    return undefined;
  const table = findRelation(world, rangeName(relation), searchPathOf(session));
  return table === undefined ? undefined : relationName(table);
}
