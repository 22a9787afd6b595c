import type { Difference, GateResult } from "../gate/index.ts";
import { count, slot, type Style } from "./style.ts";

/** The verdict and each difference with what someone under pressure needs; errors first. */
export function renderGate(result: GateResult, style: Style): string {
  const { colors } = style;
  const errors = result.differences.filter(({ severity }) => severity === "error");
  const warnings = result.differences.length - errors.length;
  const beside = warnings === 0 ? "" : `, ${count(warnings, "warning")}`;
  const verdict = result.open
    ? `${colors.green(colors.bold("gate open"))}: release ${result.release} fits ${result.environment}${beside}`
    : `${colors.red(colors.bold("gate closed"))}: release ${result.release} would fail in ${result.environment}: ${count(errors.length, "difference")}${beside}`;
  return [...result.differences.map((one) => renderDifference(one, style)), verdict].join("\n\n");
}

/** One difference: what is wrong in one line, then expected, found, from, why and next. */
function renderDifference(difference: Difference, style: Style): string {
  const { colors } = style;
  const { severity, kind, object, expected, found, from, effect, cause, next } = difference;
  const paint = severity === "error" ? colors.red : colors.yellow;
  return [
    `${paint(colors.bold(`${severity}[${kind}]`))}: ${colors.bold(object)}`,
    slot(style, "expected", expected),
    slot(style, "found", found),
    slot(style, "effect", effect),
    slot(style, "from", from),
    slot(style, "why", cause),
    slot(style, "next", next),
  ].join("\n");
}
