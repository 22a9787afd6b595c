import { isFenceError, recordUnitSql, type UnitFailure } from "../ledger/index.ts";
import { diskFullState, isConnectionLost, sqlState } from "../pg/index.ts";
import type { RunContext, UnitWork } from "./context.ts";
import { errorText, type UnitProblem } from "./failure.ts";
import { leaseLost, ledgerFailure } from "./ledger-failure.ts";

/**
 * The row that says which statement failed, why, and what of it remained; on the second connection, durably. Where the
 * disk has no room for it the next run finds what a killed one leaves, and looks.
 */
export async function recordFailure(
  context: RunContext,
  { migration, unit }: UnitWork,
  problem: UnitProblem,
  sql: string,
): Promise<void> {
  const failure: UnitFailure = {
    statement: problem.statement?.index ?? unit.statements.at(-1)?.index ?? 0,
    line: problem.line,
    sql,
    sqlstate: sqlState(problem.error),
    message: errorText(context.url, problem.error, problem.statement),
    remained: problem.remained,
  };
  const record = recordUnitSql(context.signature, {
    migration: migration.id,
    number: unit.number,
    hash: unit.hash,
    line: unit.statements[0]?.line ?? 1,
    state: "failed",
    failure,
  });
  const message = ["BEGIN", "SET LOCAL synchronous_commit = on", record, "COMMIT"].join(";\n");
  await context.trace.use(async (session) => {
    try {
      await session.batch(message);
    } catch (error) {
      if (!isConnectionLost(error)) await session.batch("ROLLBACK");
      if (sqlState(error) === diskFullState) return;
      throw isFenceError(error) ? leaseLost(error) : ledgerFailure(error, context.where);
    }
  });
}
