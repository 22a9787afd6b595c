import { agreementRules } from "../../agreement/index.ts";
import { renderAgreement } from "../agreement.ts";
import { pageCommand } from "../rule-page.ts";
import type { CheckReport } from "../../check/index.ts";
import type { Finding, Severity } from "../../rules/index.ts";
import { closing, verdict } from "../check-words.ts";
import { count, wrap, type Style } from "../style.ts";
import { briefFindings, briefSummary, isLong } from "./text-brief.ts";

/** Width of the labels `why`, `instead`, … with the space behind them, and of what stands before them. */
const labelWidth = 9;
const margin = 2;

/** Lines of a statement that are shown; the rest is counted. */
const excerptLines = 6;

/**
 * For people: findings by file, each with what is wrong, why (with the facts and where they come from) and what to do
 * instead; a closing line. Readable from 80 columns on.
 */
export function* renderText(whole: CheckReport, style: Style): Iterable<string> {
  const { colors } = style;
  const report = withoutRows(whole);
  if (isLong(report))
    yield* briefFindings(
      report,
      (file, findings) => heading(file, findings, style),
      (severity) => painter(severity, style),
      style,
    );
  else yield* fullFindings(report, style);
  for (const { kind, message, file, line } of report.notes) {
    const place = file === undefined ? "" : `${file}${line === undefined ? "" : `:${line}`}: `;
    const label = kind === "prediction-differs" ? "note (a bug in Lockstep)" : "note";
    yield `${[...slot(style, label, place + message, label.length + 2)].join("\n")}\n`;
  }
  if (report.notes.length > 0) yield "\n";
  if (isLong(report)) yield* briefSummary(report, style);
  if (whole.agreement !== undefined) yield `${renderAgreement(whole.agreement, style)}\n\n`;
  const { errors, warnings } = report.summary;
  const paint = errors > 0 ? colors.red : warnings > 0 ? colors.yellow : colors.green;
  const words = wrap(closing(report), style.width - margin).map((line) => colors.dim(line));
  yield `${paint(colors.bold(verdict(report)))}\n${words.join("\n")}\n`;
}

/** What the table of code, migrations and database says is not said a second time. */
function withoutRows(report: CheckReport): CheckReport {
  if (report.agreement === undefined) return report;
  const findings = report.findings.filter(({ rule }) => !agreementRules.includes(rule));
  return { ...report, findings };
}

/** Each finding with its slots. A reason is told once in a report, then named by its place. */
function* fullFindings(report: CheckReport, style: Style): Iterable<string> {
  const statements = statementsByPlace(report);
  const told = new Map<string, Place>();
  for (const [file, findings] of groupByFile(report.findings)) {
    yield `${heading(file, findings, style)}\n\n`;
    let shown: number | undefined;
    for (const finding of findings) {
      const sql = finding.line === shown ? undefined : statements.get(`${file}:${finding.line}`);
      shown = finding.line;
      const lines = [...renderFinding(finding, sql, told, style)];
      yield `${lines.join("\n").trimEnd()}\n\n`;
    }
  }
}

type Place = Pick<Finding, "file" | "line">;

function groupByFile(findings: readonly Finding[]): ReadonlyMap<string, readonly Finding[]> {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const group = groups.get(finding.file);
    if (group === undefined) groups.set(finding.file, [finding]);
    else group.push(finding);
  }
  return groups;
}

function statementsByPlace({ files }: CheckReport): ReadonlyMap<string, string> {
  const statements = new Map<string, string>();
  for (const { file, statements: list } of files)
    for (const { line, sql } of list) {
      const place = `${file}:${line}`;
      if (!statements.has(place)) statements.set(place, sql);
    }
  return statements;
}

/** The file's name and how many findings of which severity, with a line drawn between them. */
function heading(file: string, findings: readonly Finding[], { colors, width }: Style): string {
  const parts = (["error", "warning", "info"] as const).flatMap((severity) => {
    const amount = findings.filter((finding) => finding.severity === severity).length;
    if (amount === 0) return [];
    return [severity === "info" ? `${amount} info` : count(amount, severity)];
  });
  const counts = parts.join(", ");
  const room = width - file.length - counts.length - 2;
  // A long path has a line of its own, so that it can be copied.
  return room < 3
    ? `${colors.bold(file)}\n${colors.dim("─".repeat(width - counts.length - 1))} ${counts}`
    : `${colors.bold(file)} ${colors.dim("─".repeat(room))} ${counts}`;
}

