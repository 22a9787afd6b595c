import { bytes } from "../pg/index.ts";
import type { Rehearsal, RehearsedStatement } from "../rehearse/index.ts";
import { durationChart, loadChart, stepChart } from "./rehearse-charts.ts";
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
import { escapeXml as text } from "./svg.ts";
import { duration } from "./style.ts";

const css = `
  :root { color-scheme: light dark; --ink: #1f2328; --faint: #656d76; --line: #d0d7de; --paper: #fff; --soft: #f6f8fa; --one: #0969da; --two: #bc4c00; --bad: #cf222e; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --faint: #8d96a0; --line: #30363d; --paper: #0d1117; --soft: #161b22; --one: #4493f8; --two: #db6d28; --bad: #f85149; } }
  body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
  h1 { font-size: 1.5rem; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin-top: 2.2rem; } h3 { font: 600 0.95rem ui-monospace, monospace; overflow-wrap: anywhere; }
  pre { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: 0.7rem; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 13px; }
  dl { display: grid; grid-template-columns: 6.5rem 1fr; gap: 0.2rem 1rem; } dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
  .wide { overflow-x: auto; } table { border-collapse: collapse; } th, td { border-bottom: 1px solid var(--line); padding: 0.3rem 0.8rem; text-align: right; white-space: nowrap; } th:first-child, td:first-child { text-align: left; }
  svg { width: 100%; height: auto; } svg text { fill: var(--faint); font: 11px system-ui, sans-serif; } figure { margin: 1rem 0; } figcaption, .faint { color: var(--faint); font-size: 13px; }
  .names { overflow-wrap: anywhere; font: 13px/1.5 ui-monospace, monospace; }
  .bad { color: var(--bad); font-weight: 600; } .sum { font-size: 1.1rem; font-weight: 600; }
`;

