import type { LockstepEvent } from "../events/index.ts";
import { duration, wrap, type Style } from "./style.ts";

type BackfillEvent = Extract<LockstepEvent, { readonly type: `backfill.${string}` }>;
type Progress = Extract<LockstepEvent, { readonly type: "backfill.progress" }>;

/** What a backfill's event says to a person, in lines that stay; undefined for one that only moves the bar. */
export function backfillLine(event: BackfillEvent, style: Style): string | undefined {
  const { colors } = style;
  switch (event.type) {
    case "backfill.started": {
      const { backfill, table, estimate, passed } = event;
      const done = passed === 0 ? "" : `, ${amount(passed)} passed before`;
      return `${colors.bold("backfill")} ${backfill}: ${table}, about ${amount(estimate)} rows${done}`;
    }
    case "backfill.steered": {
      const { verdict, reasons } = event;
      if (verdict === "go") return line(style, "→", "at full speed", (text) => text);
      const word = verdict === "stop" ? "stands" : "goes slower";
      return line(style, "…", `${word}: ${reasonText(reasons)}`, colors.yellow);
    }
    case "backfill.rejected":
      return line(
        style,
        "✗",
        `row ${event.key.join(", ")} cannot be filled: ${event.message} (${event.sqlstate})`,
        colors.red,
      );
    case "backfill.vacuumed": {
      const { outcome, table, reason, ms } = event;
      if (outcome === "done")
        return line(style, "✓", `vacuumed ${table} in ${duration(ms)}`, colors.dim);
      return line(style, "!", `vacuum of ${table} ${outcome}: ${reason}`, colors.yellow);
    }
    case "backfill.finished": {
      const { backfill, outcome, passed, changed, ms } = event;
      const paint = outcome === "done" ? colors.green : colors.yellow;
      const mark = outcome === "done" ? "✓" : "!";
      const what = `${backfill} ${outcome}: ${amount(passed)} rows passed, ${amount(changed)} changed, ${duration(ms)}`;
      return line(style, mark, what, paint);
    }
    case "backfill.progress":
      return undefined;
  }
}

/** One line that is redrawn: bar, share, rows, rate, time to the end, and what slows it. */
export function backfillBar(event: Progress, style: Style): string {
  const { passed, estimate, verdict, reasons } = event;
  const facts = [`${amount(passed)} rows`, `${amount(event.rowsPerSecond)}/s`];
  if (event.remaining !== null) facts.push(remainingText(event.remaining));
  if (verdict !== "go") facts.push(`${verdict}: ${reasonText(reasons)}`);
  return `  ${bar(passed, estimate, style.width < 100 ? 12 : 24)} ${facts.join(" · ")}`;
}

/** `█████░░░  62 %`. A table can have more rows than its statistics said: it is full only when it is done. */
export function bar(passed: number, estimate: number, width: number): string {
  const share = estimate <= 0 ? 0 : Math.min(0.99, passed / estimate);
  const full = Math.floor(share * width);
  return `${"█".repeat(full)}${"░".repeat(width - full)} ${String(Math.floor(share * 100)).padStart(3)} %`;
}

/** `3 to 5 min left`. */
export function remainingText({
  least,
  most,
}: {
  readonly least: number;
  readonly most: number;
}): string {
  const [from, to] = [roughly(least), roughly(most)];
  if (from.unit !== to.unit) return `${from.value} ${from.unit} to ${to.value} ${to.unit} left`;
  return `${from.value === to.value ? "" : `${from.value} to `}${to.value} ${to.unit} left`;
}

/** To a figure that is not more exact than it can be. */
function roughly(seconds: number): { readonly value: string; readonly unit: string } {
  if (seconds < 90) return { value: String(Math.max(1, Math.ceil(seconds))), unit: "s" };
  if (seconds < 5_400) return { value: String(Math.round(seconds / 60)), unit: "min" };
  return { value: (seconds / 3_600).toFixed(1), unit: "h" };
}

/** All reasons in words; the first is enough to know that it cannot go on. */
export function reasonText(reasons: readonly { readonly text: string }[]): string {
  return reasons.map(({ text }) => text).join("; ") || "the server has not been looked at yet";
}

/** 1234567 → `1,234,567`. */
export function amount(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function line(style: Style, mark: string, text: string, paint: (text: string) => string): string {
  return `  ${paint(mark)} ${wrap(text, style.width - 4)
    .map(paint)
    .join("\n    ")}`;
}
