import { bytes } from "../pg/index.ts";
import type { Rehearsal, RehearsedStatement } from "../rehearse/index.ts";
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
import { duration } from "./style.ts";

/** For a pull request or a ticket. */
export function rehearsalMarkdown(rehearsal: Rehearsal): string {
  const { estimate, statements, scales, load, remarks } = rehearsal;
  const failure = failureOf(rehearsal);
  const step = stepEnding(rehearsal);
  const again = againOf(rehearsal);
  const recovery = recoveryOf(rehearsal);
  const back = backOf(rehearsal);
  const common = commonReasons(rehearsal);
  const pending = pendingOf(rehearsal).map((name, index) => `${index + 1}. ${plain(name)}`);
  return [
    `# ${plain(titleOf(rehearsal))}`,
    ...(pending.length === 0 ? [] : [pending.join("\n")]),
    plain(sourceOf(rehearsal)),
    ...masksPart(rehearsal),
    ...(failure === undefined ? [] : [`**${plain(failure)}**`]),
    ...(step === undefined ? [] : [`**${plain(step)}**`]),
    ...(estimate === undefined
      ? []
      : [`**Estimate for production, without load: ${rangeOf(estimate)}.**`]),
    ...common.map((reason) => `Every range: ${plain(reason)}.`),
    ...stepPart(rehearsal),
    ...statements.map((statement) => statementPart(statement, common)),
    "## Sizes",
    [
      `| ${sizesHead(rehearsal).join(" | ")} |`,
      "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
      ...scales.map(
        (one) =>
          `| ${share(one.scale)} | ${number(one.rows)} | ${duration(one.fillMs)} | ${duration(one.ms)} | ${bytes(one.walBytes)} | ${bytes(one.peakBytes)} | ${grown(one)} |`,
      ),
    ].join("\n"),
    ...(load === undefined
      ? []
      : [
          `## ${loadHeadOf(load)}`,
          [
            `- made of: ${plain(loadSourceOf(load))}`,
            ...leftOutOf(load, 10).map((text) => `- without: ${plain(text)}`),
            `- before: ${latencyOf(load.before)}`,
            `- during: ${latencyOf(load.during)}`,
            `- after: ${latencyOf(load.after)}`,
            ...(load.waited.length === 0
              ? []
              : [`- waited for locks, at once at the most: ${plain(waitedOf(load).join(", "))}`]),
            ...heldUpOf(load, 10).map(
              (one) => `- held up: ${plain(`${heldUpWords(one)}: ${cut(one.sql)}`)}`,
            ),
            ...retriesOf(load).map((text) => `- ${plain(text)}`),
            ...loadFailuresOf(load).map((text) => `- failed: ${plain(text)}`),
          ].join("\n"),
        ]),
    ...(again === undefined ? [] : [plain(again)]),
    ...(back.length === 0
      ? []
      : ["## Back, and up again", back.map((line) => `- ${plain(line)}`).join("\n")]),
    ...(recovery.length === 0
      ? []
      : [
          "## Ways out, how long they would take in production",
          recovery
            .map(({ name, time, reasons }) =>
              [
                `- ${plain(name)}: ${plain(time)}`,
                ...reasons.map((one) => `  - ${plain(one)}`),
              ].join("\n"),
            )
            .join("\n"),
        ]),
    ...(remarks.length === 0
      ? []
      : [
          "## Not rehearsed, or not as in production",
          remarks.map((remark) => `- ${plain(remark)}`).join("\n"),
        ]),
  ].join("\n\n");
}

function masksPart(rehearsal: Rehearsal): readonly string[] {
  const lines = masksOf(rehearsal);
  if (lines.length === 0) return [];
  return [
    "## What became of the columns' values",
    [
      ...lines.map(({ how, columns }) => `- ${how}: ${plain(columns)}`),
      ...notCopiedOf(rehearsal).map((text) => `- not copied: ${plain(text)}`),
    ].join("\n"),
  ];
}

function stepPart(rehearsal: Rehearsal): readonly string[] {
  const lines = stepOf(rehearsal);
  if (lines.length === 0) return [];
  const faults = stepFaultsOf(rehearsal).flatMap(({ what, rows }) => [
    `- **${plain(what)}**`,
    ...rows.map(([label, one]) => `  - ${label === "" ? "or next" : label}: ${plain(one)}`),
  ]);
  return [`## ${stepHead}`, [...lines.map((line) => `- ${plain(line)}`), ...faults].join("\n")];
}

function statementPart(statement: RehearsedStatement, common: readonly string[]): string {
  const { file, line, sql, estimate } = statement;
  const waits = waitsOf(statement);
  const fence = sql.includes("```") ? "````" : "```";
  return [
    `## ${plain(`${file}:${line}`)}`,
    `${fence}sql\n${sql}\n${fence}`,
    [
      ...locksOf(statement).map((lock) => `- locks: ${plain(lock)}`),
      `- took: ${runsOf(statement)}`,
      ...(waits === undefined ? [] : [`- beside it: ${plain(waits)}`]),
      ...(estimate === undefined
        ? []
        : [
            `- estimate for production: ${rangeOf(estimate)}`,
            ...ownReasons(estimate, common).map((reason) => `  - ${plain(reason)}`),
          ]),
    ].join("\n"),
  ].join("\n\n");
}

/** Text in which Markdown finds nothing to do. */
function plain(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>|#]/g, String.raw`\$&`).replaceAll("\n", " ");
}
