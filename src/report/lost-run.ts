import type { LiveRun } from "../live/index.ts";
import { renderPlace } from "./live.ts";
import { duration, slot, type Style } from "./style.ts";

/** A run that was killed or cut off: where it was seen last, and what is to be done. */
export function renderLost(run: LiveRun, style: Style): string {
  const { yellow } = style.colors;
  const place = renderPlace(run, style, run.seenAt);
  return [
    `${yellow("ended without a word")}: ${run.command}, run ${run.run.slice(0, 8)}, last heard of ${duration(run.silentMs)} ago`,
    slot(style, "by", run.holder, 9),
    ...(place === "" ? [] : [place]),
    ...waysOn(run.command).map((line, index) => slot(style, index === 0 ? "next" : "", line, 9)),
  ].join("\n");
}

/** The same of the holder of the runner's lock, who has shown nothing of what it did. */
export function endedSilently(holder: string, style: Style): string {
  const [, command = ""] = /\((\w+)\)$/.exec(holder) ?? [];
  const [first, ...others] = waysOn(command);
  const { yellow } = style.colors;
  if (others.length === 0) return yellow(`ended without a word: ${holder}; ${first}`);
  return [
    yellow(`ended without a word: ${holder}`),
    ...[first!, ...others].map((line, index) => slot(style, index === 0 ? "next" : "", line)),
  ].join("\n");
}

function waysOn(command: string): readonly string[] {
  const goesOn = "the same command goes on where it stopped";
  switch (command) {
    case "rollback":
      return [
        `of files of SQL: ${goesOn}`,
        // It is told nowhere how far it came.
        "of a tool's own command: it may be at work still; how far it came is what ledger and catalog show",
      ];
    case "deploy":
      return [
        "look which release serves: a deploy command that it had begun may be at work still",
        `then ${goesOn}`,
      ];
    case "watch":
      return ["it has come to no verdict: lockstep watch, again"];
    case "snapshot":
      return ["no snapshot is recorded: the same command makes one"];
    default:
      return [goesOn];
  }
}
