import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { LockstepError } from "../errors/index.ts";
import { stoppedBy } from "../events/index.ts";
import { beginRun, installLedger, noteRun, settleRun } from "../ledger/index.ts";
import { redact, type Session } from "../pg/index.ts";
import { runCommand } from "../processes/index.ts";
import { localActor } from "../runner/index.ts";
import { unreachable, WatchedDatabase } from "./database.ts";
import type { Trouble, WatchResult } from "./model.ts";
import { hidesStandbys, lookOnce, type RoundRequest } from "./round.ts";
import {
  compareStatements,
  gapsBetween,
  readStatements,
  type StatementReading,
} from "./statements.ts";

export interface WatchRequest extends Omit<RoundRequest, "redact"> {
  readonly run: string;
  readonly environment: string;
  readonly cwd: string;
  /** A line for the shell that puts the old release back when the watch fails; undefined: nothing is run. */
  readonly rollback: string | undefined;
}

/**
 * Watches a release that was put into service: probes, endpoints, waits for locks and standbys' lag in rounds, statements of
 * before and after. Ends early when something is wrong in enough rounds one after another. The verdict is recorded as a run.
 *
 * @throws LockstepError `run-cancelled`, connection errors
 */
export async function watch(request: WatchRequest): Promise<WatchResult> {
  const { url, run, environment } = request;
  await using database = new WatchedDatabase(url);
  const about = { id: run, command: "watch", environment };
  await database.use(async (session) => {
    await installLedger(session);
    await beginRun(session, { ...about, actor: localActor(), host: hostname() });
  });
  request.emit({
    type: "stage.started",
    stage: "watch",
    detail: `for ${Math.round(request.settings.forMs / 1_000)} s`,
  });
  try {
    const result = await watchRounds(database, request);
    const { verdict, rounds, ms } = result;
    const detail = `${verdict}, ${rounds} round${rounds === 1 ? "" : "s"}`;
    request.emit(
      verdict === "well"
        ? { type: "stage.finished", stage: "watch", detail, ms }
        : { type: "stage.failed", stage: "watch", detail },
    );
    const [first] = result.failures;
    const told =
      first === undefined
        ? undefined
        : { code: "watch-failed", what: first.subject, found: first.found };
    await record(database, request, async (session) => {
      await noteRun(session, run, { watch: result });
      await settleRun(session, run, first === undefined ? "succeeded" : "failed", told);
    });
    return result;
  } catch (error) {
    const isStop = request.signal.aborted;
    const told =
      error instanceof LockstepError
        ? { code: error.code, what: error.explanation.what }
        : { code: isStop ? "run-cancelled" : "internal", what: "the watch came to no verdict" };
    await database
      .use(async (session) => settleRun(session, run, isStop ? "stopped" : "failed", told))
      .catch(() => {});
    throw isStop ? stopped(request.signal) : error;
  }
}

/** A verdict counts also where the database that is to keep it is out of reach. */
async function record(
  database: WatchedDatabase,
  { emit }: WatchRequest,
  write: (session: Session) => Promise<void>,
): Promise<void> {
  try {
    await database.use(write);
  } catch (error) {
    const found = unreachable(error);
    if (found === undefined) throw error;
    const message = `the verdict could not be recorded in the database: ${found}`;
    emit({ type: "notice", severity: "warning", message });
  }
}

