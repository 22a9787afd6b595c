import type { Session } from "../../pg/index.ts";
import type { Statement } from "../../sql/index.ts";
import type { Effect, Work } from "../effect.ts";
import { strength } from "../lock-modes.ts";
import { predict } from "../predict/index.ts";
import { SimulatedSession } from "../session/simulate.ts";
import { readWorld } from "../world/index.ts";

const programs = new Set([
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt",
  "CopyStmt",
  "DoStmt",
  "CallStmt",
  "SelectStmt",
]);

/**
 * Completes the row changes of an effect by the text.
 *
 * How many rows were changed is known, but the rows are made up: no row may meet a condition that many rows in production
 * do. So what the text changes is listed in any case, if its table was locked for it, and whether the change is
 * bounded is told from the text and the unique keys, as in a prediction. What the text does not show (triggers, cascades,
 * computed SQL) is not bounded.
 */
export async function withTextChanges(
  effect: Effect,
  statement: Statement,
  watcher: Session,
): Promise<Effect> {
  const seen = effect.work.filter(isRowChange);
  if (seen.length === 0 && !programs.has(statement.kind)) return effect;
  const locked = new Set(
    effect.locks.flatMap(({ relation, mode }) =>
      strength(mode) >= strength("RowExclusive") ? [relation] : [],
    ),
  );
  if (locked.size === 0) return effect;
  const world = await readWorld(watcher);
  const existing = new Set([...world.relations.values()].map(({ id }) => id));
  const session = new SimulatedSession({ transaction: "statement" }).before(statement);
  const told = predict({ statement, world, existing, session })
    .work.filter(isRowChange)
    .filter(({ relation }) => locked.has(relation));
  const others = effect.work.filter((work) => !isRowChange(work));
  const unseen = told.filter((change) => !seen.some((each) => isSame(each, change)));
  const changes = [...seen, ...unseen].map((change) => {
    const same = told.filter((each) => isSame(each, change));
    return { ...change, bounded: same.length > 0 && same.every(({ bounded }) => bounded) };
  });
  return { ...effect, work: [...others, ...changes] };
}

type RowChange = Extract<Work, { kind: "row-change" }>;

function isRowChange(work: Work): work is RowChange {
  return work.kind === "row-change";
}

function isSame(a: RowChange, b: RowChange): boolean {
  return a.relation === b.relation && a.command === b.command;
}
