import type { Doing, LiveRun, WaitNode } from "../live/index.ts";
import { count, duration, slot, type Style } from "./style.ts";
import { waitTreeLines } from "./wait-tree.ts";

/** Runs that are under way, and who waits for whom. */
export interface LiveReport {
  readonly runs: readonly LiveRun[];
  /** Ended without a word: killed, or cut off. As they were seen last. */
  readonly lost: readonly LiveRun[];
  readonly waiting: readonly WaitNode[];
}

/** A run that has not been heard of for so long may hang, in ms. */
const silentAfterMs = 10_000;

/**
 * What runs now, for a person at another terminal.
 * @param target options that name the database, for the commands that are shown
 */
export function renderLive(
  { runs, waiting }: LiveReport,
  now: Date,
  style: Style,
  target: string,
): string {
  const { colors } = style;
  const blocks = runs.map((run) => [
    `${colors.cyan("running now")}: ${run.command}, run ${run.run.slice(0, 8)}, for ${duration(now.getTime() - run.startedAt.getTime())}`,
    slot(style, "by", run.holder, 9),
    ...doingLines(run.doing, now).map(([label, text]) => slot(style, label, text, 9)),
    ...(run.silentMs > silentAfterMs
      ? [slot(style, "", colors.yellow(`not heard of for ${duration(run.silentMs)}`), 9)]
      : []),
    run.stop === undefined
      ? slot(style, "to stop", `lockstep cancel ${run.run.slice(0, 8)}${target}`, 9)
      : slot(style, "", colors.yellow(`asked to stop by ${run.stop.by}`), 9),
  ]);
  const tree =
    waiting.length === 0
      ? []
      : [["who waits for whom", ...waitTreeLines(waiting, style).map((each) => `  ${each}`)]];
  return [...blocks, ...tree].map((lines) => lines.join("\n")).join("\n\n");
}

/**
 * Where a run is, as it has shown itself the last time.
 * @param now until when it is told how long that takes: the server's moment by default
 */
export function renderPlace(
  { doing, seenAt, silentMs }: LiveRun,
  style: Style,
  now = new Date(seenAt.getTime() + silentMs),
): string {
  return doingLines(doing, now)
    .map(([label, text]) => slot(style, label, text, 9))
    .join("\n");
}

/** What a run does, the outermost first. */
function doingLines(doing: Doing, now: Date): readonly (readonly [string, string])[] {
  const { applied, stage, phase, migration, step, pause, waiting, probe, backfill } = doing;
  const ago = (since: string) => duration(Math.max(0, now.getTime() - Date.parse(since)));
  const lines: [string, string][] = [];
  if (applied.length > 0) lines.push(["applied", applied.join(", ")]);
  if (waiting !== undefined)
    lines.push(["waits", `for another run to end: ${waiting.holder}, for ${ago(waiting.since)}`]);
  if (stage !== undefined) lines.push(["stage", `${stage.name}, for ${ago(stage.since)}`]);
  if (phase !== undefined)
    lines.push(["phase", `${phase.phase} of plan ${phase.plan}, for ${ago(phase.since)}`]);
  if (migration !== undefined) {
    const { id, number, of, since } = migration;
    lines.push(["migration", `${id}, ${number} of ${of}, for ${ago(since)}`]);
  }
  if (step !== undefined) {
    const tried = step.attempt > 1 ? `, attempt ${step.attempt}` : "";
    lines.push(["step", `${step.file}:${step.line}${tried}, for ${ago(step.since)}`]);
    lines.push(["", step.sql]);
  }
  if (pause !== undefined) lines.push(["", `rests before it tries again: ${pause.reason}`]);
  if (backfill !== undefined) lines.push(["backfill", backfillLine(backfill)]);
  for (const reason of backfill?.reasons ?? []) lines.push(["", reason]);
  if (probe !== undefined) lines.push(["probe", `${probe.name}, for ${ago(probe.since)}`]);
  return lines;
}

function backfillLine({
  id,
  table,
  passed,
  estimate,
  rowsPerSecond,
  remaining,
  verdict,
}: NonNullable<Doing["backfill"]>): string {
  const share = estimate > 0 ? ` (${Math.min(100, Math.floor((passed / estimate) * 100))} %)` : "";
  const pace = rowsPerSecond > 0 ? `, ${Math.round(rowsPerSecond)} rows/s` : "";
  const left =
    remaining === null
      ? ""
      : `, ${duration(remaining.least * 1_000)} to ${duration(remaining.most * 1_000)} left`;
  const word = { go: "", slow: ", slowed", stop: ", standing" }[verdict];
  return `${id} of ${table}: ${passed} of about ${count(estimate, "row")} passed${share}${pace}${left}${word}`;
}