async function watchRounds(database: WatchedDatabase, request: WatchRequest): Promise<WatchResult> {
  const { settings, emit, signal, url } = request;
  const began = performance.now();
  const before = await database.use(readStatements);
  const seen = new Map<string, Trouble & { rounds: number; inARow: number }>();
  let rounds = 0;
  for (;;) {
    signal.throwIfAborted();
    rounds++;
    const wrong = await lookOnce(database, { ...request, redact: (text) => redact(text, url) });
    note(seen, wrong);
    for (const { subject, found } of wrong)
      emit({ type: "notice", severity: "warning", message: `${subject}: ${found}` });
    const failed = [...seen.values()].some(({ inARow }) => inARow >= settings.failAfter);
    const left = settings.forMs - (performance.now() - began);
    if (failed || left <= 0) break;
    await sleep(Math.min(left, settings.everyMs), undefined, { signal });
  }
  // A watch of fewer rounds than that fails by what was wrong in all of them.
  const enough = Math.min(settings.failAfter, rounds);
  const failures = [...seen.values()]
    .filter(({ inARow }) => inARow >= enough)
    .map(({ subject, found }) => ({ subject, found }));
  const { statements, gaps } = await statementsSince(database, before, settings.slowerBy);
  const areStandbysHidden = await database.use(hidesStandbys).catch(() => false);
  const verdict = failures.length > 0 ? "failed" : "well";
  const rolledBack = verdict === "failed" ? await rollBack(request) : undefined;
  return {
    verdict,
    rounds,
    watched: { probes: request.probes.length, endpoints: settings.endpoints.length },
    failures,
    troubles: [...seen.values()].map(({ subject, found, rounds: often }) => ({
      subject,
      found,
      rounds: often,
    })),
    statements,
    statementGaps: gaps,
    notKnown: [
      ...notKnown(request, statements === undefined),
      ...gaps,
      ...(areStandbysHidden
        ? ["how far standbys are behind: this role may not see it (pg_monitor may)"]
        : []),
    ],
    ...(rolledBack === undefined ? {} : { rolledBack }),
    ms: Math.round(performance.now() - began),
  };
}

function note(
  seen: Map<string, Trouble & { rounds: number; inARow: number }>,
  wrong: readonly Trouble[],
): void {
  const now = new Map(wrong.map((trouble) => [trouble.subject, trouble]));
  for (const one of seen.values()) if (!now.has(one.subject)) one.inARow = 0;
  for (const trouble of now.values()) {
    const known = seen.get(trouble.subject);
    const { rounds = 0, inARow = 0 } = known ?? {};
    seen.set(trouble.subject, { ...trouble, rounds: rounds + 1, inARow: inARow + 1 });
  }
}

async function statementsSince(
  database: WatchedDatabase,
  before: StatementReading | undefined,
  slowerBy: number,
) {
  const after =
    before &&
    (await database.use(readStatements).catch((error: unknown) => {
      if (unreachable(error) === undefined) throw error;
      return undefined;
    }));
  if (before === undefined || after === undefined) return { statements: undefined, gaps: [] };
  return {
    statements: await compareStatements(before.counts, after.counts, slowerBy),
    gaps: gapsBetween(before, after),
  };
}

function notKnown({ probes, settings }: WatchRequest, isBlind: boolean): readonly string[] {
  return [
    ...(probes.length === 0
      ? ["no probe is configured: whether the release works was not tried"]
      : []),
    ...(settings.endpoints.length === 0
      ? ["no endpoint is configured: errors and latency of the product were not read"]
      : []),
    ...(isBlind
      ? ["pg_stat_statements cannot be read here: new and slower statements were not looked for"]
      : []),
  ];
}

/** Whatever was cancelled meanwhile: the command that puts the old release back comes to its end. */
async function rollBack({ rollback, cwd, env, emit, url }: WatchRequest) {
  if (rollback === undefined) return undefined;
  emit({ type: "notice", severity: "warning", message: `rolling back: ${redact(rollback, url)}` });
  const { ok, ended } = await runCommand({
    command: rollback,
    cwd,
    env,
    emit,
    redact: (line) => redact(line, url),
  });
  return { ok, ended };
}

function stopped(signal: AbortSignal): LockstepError {
  return new LockstepError("run-cancelled", {
    what: "the watch was stopped on request: it has come to no verdict",
    found: stoppedBy(signal),
    next: ["lockstep watch, again"],
  });
}
