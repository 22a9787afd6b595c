import { answerKey, keptAnswers, readInputs, type Answer } from "../check/index.ts";
import type { CheckReport, CheckRequest } from "../check/index.ts";
import { renderCheck, type CheckFormat, type Style } from "../report/index.ts";
import type { Context } from "./context.ts";

/** A format, and how text is drawn in it. */
export interface Form {
  readonly format: CheckFormat;
  readonly style: Style;
}

/**
 * The answer to a check as it is printed and written: the kept one, when the same was asked before of the same code, else
 * what `make` makes of the request, which is kept then. Both are the same, byte by byte.
 */
export async function keptOrMade(
  request: CheckRequest,
  forms: readonly Form[],
  context: Context,
  make: CheckMaker,
): Promise<Answer> {
  const inputs = await readInputs(request);
  const { build } = context;
  const key =
    build === undefined
      ? undefined
      : answerKey(request, inputs, { build, forms: forms.map(plain) });
  const answers = key === undefined ? undefined : keptAnswers(context.env);
  const kept = answers?.read(key!);
  if (kept !== undefined) return kept;
  const answer = await answerOf(await make(request, inputs), forms);
  answers?.write(key!, answer);
  return answer;
}

type CheckMaker = (
  request: CheckRequest,
  inputs: Awaited<ReturnType<typeof readInputs>>,
) => Promise<CheckReport>;

/** Exit code 1 for an error or warning, never for advice. */
export async function answerOf(report: CheckReport, forms: readonly Form[]): Promise<Answer> {
  const texts: Buffer[] = [];
  for (const { format, style } of forms) {
    const pieces = await renderCheck(report, format, style);
    texts.push(inOne(pieces));
  }
  const { errors, warnings } = report.summary;
  return { exitCode: errors + warnings > 0 ? 1 : 0, texts };
}

/** The whole report as a single string may be longer than one can be. */
function inOne(pieces: Iterable<string>): Buffer {
  const parts: Buffer[] = [];
  let text = "";
  for (const piece of pieces) {
    text += piece;
    if (text.length < 1 << 20) continue;
    parts.push(Buffer.from(text));
    text = "";
  }
  return Buffer.concat([...parts, Buffer.from(text)]);
}

function plain({ format, style: { width, colors } }: Form) {
  return { format, width, isColored: colors.isColorSupported };
}
