import type { CheckReport } from "../../check/index.ts";
import type { Finding, Severity } from "../../rules/index.ts";
import { count, table, wrap, type Style } from "../style.ts";

/** With more findings than this each gets a line instead of its slots. */
const fullUpTo = 30;

/** More are counted: the worst are shown. */
const shownLines = 100;

const severities: readonly Severity[] = ["error", "warning", "info"];

/** True for a report that nobody would read to its end if each finding were explained. */
export function isLong({ findings }: CheckReport): boolean {
  return findings.length > fullUpTo;
}

/** A line for each finding, by file; the errors and warnings first where there are too many. */
export function* briefFindings(
  { findings }: CheckReport,
  heading: (file: string, findings: readonly Finding[]) => string,
  paint: (severity: Severity) => (text: string) => string,
  style: Style,
): Iterable<string> {
  const worst = severities.flatMap((severity) =>
    findings.filter((finding) => finding.severity === severity),
  );
  const shown = new Set(worst.slice(0, shownLines));
  const files = new Set(findings.filter((one) => shown.has(one)).map(({ file }) => file));
  for (const file of files) {
    const own = findings.filter((finding) => finding.file === file);
    yield `${heading(file, own)}\n`;
    for (const finding of own)
      if (shown.has(finding)) yield `${lines(finding, paint, style).join("\n")}\n`;
    yield "\n";
  }
  const left = worst.slice(shownLines);
  if (left.length > 0) {
    const parts = severities.flatMap((severity) => {
      const amount = left.filter((finding) => finding.severity === severity).length;
      return amount === 0 ? [] : [severity === "info" ? `${amount} info` : count(amount, severity)];
    });
    yield `  … and ${left.length} more: ${parts.join(", ")}\n\n`;
  }
}

/** `   12  error    what is wrong  [the-rule]`, with what does not fit below the text. */
function lines(
  { line, severity, message, rule }: Finding,
  paint: (severity: Severity) => (text: string) => string,
  { colors, width }: Style,
): readonly string[] {
  const label = severity.padEnd(7);
  const place = String(line).padStart(6);
  const indent = " ".repeat(place.length + 2 + label.length + 2);
  const [first = "", ...rest] = wrap(`${message} [${rule}]`, width - indent.length);
  return [
    `${colors.dim(place)}  ${paint(severity)(label)}  ${first}`,
    ...rest.map((text) => indent + text),
  ];
}

/** How often each rule spoke, and what to do with so much. */
export function* briefSummary(
  { findings, selection }: CheckReport,
  style: Style,
): Iterable<string> {
  const { colors, width } = style;
  const amounts = new Map<string, number>();
  for (const { severity, rule } of findings) {
    const key = `${severity} ${rule}`;
    amounts.set(key, (amounts.get(key) ?? 0) + 1);
  }
  const rows = [...amounts]
    .map(([key, amount]) => ({ amount, severity: key.split(" ")[0] as Severity, key }))
    .toSorted(
      (a, b) =>
        severities.indexOf(a.severity) - severities.indexOf(b.severity) || b.amount - a.amount,
    )
    .map(({ amount, severity, key }) => [
      String(amount).padStart(6),
      severity,
      key.slice(severity.length + 1),
    ]);
  yield `${table(rows, (cell, _row, column) => (column === 2 ? colors.bold(cell) : cell))}\n\n`;
  for (const text of advice(selection)) {
    const [first = "", ...rest] = wrap(text, width - 4);
    yield `  ${colors.dim("·")} ${first}\n${rest.map((line) => `    ${line}\n`).join("")}`;
  }
  yield "\n";
}

function advice({ by }: CheckReport["selection"]): readonly string[] {
  return [
    "each in full, with why and a way out: lockstep check FILE, or all of them with --format markdown; what a rule is about: lockstep explain RULE",
    ...(by === "all"
      ? [
          "what is applied already is history: --since REF reports only what is new or changed since a commit, and so does a check without options in a branch",
        ]
      : []),
    '--write-baseline "WHY" accepts all that is here; from then on only what is new is reported',
  ];
}
