import { settingForTriggers } from "../../backfill/index.ts";
import type { Session } from "../../pg/index.ts";
import { fillSql } from "../folder/write.ts";
import type { Change, Fill, Step } from "../model.ts";

/** Carries a step out. A fill is one UPDATE: batches do the same to the same rows. */
export async function runStep(session: Session, step: Step): Promise<void> {
  if (step.kind === "fill") await runFill(session, step);
  else await runChange(session, step);
}

/**
 * Runs a fill as one statement. Triggers can tell whose it is as in a backfill.
 * @returns how many rows it has changed
 */
export async function runFill(session: Session, fill: Fill): Promise<number> {
  await session.query(settingForTriggers(fill));
  try {
    const { rowCount } = await session.query(fillSql(fill));
    return rowCount ?? 0;
  } finally {
    await session.query("RESET lockstep.backfill").catch(() => undefined);
  }
}

/** @throws the server's error, after the transaction was rolled back */
export async function runChange(session: Session, change: Change): Promise<void> {
  if (change.kind === "outside") {
    await session.query(change.statement);
    return;
  }
  await session.query("BEGIN");
  try {
    for (const statement of change.statements) await session.query(statement);
    await session.query("COMMIT");
  } catch (error) {
    await session.query("ROLLBACK");
    throw error;
  }
}

/** Runs what may fail; gives the server's message, or undefined when it went well. */
export async function failureOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** The server's message with its SQLSTATE. */
export function messageOf(error: unknown): string {
  const { code, message } = error as { readonly code?: string; readonly message: string };
  return code === undefined ? message : `${message} (${code})`;
}
