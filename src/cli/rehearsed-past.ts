import type { Sizes } from "../effects/index.ts";
import { calibrate, heldAgainst, parseRehearsal, type Held } from "../rehearse/index.ts";
import { renderHeld } from "../report/index.ts";
import type { Context } from "./context.ts";
import { commandOutput } from "./output.ts";
import { readText } from "./rehearsed-source.ts";

/**
 * What earlier rehearsals have estimated and what ran since, oldest first.
 * @throws LockstepError `file-unreadable`, `rehearsal-invalid`
 */
export function pastOf(
  files: readonly string[],
  { durations = [] }: Sizes,
  context: Context,
): readonly Held[] {
  const reports = files.map((path) =>
    parseRehearsal(readText(path, context, "lockstep rehearse"), path),
  );
  // A statement that was rehearsed twice counts once, as it was estimated last.
  const held = new Map<string, Held>();
  for (const report of reports.toSorted((a, b) => a.takenAt.localeCompare(b.takenAt)))
    for (const one of heldAgainst(report, durations))
      held.set(JSON.stringify([one.migration, one.line]), one);
  return [...held.values()];
}

/** `lockstep rehearse --against`: estimates beside what the same statements took. Exit code 0. */
export function showPast(
  files: readonly string[],
  statistics: Sizes,
  { json, format }: { readonly json?: boolean; readonly format?: string },
  context: Context,
): number {
  const held = pastOf(files, statistics, context);
  const calibration = calibrate(held);
  const inside = held.filter(({ isInside }) => isInside).length;
  const output = commandOutput(
    json === true || format === "json" ? { format: "json" } : {},
    context,
  );
  output.result({ version: 1, held, inside, calibration }, () =>
    renderHeld(held, calibration, output.style),
  );
  return 0;
}
