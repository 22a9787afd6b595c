import { bytes } from "../pg/index.ts";
import type { Rehearsal, RehearsedStatement } from "../rehearse/index.ts";
import { rehearsalHtml } from "./rehearse-html.ts";
import {
  cut,
  heldUpOf,
  heldUpWords,
  leftOutOf,
  loadFailuresOf,
  loadHeadOf,
  loadSourceOf,
} from "./rehearse-load-words.ts";
import { masksOf, notCopiedOf } from "./rehearse-masks.ts";
import { rehearsalMarkdown } from "./rehearse-markdown.ts";
import { stepEnding, stepFaultsOf, stepHead, stepOf } from "./rehearse-step.ts";
import {
  againOf,
  backOf,
  commonReasons,
  failureOf,
  grown,
  latencyOf,
  locksOf,
  number,
  ownReasons,
  pendingOf,
  rangeOf,
  recoveryOf,
  retriesOf,
  runsOf,
  share,
  sizesHead,
  sourceOf,
  titleOf,
  waitedOf,
  waitsOf,
} from "./rehearse-words.ts";
import { duration, slot, table, wrap, type Style } from "./style.ts";

export const rehearsalFormats = ["text", "json", "markdown", "html"] as const;

export type RehearsalFormat = (typeof rehearsalFormats)[number];

/** What was rehearsed, statement by statement, and what it tells of production. */
export function renderRehearsal(
  rehearsal: Rehearsal,
  format: RehearsalFormat,
  style: Style,
): string {
  if (format === "json") return JSON.stringify(rehearsal, null, 2);
  if (format === "markdown") return rehearsalMarkdown(rehearsal);
  return format === "html" ? rehearsalHtml(rehearsal) : terminal(rehearsal, style);
}

function terminal(rehearsal: Rehearsal, style: Style): string {
  const { colors, width } = style;
  const lines = (text: string) => wrap(text, width).join("\n");
  const common = commonReasons(rehearsal);
  const pending = pendingOf(rehearsal).map(
    (name, index) => `${String(index + 1).padStart(4)}  ${name}`,
  );
  return [
    [colors.bold(lines(titleOf(rehearsal))), ...pending].join("\n"),
    lines(sourceOf(rehearsal)),
    ...masksBlock(rehearsal, style),
    ...rehearsal.statements.map((statement) => statementBlock(statement, common, style)),
    scalesTable(rehearsal),
    ...stepBlock(rehearsal, style),
    ...loadBlock(rehearsal, style),
    ...backBlock(rehearsal, style),
    ...recoveryBlock(rehearsal, style),
    ...remarksBlock(rehearsal, style),
    ending(rehearsal, style),
  ].join("\n\n");
}

function masksBlock(rehearsal: Rehearsal, style: Style): readonly string[] {
  const lines = masksOf(rehearsal, 20);
  if (lines.length === 0) return [];
  const head = style.colors.bold("What became of the columns' values");
  const left = notCopiedOf(rehearsal).map((text) => slot(style, "-", `not copied: ${text}`, 1));
  const all = lines.map(({ how, columns }) => slot(style, "-", `${how}: ${columns}`, 1));
  return [[head, ...all, ...left].join("\n")];
}

function statementBlock(
  statement: RehearsedStatement,
  common: readonly string[],
  style: Style,
): string {
  const { file, line, sql, estimate } = statement;
  const locks = locksOf(statement);
  const waits = waitsOf(statement);
  const text = sql.length > style.width - 2 ? `${sql.slice(0, style.width - 3)}…` : sql;
  return [
    style.colors.bold(`${file}:${line}`),
    `  ${text}`,
    ...(locks.length === 0 ? [] : [slot(style, "locks", locks.join("\n"))]),
    slot(style, "took", runsOf(statement)),
    ...(waits === undefined ? [] : [slot(style, "beside", waits)]),
    ...(estimate === undefined
      ? []
      : [
          slot(style, "estimate", `${rangeOf(estimate)} in production, without load`),
          ...ownReasons(estimate, common).map((reason) => slot(style, "", reason)),
        ]),
  ].join("\n");
}

