import { readWaiting } from "../../deploy/index.ts";
import { LockstepError } from "../../errors/index.ts";
import { longTransactions } from "../../pg/index.ts";
import { renderBlockers, type BlockersReport } from "../../report/index.ts";
import { terminateBlocker } from "../../runner/index.ts";
import type { Context } from "../context.ts";
import { commandOutput } from "../output.ts";
import { openReader } from "../reader.ts";
import { readSettings, type TargetOptions } from "../settings.ts";

/** Transactions older than this are listed also while nobody waits for them. */
const longSeconds = 10;

/** `lockstep blockers`: who waits for whom, and what has been open for long. Exit code 1 while somebody waits. */
export async function listBlockersCommand(
  options: TargetOptions,
  context: Context,
): Promise<number> {
  const { environment } = await readSettings(options, context);
  await using session = await openReader(environment.url, "blockers");
  const waiting = await readWaiting(session);
  const long = await longTransactions(session, { olderThanSeconds: longSeconds });
  const now = Date.now();
  const began = (seconds: number) =>
    Number.isNaN(seconds) ? undefined : new Date(now - seconds * 1_000).toISOString();
  const report: BlockersReport = {
    version: 1,
    environment: environment.name,
    waiting: waiting.map(({ blockers, ...one }) => ({
      ...one,
      blockers: blockers.map((each) => ({ ...each, since: began(each.transactionSeconds) })),
    })),
    long: long.map((each) => ({ ...each, since: began(each.transactionSeconds) })),
  };
  const output = commandOutput(options, context);
  output.result(report, () => renderBlockers(report, output.style));
  return waiting.length > 0 ? 1 : 0;
}

export interface EndBlockerOptions extends TargetOptions {
  readonly query: string;
  readonly since: Date;
}

/** `lockstep blockers end`: terminates one session, if it still is in the transaction that was listed. */
export async function endBlockerCommand(
  pid: number,
  options: EndBlockerOptions,
  context: Context,
): Promise<number> {
  const { environment } = await readSettings(options, context);
  await using session = await openReader(environment.url, "blockers");
  const { query, since } = options;
  const transactionSeconds = (Date.now() - since.getTime()) / 1_000;
  if (transactionSeconds < 0)
    throw new LockstepError("usage", {
      what: "--since lies in the future",
      expected: "the time that lockstep blockers shows beside the session",
      found: since.toISOString(),
      why: "the list was made on a machine with another clock",
      next: ["lockstep blockers, on this machine"],
    });
  await terminateBlocker(session, { pid, query, transactionSeconds }, performance.now());
  const output = commandOutput(options, context);
  output.result(
    { version: 1, environment: environment.name, ended: pid },
    () => `ended: pid ${pid}`,
  );
  return 0;
}
