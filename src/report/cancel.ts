import type { RunRecord } from "../ledger/index.ts";
import type { RunSession, Stopped } from "../live/index.ts";
import { duration, slot, wrap, type Style } from "./style.ts";

/** What `lockstep cancel` tells of a run that has ended. */
export interface CancelReport {
  readonly version: 1;
  readonly environment: string;
  readonly run: string;
  readonly command: string;
  /** As the ledger keeps it; null for a run of which it keeps nothing. */
  readonly outcome: RunRecord["outcome"] | null;
  readonly waitedMs: number;
  /** Migrations that the run applied. */
  readonly applied: readonly string[];
  /** Migrations that are pending now; null when no folder is named. */
  readonly pending: readonly string[] | null;
  /** Plans and backfills that were begun and are not done. */
  readonly unfinished: readonly string[];
  /** Pids of sessions that were ended. */
  readonly ended: readonly number[];
}

export function renderCancel(report: CancelReport, { run }: Pick<Stopped, "run">, style: Style) {
  const { applied, pending, unfinished, outcome, waitedMs } = report;
  const id = report.run.slice(0, 8);
  const isDone = outcome === "succeeded";
  const head = isDone
    ? `run ${id} came to its end before it saw the request`
    : `${style.colors.green("stopped")}: ${run.command}, run ${id}, after ${duration(waitedMs)}`;
  const left = [
    ...(pending === null || pending.length === 0 ? [] : [`pending: ${pending.join(", ")}`]),
    ...unfinished,
  ];
  return [
    head,
    ...(report.ended.length === 0
      ? []
      : [slot(style, "ended", report.ended.map((pid) => `pid ${pid}`).join(", "))]),
    slot(style, "done", applied.length === 0 ? "it applied no migration" : applied.join(", ")),
    slot(style, "remains", left.length === 0 ? "nothing is pending" : left.join("\n")),
    ...(isDone ? [] : [slot(style, "next", "the same command goes on where this run stopped")]),
  ].join("\n");
}

/**
 * @param run as it was named
 * @param target options that name the database, for the command that is shown
 */
export function renderEndedByForce(run: string, style: Style, target: string): string {
  return [
    `ended: the sessions of run ${run}; it has ended with them`,
    slot(style, "next", `lockstep status${target}`),
    slot(style, "", "it tells what the run has done; the same command goes on where it stopped"),
  ].join("\n");
}

/** What a run's sessions are for, by the end of their names; the one that works has no such end. */
const purposes: Readonly<Record<string, string>> = {
  keeper: "holds the run's lock",
  trace: "looks who is in the way, and writes the log",
  live: "shows the run to other terminals",
};

/** Sessions that are about to be ended. What an idle one has sent last is over. */
export function renderSessions(sessions: readonly RunSession[], style: Style): string {
  return sessions
    .map(({ pid, application, state, query }) => {
      const purpose = purposes[application.split(" ").at(-1)!];
      const text = query === "" ? "none yet" : query;
      return [
        `${style.colors.bold(`pid ${pid}`)} ${application} ${state}`,
        state === "idle" && purpose !== undefined
          ? slot(style, "does", purpose)
          : slot(style, "query", wrap(text, style.width - 12).join("\n")),
      ].join("\n");
    })
    .join("\n");
}
