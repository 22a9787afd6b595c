import { readWaiting } from "../../deploy/index.ts";
import { LockstepError } from "../../errors/index.ts";
import type { EventBlocker } from "../../events/index.ts";
import { longTransactions, type Session } from "../../pg/index.ts";
import { renderBlocker, renderBlockers, type BlockersReport } from "../../report/index.ts";
import { terminateBlocker } from "../../runner/index.ts";
import { confirmed } from "../confirm.ts";
import type { Context } from "../context.ts";
import { commandOutput } from "../output.ts";
import { openReader } from "../reader.ts";
import { readSettings, type TargetOptions } from "../settings.ts";
import { targetWords } from "../target-words.ts";

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
  output.result(report, () => renderBlockers(report, output.style, targetWords(options)));
  return waiting.length > 0 ? 1 : 0;
}

export interface EndBlockerOptions extends TargetOptions {
  readonly query?: string;
  readonly since?: Date;
  readonly yes?: boolean;
}

/**
 * `lockstep blockers end`: terminates one session, if it still is in the transaction that was listed: the one that the
 * options name, or the one that is shown now and confirmed. Exit code 1 when the person says no.
 */
export async function endBlockerCommand(
  pid: number,
  options: EndBlockerOptions,
  context: Context,
): Promise<number> {
  const { environment } = await readSettings(options, context);
  await using session = await openReader(environment.url, "blockers");
  const output = commandOutput(options, context);
  const { query, since } = options;
  if (query === undefined || since === undefined) {
    if (query !== undefined || since !== undefined) throw halfNamed();
    const shownAt = performance.now();
    const shown = await readTransaction(session, pid);
    context.stderr.write(`${renderBlocker(shown, output.style)}\n`);
    const isWanted = await confirmed("end this session?", options.yes, context);
    if (isWanted) await terminateBlocker(session, shown, shownAt);
    const report = { version: 1, environment: environment.name, ended: isWanted ? pid : null };
    output.result(report, () => (isWanted ? `ended: pid ${pid}` : "nothing was ended"));
    return isWanted ? 0 : 1;
  }
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
  output.result(
    { version: 1, environment: environment.name, ended: pid },
    () => `ended: pid ${pid}`,
  );
  return 0;
}

function halfNamed(): LockstepError {
  return new LockstepError("usage", {
    what: "--query and --since prove together that it is still the same session",
    expected: "both, as lockstep blockers --json tells them, or neither",
    next: ["lockstep blockers end PID, without both, to be shown the session first"],
  });
}

/** @throws LockstepError `blocker-changed` when it has no open transaction that this role can see */
async function readTransaction(session: Session, pid: number): Promise<EventBlocker> {
  const open = await longTransactions(session, { olderThanSeconds: -1 });
  const found = open.find((one) => one.pid === pid && pid !== 0);
  if (found !== undefined) return found;
  throw new LockstepError("blocker-changed", {
    what: `session ${pid} has no open transaction that this role can see; it was not ended`,
    expected: "a session in whose way others can be",
    found: "none in this database",
    from: "pg_stat_activity",
    why: "it has finished its work, or its role hides it",
    next: ["lockstep blockers: who stands in the way now"],
  });
}
