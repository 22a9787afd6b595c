import { routineDefinition } from "../routine-definition.ts";
import { transaction } from "../model.ts";
import type { OperationInput, Recognised } from "./operation.ts";

/**
 * `CREATE OR REPLACE` of a function or procedure that is there: right before the new release, for which it is changed.
 * Both releases call it from then on.
 */
export function replaceRoutine({
  statement: { node, sql },
  before,
  after,
  start,
}: OperationInput): Recognised | undefined {
  if (!("CreateFunctionStmt" in node) || node.CreateFunctionStmt.replace !== true) return undefined;
  const changed = Object.entries(before.routines).find(
    ([key, routine]) => JSON.stringify(routine) !== JSON.stringify(after.routines[key]),
  );
  if (changed === undefined) return undefined;
  const [name, routine] = changed;
  const isOwn = start.routines[name] === undefined;
  const title = `another form of ${name}`;
  return {
    title,
    planned: {
      settle: [transaction(title, [sql], isOwn ? [] : [routineDefinition(routine)])],
      notes: [
        `${name} is the new one from the end of the backfill phase on, for the old release too; where that must not be, give the new one another name`,
      ],
    },
  };
}
