import type { EventBlocker } from "../events/index.ts";
import { count, duration, slot, type Style } from "./style.ts";

/** A session in the way, with the moment its transaction began: what `blockers end` wants to hear again. */
export type ReportedBlocker = EventBlocker & {
  /** ISO time, undefined when this role may not see it. */
  readonly since: string | undefined;
};

/** What `lockstep blockers` knows of one database. */
export interface BlockersReport {
  readonly version: 1;
  readonly environment: string;
  readonly waiting: readonly {
    readonly pid: number;
    readonly application: string;
    readonly user: string;
    readonly seconds: number;
    readonly query: string;
    readonly blockers: readonly ReportedBlocker[];
  }[];
  /** Transactions open for long, whether or not somebody waits for them. */
  readonly long: readonly ReportedBlocker[];
}

export function renderBlockers(report: BlockersReport, style: Style): string {
  const { colors } = style;
  const blocking = new Map(
    report.waiting.flatMap(({ blockers }) => blockers).map((one) => [one.pid, one]),
  );
  const blocks = report.waiting.map((one) =>
    [
      `${colors.yellow("waiting")}: pid ${one.pid} ${who(one)} for ${duration(one.seconds * 1_000)}`,
      slot(style, "query", one.query),
      slot(style, "behind", one.blockers.map(({ pid }) => `pid ${pid}`).join(", ")),
    ].join("\n"),
  );
  for (const one of blocking.values()) blocks.push(session("blocker", one, style));
  for (const one of report.long)
    if (!blocking.has(one.pid)) blocks.push(session("open for long", one, style));
  if (report.waiting.length === 0)
    blocks.push(`${colors.green("nobody waits")} for a lock in ${report.environment}`);
  else
    blocks.push(
      `${count(report.waiting.length, "session")} waiting behind ${blocking.size}; ending one rolls its transaction back: know first what it is`,
    );
  return blocks.join("\n\n");
}

function session(word: string, one: ReportedBlocker, style: Style): string {
  const { since } = one;
  return [
    `${style.colors.bold(word)}: ${renderBlocker(one, style)}`,
    // Not wrapped: it is to be copied.
    ...(since === undefined ? [] : [`  ${style.colors.dim("to end")}    ${wayToEnd(one, since)}`]),
  ].join("\n");
}

/** One session and what it does. */
export function renderBlocker(one: EventBlocker, style: Style): string {
  const { pid, state, transactionSeconds, query } = one;
  const age = Number.isNaN(transactionSeconds)
    ? "hidden from this role"
    : `transaction open for ${duration(transactionSeconds * 1_000)}`;
  return `pid ${pid} ${who(one)} ${state}, ${age}\n${slot(style, "query", query)}`;
}

/** A line to copy: what it names must still be so when it is run. */
function wayToEnd({ pid, query }: ReportedBlocker, since: string): string {
  // A prepared transaction belongs to no session.
  if (pid === 0) return "ROLLBACK PREPARED, by its owner; the query has its name";
  return `lockstep blockers end ${pid} --since ${since} --query '${query.replaceAll("'", "'\\''")}'`;
}

function who({
  user,
  application,
}: {
  readonly user: string;
  readonly application: string;
}): string {
  return [user, ...(application === "" ? [] : [`(${application})`])].join(" ");
}
