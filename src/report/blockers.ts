import type { EventBlocker } from "../events/index.ts";
import { blockerName } from "../pg/index.ts";
import { count, duration, slot, wrap, type Style } from "./style.ts";

/** A session in the way, with the moment its transaction began: what a script tells `blockers end` again. */
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

/** @param target options that name the database, for the commands that are shown */
export function renderBlockers(report: BlockersReport, style: Style, target: string): string {
  const { colors } = style;
  const blocking = new Map(
    report.waiting.flatMap(({ blockers }) => blockers).map((one) => [blockerName(one), one]),
  );
  const blocks = report.waiting.map((one) =>
    [
      head(
        style,
        colors.yellow,
        "waiting",
        `pid ${one.pid} ${who(one)} for ${duration(one.seconds * 1_000)}`,
      ),
      queryOf(one.query, style),
      slot(style, "behind", one.blockers.map(blockerName).join(", ")),
    ].join("\n"),
  );
  for (const one of blocking.values()) blocks.push(session("blocker", one, style, target));
  // Those that wait are listed as such.
  const shown = new Set([...blocking.keys(), ...report.waiting.map(({ pid }) => `pid ${pid}`)]);
  for (const one of report.long)
    if (!shown.has(blockerName(one))) blocks.push(session("open for long", one, style, target));
  if (report.waiting.length === 0)
    blocks.push(`${colors.green("nobody waits")} for a lock in ${report.environment}`);
  else
    blocks.push(
      wrap(
        `${count(report.waiting.length, "session")} waiting behind ${blocking.size}; ending one rolls its transaction back. It is shown once more, and ended on a yes`,
        style.width,
      ).join("\n"),
    );
  return blocks.join("\n\n");
}

function session(word: string, one: ReportedBlocker, style: Style, target: string): string {
  return [
    renderBlocker(one, style, word),
    ...(one.since === undefined ? [] : [slot(style, "to end", wayToEnd(one, target))]),
  ].join("\n");
}

/** One session and what it does. */
export function renderBlocker(one: EventBlocker, style: Style, word = "session"): string {
  const { pid, state, transactionSeconds, query } = one;
  const age = Number.isNaN(transactionSeconds)
    ? "hidden from this role"
    : `transaction open for ${duration(transactionSeconds * 1_000)}`;
  const said =
    pid === 0
      ? `${blockerName(one)} of ${one.user}, ${age}`
      : `pid ${pid} ${who(one)} ${state}, ${age}`;
  return `${head(style, style.colors.bold, word, said)}\n${queryOf(query, style)}`;
}

/** To be read, not to be copied. */
function queryOf(query: string, style: Style): string {
  const lines = query.split("\n").flatMap((line) => wrap(line, style.width - 12));
  return slot(style, "query", lines.join("\n"));
}

/** What it is about, and the session; wrapped below itself. */
function head(style: Style, paint: (text: string) => string, word: string, said: string): string {
  const [first = "", ...rest] = wrap(`${word}: ${said}`, style.width - 2);
  return [paint(word) + first.slice(word.length), ...rest.map((line) => `  ${line}`)].join("\n");
}

function wayToEnd({ pid, query }: ReportedBlocker, target: string): string {
  // A prepared transaction belongs to no session.
  return pid === 0
    ? `${query.replace(/^PREPARE TRANSACTION/, "ROLLBACK PREPARED")}, by its owner`
    : `lockstep blockers end ${pid}${target}`;
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