/** @param sql the statement, when it was not shown for the finding before */
function* renderFinding(
  finding: Finding,
  sql: string | undefined,
  told: Map<string, Place>,
  style: Style,
): Iterable<string> {
  const { colors } = style;
  const { severity, rule, file, line, message, why, source, wayOut, docs } = finding;
  const paint = painter(severity, style);
  const indent = " ".repeat(margin);
  yield `${indent}${paint(colors.bold(`${severity}[${rule}]`))} ${colors.dim(`line ${line}`)}`;
  for (const text of wrap(message, style.width - margin)) yield `${indent}${colors.bold(text)}`;
  if (sql !== undefined) {
    yield "";
    yield* excerpt(sql, line, style);
  }
  yield "";
  const reason = `${why}\n${wayOut.text}`;
  const before = told.get(reason);
  told.set(reason, before ?? { file, line });
  yield* slot(
    style,
    "why",
    before === undefined ? `${why} (${brief(source)})` : `as at ${placeFrom(before, file)}`,
  );
  if (before === undefined) yield* slot(style, "instead", wayOut.text);
  if (wayOut.code !== undefined)
    yield* code(wayOut.code, before === undefined ? "" : "instead", style);
  if (wayOut.edits !== undefined && wayOut.edits.length > 0)
    yield* slot(style, "fix", "lockstep check --fix makes this change");
  if (!told.has(docs)) yield* slot(style, "more", pageCommand(docs), labelWidth, colors.dim);
  told.set(docs, { file, line });
}

function placeFrom(place: Place, file: string): string {
  return place.file === file ? `line ${place.line}` : `${place.file}:${place.line}`;
}

/** The closing line says the rest once. */
function brief(source: string): string {
  return source.startsWith("predicted") ? "predicted" : source;
}

function painter(severity: Severity, { colors }: Style): (text: string) => string {
  return severity === "error" ? colors.red : severity === "warning" ? colors.yellow : colors.cyan;
}

/** The statement as it stands in the file, with line numbers; what does not fit goes on below. */
function* excerpt(sql: string, first: number, { colors, width }: Style): Iterable<string> {
  const lines = sql.split("\n");
  const shown = lines.slice(0, lines.length > excerptLines + 1 ? excerptLines : undefined);
  const digits = String(first + shown.length - 1).length;
  const room = width - margin - digits - " │ ".length;
  for (const [index, text] of shown.entries()) {
    const pieces = text.length > room ? wrapIndented(text.trimEnd(), room) : [text.trimEnd()];
    for (const [piece, part] of pieces.slice(0, excerptLines).entries()) {
      const number = (piece === 0 ? String(first + index) : "").padStart(digits);
      yield `${" ".repeat(margin)}${colors.dim(`${number} │`)} ${colors.cyan(part)}`.trimEnd();
    }
    if (pieces.length > excerptLines)
      yield colors.dim(`${" ".repeat(margin + digits)} │ … the rest of a long line`);
  }
  const left = lines.length - shown.length;
  if (left > 0) yield colors.dim(`${" ".repeat(margin + digits)} │ … ${count(left, "more line")}`);
}

function wrapIndented(line: string, room: number): readonly string[] {
  const indent = /^\s*/.exec(line)![0];
  return wrap(line.slice(indent.length), room - indent.length).map((part) => indent + part);
}

/** SQL to be pasted: never wrapped, so that it can be copied as it is. */
function* code(sql: string, label: string, { colors }: Style): Iterable<string> {
  const [first = "", ...rest] = sql.split("\n");
  const indent = " ".repeat(margin);
  if (label === "") yield "";
  yield `${indent}${colors.dim(label.padEnd(labelWidth))}${colors.cyan(first)}`;
  for (const line of rest)
    yield line === "" ? "" : `${indent}${" ".repeat(labelWidth)}${colors.cyan(line)}`;
  if (label === "") yield "";
}

function* slot(
  style: Style,
  label: string,
  text: string,
  width = labelWidth,
  paint: (line: string) => string = (line) => line,
): Iterable<string> {
  const indent = " ".repeat(margin);
  const room = style.width - margin - width;
  const lines = text.split("\n").flatMap((line) => wrap(line, room));
  for (const [index, line] of lines.entries()) {
    const head = index === 0 ? style.colors.dim(label.padEnd(width)) : " ".repeat(width);
    yield `${indent}${head}${paint(line)}`.trimEnd();
  }
}
