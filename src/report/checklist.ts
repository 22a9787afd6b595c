import type { Line } from "../checklist/index.ts";
import { slot, wrap, type Style } from "./style.ts";

const stages = {
  before: "before the migration",
  deploy: "the deploy",
  after: "afterwards",
} as const;

/** A checklist with an answer and its evidence for each line. */
export function renderChecklist(lines: readonly Line[], style: Style): string {
  const { colors } = style;
  const paint = { yes: colors.green, no: colors.red, "not known": colors.yellow };
  const mark = { yes: "✓", no: "✗", "not known": "?" };
  return (Object.keys(stages) as (keyof typeof stages)[])
    .map((stage) => ({ stage, own: lines.filter((line) => line.stage === stage) }))
    .filter(({ own }) => own.length > 0)
    .map(({ stage, own }) =>
      [
        colors.bold(stages[stage]),
        ...own.flatMap(({ question, answer, evidence, next }) => [
          asked(`${mark[answer]} ${answer}`, question, paint[answer], style.width),
          slot(style, "", evidence, 0),
          ...(next === undefined ? [] : [slot(style, "next", next, 4)]),
        ]),
      ].join("\n"),
    )
    .join("\n\n");
}

/** The answer in its colour and the question, wrapped as wide as the terminal is. */
function asked(
  answer: string,
  question: string,
  paint: (text: string) => string,
  width: number,
): string {
  const [first = "", ...rest] = wrap(`${answer}: ${question}`, width - 2);
  return [paint(answer) + first.slice(answer.length), ...rest.map((line) => `  ${line}`)].join(
    "\n",
  );
}
