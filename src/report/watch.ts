import type { WatchResult } from "../watch/index.ts";
import { count, duration, slot, type Style } from "./style.ts";

/** What the minutes after a deploy have shown. */
export function renderWatch(result: WatchResult, style: Style): string {
  const { colors } = style;
  const { verdict, rounds, failures, troubles, statements, notKnown, rolledBack, ms } = result;
  const over = `${count(rounds, "round")} in ${duration(ms)}`;
  const failed = new Set(failures.map(({ subject }) => subject));
  return [
    verdict === "well"
      ? `${colors.green("well")}: ${over}`
      : `${colors.red("failed")}: ${failures.map(({ subject }) => subject).join(", ")}, after ${over}`,
    ...failures.map(({ subject, found }) => slot(style, "failed", `${subject}: ${found}`)),
    ...troubles
      .filter(({ subject }) => !failed.has(subject))
      .map(({ subject, found, rounds: often }) =>
        slot(style, "once", `${subject}, in ${count(often, "round")}: ${found}`),
      ),
    ...(statements ?? []).map(({ kind, query, calls, meanMs, meanMsBefore, totalMs }) =>
      slot(
        style,
        kind,
        `${duration(totalMs)} in ${count(calls, "call")}, ${duration(meanMs)} each${meanMsBefore === null ? "" : `, ${duration(meanMsBefore)} before`}: ${query}`,
      ),
    ),
    ...(statements?.length === 0 ? [slot(style, "sql", "no new and no slower statement")] : []),
    ...notKnown.map((line) => slot(style, "unknown", line)),
    ...(rolledBack === undefined
      ? []
      : [
          slot(
            style,
            "back",
            rolledBack.ok
              ? "the roll-back command succeeded: the old release was put back"
              : `the roll-back command failed too (${rolledBack.ended}): look at once which release serves`,
          ),
        ]),
  ].join("\n");
}
