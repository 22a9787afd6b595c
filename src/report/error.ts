import type { ErrorCode, LockstepError } from "../errors/index.ts";
import { slot, type Style } from "./style.ts";

/** An error as `--format json` prints it. */
export interface ErrorJson {
  readonly version: 1;
  readonly error: {
    readonly code: ErrorCode;
    readonly exitCode: 1 | 2 | 3;
    readonly what: string;
    readonly expected?: string | undefined;
    readonly found?: string | undefined;
    readonly from?: string | undefined;
    readonly why?: string | undefined;
    readonly next?: readonly string[] | undefined;
  };
}

export function errorJson(error: LockstepError): ErrorJson {
  return {
    version: 1,
    error: { code: error.code, exitCode: error.exitCode, ...error.explanation },
  };
}

/** What is wrong in one line, then the slots that someone under pressure needs, in their fixed order. */
export function renderError(error: LockstepError, style: Style): string {
  const { what, expected, found, from, why, next } = error.explanation;
  const { colors } = style;
  const lines = [`${colors.red(colors.bold(`error[${error.code}]`))}: ${colors.bold(what)}`];
  if (expected !== undefined) lines.push(slot(style, "expected", expected));
  if (found !== undefined) lines.push(slot(style, "found", found));
  if (from !== undefined) lines.push(slot(style, "from", from));
  if (why !== undefined) lines.push(slot(style, "why", why));
  for (const [index, step] of (next ?? []).entries())
    lines.push(slot(style, index === 0 ? "next" : "", step));
  return lines.join("\n");
}