function scalesTable(rehearsal: Rehearsal): string {
  const rows = rehearsal.scales.map((one) => [
    share(one.scale),
    number(one.rows),
    duration(one.fillMs),
    duration(one.ms),
    bytes(one.walBytes),
    bytes(one.peakBytes),
    grown(one),
  ]);
  return table([[...sizesHead(rehearsal)], ...rows]);
}

function stepBlock(rehearsal: Rehearsal, style: Style): readonly string[] {
  const lines = stepOf(rehearsal);
  if (lines.length === 0) return [];
  const { colors, width } = style;
  const faults = stepFaultsOf(rehearsal).flatMap(({ what, rows }) => [
    ...wrap(what, width).map((line) => colors.red(line)),
    ...rows.map(([label, text]) => slot(style, label, text)),
  ]);
  return [
    [colors.bold(stepHead), ...lines.map((line) => slot(style, "-", line, 1)), ...faults].join(
      "\n",
    ),
  ];
}

function loadBlock({ load }: Rehearsal, style: Style): readonly string[] {
  if (load === undefined) return [];
  const { before, during, after } = load;
  return [
    [
      style.colors.bold(wrap(loadHeadOf(load), style.width).join("\n")),
      slot(style, "made of", loadSourceOf(load)),
      ...leftOutOf(load, 5).map((text, index) => slot(style, index === 0 ? "without" : "", text)),
      slot(style, "before", latencyOf(before)),
      slot(style, "during", latencyOf(during)),
      slot(style, "after", latencyOf(after)),
      ...(load.waited.length === 0
        ? []
        : [slot(style, "waited", `for locks, at once at the most: ${waitedOf(load).join(", ")}`)]),
      ...heldUpOf(load, 5).map((one, index) =>
        slot(style, index === 0 ? "held up" : "", `${heldUpWords(one)}: ${cut(one.sql)}`),
      ),
      ...retriesOf(load).map((text) => slot(style, "retried", text)),
      ...loadFailuresOf(load).map((text) => slot(style, "failed", text)),
    ].join("\n"),
  ];
}

function backBlock(rehearsal: Rehearsal, style: Style): readonly string[] {
  const lines = backOf(rehearsal);
  if (lines.length === 0) return [];
  const head = style.colors.bold("Back, and up again");
  return [[head, ...lines.map((line) => slot(style, "-", line, 1))].join("\n")];
}

function recoveryBlock(rehearsal: Rehearsal, style: Style): readonly string[] {
  const lines = recoveryOf(rehearsal);
  if (lines.length === 0) return [];
  const head = style.colors.bold("Ways out, how long they would take in production");
  return [
    [
      head,
      ...lines.flatMap(({ name, time, reasons }) => [
        slot(style, "-", `${name}: ${time}`, 1),
        ...reasons.map((reason) => slot(style, "", reason, 3)),
      ]),
    ].join("\n"),
  ];
}

function remarksBlock({ remarks }: Rehearsal, style: Style): readonly string[] {
  if (remarks.length === 0) return [];
  const head = style.colors.bold("Not rehearsed, or not as in production");
  return [[head, ...remarks.map((remark) => slot(style, "-", remark, 1))].join("\n")];
}

function ending(rehearsal: Rehearsal, style: Style): string {
  const { colors } = style;
  const { estimate, scales } = rehearsal;
  const failure = failureOf(rehearsal);
  if (failure !== undefined) return colors.red(wrap(failure, style.width).join("\n"));
  const again = againOf(rehearsal);
  const step = stepEnding(rehearsal);
  const whole =
    estimate === undefined
      ? `All of it took ${duration(scales.at(-1)?.ms ?? 0)} at ${share(scales.at(-1)?.scale ?? 0)}.`
      : `All of it, estimated for production without load: ${rangeOf(estimate)}.`;
  const common = commonReasons(rehearsal).map((reason) => `every range: ${reason}`);
  return [
    ...wrap(whole, style.width).map((line) => colors.bold(line)),
    ...common.flatMap((text) => wrap(text, style.width)),
    ...(again === undefined ? [] : [again]),
    ...(step === undefined ? [] : wrap(step, style.width).map((line) => colors.red(line))),
  ].join("\n");
}
