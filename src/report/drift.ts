import type { Drift, DriftUnknown } from "../deploy/index.ts";
import { count, slot, type Style } from "./style.ts";

/** What was changed by hand, each object with what the migrations make and what the database has. */
export function renderDrift(drift: readonly Drift[] | DriftUnknown, style: Style): string {
  const { colors } = style;
  if ("reason" in drift) return `${colors.yellow("drift not known")}: ${drift.reason}`;
  if (drift.length === 0)
    return `${colors.green("no drift")}: the catalog is what the applied migrations make`;
  return [
    colors.yellow(`${count(drift.length, "object")} changed by hand`),
    ...drift.map(({ what, object, expected, found }) =>
      [
        `${colors.yellow("drift")}: ${what} ${colors.bold(object)}`,
        slot(style, "expected", expected),
        slot(style, "found", found),
      ].join("\n"),
    ),
  ].join("\n\n");
}
