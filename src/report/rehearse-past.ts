import type { Calibration, Held } from "../rehearse/index.ts";
import { rangeOf } from "./rehearse-words.ts";
import { count, duration, slot, wrap, type Style } from "./style.ts";

/** Estimates beside what the same statements took when they ran, and what that says of the next estimates. */
export function renderHeld(
  held: readonly Held[],
  calibration: Calibration | undefined,
  style: Style,
): string {
  const { colors, width } = style;
  if (held.length === 0)
    return wrap("none of the rehearsed statements has run since, by the ledger", width).join("\n");
  const blocks = held.map(({ file, line, sql, estimate, ms, isInside }) => {
    const text = sql.length > width - 2 ? `${sql.slice(0, width - 3)}…` : sql;
    const took = isInside
      ? `${duration(ms)}, inside`
      : colors.yellow(`${duration(ms)}, ${offBy(ms, estimate.likelyMs)} the likely`);
    return [
      colors.bold(`${file}:${line}`),
      `  ${text}`,
      slot(style, "estimate", rangeOf(estimate)),
      slot(style, "took", took),
    ].join("\n");
  });
  const inside = held.filter((one) => one.isInside).length;
  const whole = `${inside} of ${count(held.length, "statement")} inside its range.`;
  const next =
    calibration === undefined
      ? "All of it was over at once: nothing for later estimates."
      : `For later estimates: ${calibration.times.toFixed(2)} × what is measured, ${calibration.multiplier.toFixed(2)} × in either direction (--past).`;
  return [...blocks, wrap(`${whole} ${next}`, width).join("\n")].join("\n\n");
}

function offBy(ms: number, likely: number): string {
  return `${(ms / Math.max(0.1, likely)).toFixed(2)} ×`;
}