/** One page without any resource from elsewhere. */
export function rehearsalHtml(rehearsal: Rehearsal): string {
  const { estimate, statements, load, remarks } = rehearsal;
  const failure = failureOf(rehearsal);
  const step = stepEnding(rehearsal);
  const again = againOf(rehearsal);
  const back = backOf(rehearsal);
  const title = titleOf(rehearsal);
  const common = commonReasons(rehearsal);
  const pending = pendingOf(rehearsal).map((name) => `<li>${text(name)}</li>`);
  return [
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${text(title)}</title><style>${css}</style></head><body>`,
    `<h1>${text(title)}</h1>${pending.length === 0 ? "" : `<ol class="names">${pending.join("")}</ol>`}<p>${text(sourceOf(rehearsal))}</p>`,
    failure === undefined ? "" : `<p class="bad">${text(failure)}</p>`,
    step === undefined ? "" : `<p class="bad">${text(step)}</p>`,
    estimate === undefined
      ? ""
      : `<p class="sum">Estimate for production, without load: ${text(rangeOf(estimate))}</p>`,
    ...common.map((reason) => `<p class="faint">Every range: ${text(reason)}.</p>`),
    again === undefined ? "" : `<p>${text(again[0]!.toUpperCase() + again.slice(1))}.</p>`,
    stepPart(rehearsal),
    load === undefined ? "" : loadPart(rehearsal),
    "<h2>Statements</h2>",
    ...statements.map((statement) => statementPart(statement, common)),
    scalesPart(rehearsal),
    masksPart(rehearsal),
    back.length === 0
      ? ""
      : `<h2>Back, and up again</h2><ul>${back.map((line) => `<li>${text(line)}</li>`).join("")}</ul>`,
    recoveryPart(rehearsal),
    remarks.length === 0
      ? ""
      : `<h2>Not rehearsed, or not as in production</h2><ul>${remarks.map((remark) => `<li>${text(remark)}</li>`).join("")}</ul>`,
    `<p class="faint">Measured ${text(rehearsal.takenAt)}. Locks were observed on a copy with few rows, one statement at a time; durations, WAL and waits on the clones.</p></body></html>`,
  ]
    .filter((part) => part !== "")
    .join("\n");
}

function masksPart(rehearsal: Rehearsal): string {
  const lines = masksOf(rehearsal);
  if (lines.length === 0) return "";
  const items = [
    ...lines.map(({ how, columns }) => `<li>${text(`${how}: ${columns}`)}</li>`),
    ...notCopiedOf(rehearsal).map((one) => `<li>${text(`not copied: ${one}`)}</li>`),
  ];
  return `<h2>What became of the columns' values</h2><ul>${items.join("")}</ul>`;
}

function stepPart(rehearsal: Rehearsal): string {
  const lines = stepOf(rehearsal);
  if (lines.length === 0) return "";
  const faults = stepFaultsOf(rehearsal).map(({ what, rows }) => {
    const list = rows.map(([label, one]) => `<dt>${text(label)}</dt><dd>${text(one)}</dd>`);
    return `<p class="bad">${text(what)}</p><dl>${list.join("")}</dl>`;
  });
  return `<h2>${text(stepHead)}</h2><ul>${lines.map((line) => `<li>${text(line)}</li>`).join("")}</ul>${faults.join("")}`;
}

function statementPart(statement: RehearsedStatement, common: readonly string[]): string {
  const { file, line, sql, estimate } = statement;
  const waits = waitsOf(statement);
  const rows = [
    ...locksOf(statement).map((lock) => ["locks", lock] as const),
    ["took", runsOf(statement)] as const,
    ...(waits === undefined ? [] : [["beside it", waits] as const]),
    ...(estimate === undefined
      ? []
      : [
          ["estimate", `${rangeOf(estimate)} in production, without load`] as const,
          ...ownReasons(estimate, common).map((reason) => ["", reason] as const),
        ]),
  ];
  const list = rows.map(([name, value]) => `<dt>${text(name)}</dt><dd>${text(value)}</dd>`);
  return `<h3>${text(`${file}:${line}`)}</h3><pre>${text(sql)}</pre><dl>${list.join("")}</dl>${durationChart(statement)}`;
}

function loadPart(rehearsal: Rehearsal): string {
  const { load } = rehearsal;
  if (load === undefined) return "";
  const rows = [
    ["made of", loadSourceOf(load)],
    ...leftOutOf(load, 10).map((one, index) => [index === 0 ? "without" : "", one]),
    ["before", latencyOf(load.before)],
    ["during", latencyOf(load.during)],
    ["after", latencyOf(load.after)],
    ...(load.waited.length === 0
      ? []
      : [["waited", `for locks, at once at the most: ${waitedOf(load).join(", ")}`]]),
    ...heldUpOf(load, 10).map((one, index) => [
      index === 0 ? "held up" : "",
      `${heldUpWords(one)}: ${cut(one.sql)}`,
    ]),
    ...retriesOf(load).map((one) => ["retried", one]),
    ...loadFailuresOf(load).map((one) => ["failed", one]),
  ];
  return `<h2>${text(loadHeadOf(load))}</h2>${stepChart(rehearsal)}${loadChart(load)}<dl>${rows.map(([name, value]) => `<dt>${text(name!)}</dt><dd>${text(value!)}</dd>`).join("")}</dl>`;
}

function recoveryPart(rehearsal: Rehearsal): string {
  const lines = recoveryOf(rehearsal);
  if (lines.length === 0) return "";
  const items = lines.map(({ name, time, reasons }) => {
    const why = reasons.map((one) => `<li class="faint">${text(one)}</li>`).join("");
    return `<li>${text(`${name}: ${time}`)}${why === "" ? "" : `<ul>${why}</ul>`}</li>`;
  });
  return `<h2>Ways out, how long they would take in production</h2><ul>${items.join("")}</ul>`;
}

function scalesPart(rehearsal: Rehearsal): string {
  const rows = rehearsal.scales.map((one) => [
    share(one.scale),
    number(one.rows),
    duration(one.fillMs),
    duration(one.ms),
    bytes(one.walBytes),
    bytes(one.peakBytes),
    grown(one),
  ]);
  const head = sizesHead(rehearsal);
  const cells = (tag: string, row: readonly string[]) =>
    `<tr>${row.map((cell) => `<${tag}>${text(cell)}</${tag}>`).join("")}</tr>`;
  return `<h2>Sizes</h2><div class="wide"><table>${cells("th", head)}${rows.map((row) => cells("td", row)).join("")}</table></div>`;
}
