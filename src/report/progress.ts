import type { EventBlocker, LockstepEvent } from "../events/index.ts";
import { backfillBar, backfillLine } from "./backfill-progress.ts";
import { count, duration, slot, wrap, type Style } from "./style.ts";

/**
 * A listener that tells a run's events to a person: on a terminal the running step is one redrawn line, elsewhere
 * each event that matters is a line of its own.
 */
export function progressReporter(
  write: (text: string) => void,
  style: Style,
  isTTY: boolean,
): (event: LockstepEvent) => void {
  let live = "";
  let inStages = false;
  let inTheWay = "";
  const clear = () => {
    if (live !== "") write("\r\u001B[2K");
    live = "";
  };
  const print = (line: string) => {
    clear();
    write(`${line}\n`);
  };
  const redraw = (line: string) => {
    if (!isTTY) return;
    const text = line.length >= style.width ? `${line.slice(0, style.width - 2)}…` : line;
    write(`\r\u001B[2K${style.colors.dim(text)}`);
    live = text;
  };
  return (event) => {
    inStages ||= event.type === "stage.started";
    if (event.type === "step.blocked") {
      const { file, line } = event.statement;
      const now = JSON.stringify([
        file,
        line,
        event.blockers.map(({ pid, query }) => [pid, query]),
      ]);
      // Who it is was said: only the time goes on.
      if (now === inTheWay) return redraw(`  … ${waitingLine(event)}`);
      inTheWay = now;
    }
    const line = lineFor(event, style);
    if (line !== undefined) print(line);
    if (event.type === "step.started") redraw(`  … ${event.statement.sql}`);
    if (event.type === "migration.started")
      redraw(`  … ${event.number}/${event.of} ${event.migration}`);
    if (event.type === "probe.started") redraw(`  … ${event.probe}`);
    if (event.type === "backfill.progress") redraw(backfillBar(event, style));
    if (["run.finished", "stage.finished", "phase.finished"].includes(event.type)) clear();
    // The error follows, with all there is to say.
    const isOver = inStages
      ? event.type === "stage.failed"
      : event.type === "run.finished" && event.outcome !== "succeeded";
    if (isOver) print("");
  };
}

function lineFor(event: LockstepEvent, style: Style): string | undefined {
  const { colors } = style;
  switch (event.type) {
    case "run.started":
      // In a deploy the stages have said it.
      return event.pending === 0 || event.command === "deploy"
        ? undefined
        : `${colors.bold(event.command)} ${event.target}: ${count(event.pending, "pending migration")}`;
    case "run.finished":
      return undefined;
    case "run.waiting":
      return item(
        style,
        "…",
        `waiting for ${event.holder}, who has held the lock since ${event.since} (${duration(event.waitedMs)} so far)`,
        colors.yellow,
      );
    case "migration.started":
      return event.resumed
        ? item(style, "↻", `resuming ${event.migration} where it stopped`, colors.yellow)
        : undefined;
    case "migration.finished":
      return done(style, event.migration, event.ms);
    case "step.blocked":
      return [
        item(style, "…", waitingLine(event), colors.yellow),
        ...event.blockers.map((one) => slot(style, `pid ${one.pid}`, describeBlocker(one), 12)),
        slot(style, "", "to end it: lockstep blockers, in another terminal", 12),
      ].join("\n");
    case "step.retried":
      return item(
        style,
        "…",
        `attempt ${event.attempt} gave up (${event.reason}); trying again in ${duration(event.pauseMs)}: nothing queues behind us meanwhile`,
        colors.yellow,
      );
    case "step.cleaned":
      return item(style, "!", `removed ${event.object}: ${event.reason}`, colors.yellow);
    case "step.failed":
      return failed(style, `${event.statement.file}:${event.statement.line}`);
    case "stage.started":
      return `${colors.bold(event.stage)}${event.detail === "" ? "" : colors.dim(`  ${event.detail}`)}`;
    case "stage.finished":
      return done(style, event.detail, event.ms);
    case "stage.failed":
      return failed(style, `stopped at ${event.stage}`);
    case "phase.started":
      return `${colors.bold(event.phase)}${colors.dim(`  plan ${event.plan}`)}`;
    case "phase.finished":
      return done(style, `plan ${event.plan} is ${event.detail}`, event.ms);
    case "phase.failed":
      return failed(style, `plan ${event.plan} stopped in ${event.phase}`);
    case "probe.finished":
      return event.ok
        ? done(style, `probe ${event.probe}`, event.ms)
        : failed(style, `probe ${event.probe} ${colors.dim(duration(event.ms))}`);
    case "command.output":
      return colors.dim(`  │ ${event.line}`);
    case "notice":
      return event.severity === "warning"
        ? item(style, "!", event.message, colors.yellow)
        : item(style, " ", event.message, (text) => text);
    case "backfill.started":
    case "backfill.steered":
    case "backfill.progress":
    case "backfill.rejected":
    case "backfill.vacuumed":
    case "backfill.finished":
      return backfillLine(event, style);
    case "probe.started":
    case "step.started":
    case "step.finished":
      return undefined;
  }
}

function waitingLine({
  waitedMs,
  statement: { file, line },
}: Extract<LockstepEvent, { type: "step.blocked" }>): string {
  return `waiting ${duration(waitedMs)} for a lock: ${file}:${line}`;
}

function done(style: Style, text: string, ms: number): string {
  const { green, dim } = style.colors;
  return `${item(style, green("✓"), text, (line) => line)} ${dim(duration(ms))}`;
}

function failed({ colors }: Style, text: string): string {
  return `  ${colors.red("✗")} ${text}`;
}

/** A mark and its text, wrapped below itself; with room for a time behind it. */
function item(style: Style, mark: string, text: string, paint: (line: string) => string): string {
  const lines = wrap(text, style.width - 13);
  return `  ${paint(mark)} ${lines.map(paint).join("\n    ")}`;
}

function describeBlocker(blocker: EventBlocker): string {
  const { user, application, state, transactionSeconds, query } = blocker;
  const who = [user, application].filter((word) => word !== "").join(" ");
  const age = Number.isNaN(transactionSeconds) ? "?" : duration(transactionSeconds * 1_000);
  return `${who} ${state} for ${age}: ${query}`;
}
