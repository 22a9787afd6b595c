import { quoteNames, type ErrorCode, type LockstepError } from "../errors/index.ts";
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

/** @param names that are quoted for the shell where `next` holds them */
export function errorJson(error: LockstepError, names: Iterable<string> = []): ErrorJson {
  const { code, exitCode, explanation } = error;
  const { next } = explanation;
  const quoted = next?.map((step) => quoteNames(step, names));
  return { version: 1, error: { code, exitCode, ...explanation, ...(quoted && { next: quoted }) } };
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
  const steps = next?.map((step) => quoteNames(step, style.names ?? [])) ?? [];
  for (const [index, step] of steps.entries())
    lines.push(slot(style, index === 0 ? "next" : "", step));
  return lines.join("\n");
}
