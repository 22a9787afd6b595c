import type { Agreement, Saying } from "../../agreement/index.ts";
import type { CheckReport } from "../../check/index.ts";
import type { Finding } from "../../rules/index.ts";
import { count } from "../style.ts";
import { closing, verdict } from "../check-words.ts";

/** By this line a later run finds its own comment, to write it again instead of adding one. */
export const marker = "<!-- lockstep-check -->";

/** GitHub refuses a comment of more than 65,536 characters. */
const longest = 60_000;

const signs = { error: "🛑", warning: "⚠️", info: "💡" } as const;

/** A comment for a pull request: one line that says it all, then what is to be done, most urgent first. */
export function* renderMarkdown(report: CheckReport): Iterable<string> {
  yield `${marker}\n### lockstep check: ${verdict(report)}\n\n${escapeText(closing(report))}\n`;
  let length = 0;
  let shown = 0;
  if (report.agreement !== undefined) {
    const table = agreementTable(report.agreement);
    length += table.length;
    if (length <= longest / 2) yield table;
  }
  for (const finding of [...report.findings].sort(mostUrgentFirst)) {
    const text = section(finding);
    length += text.length;
    if (length > longest) break;
    shown++;
    yield text;
  }
  const left = report.findings.length - shown;
  if (left > 0) yield `\n…and ${count(left, "more finding")}: \`lockstep check\` shows all.\n`;
  for (const { message } of report.notes) yield `\n> ${escapeText(message)}\n`;
}

/** Code, migrations and database as one table; what is to be done about each row stands with its finding. */
function agreementTable({ sides, rows, databaseUnknown }: Agreement): string {
  const columns = (["code", "migrations", "database"] as const).filter(
    (side) => sides[side] !== undefined,
  );
  const title = columns.map((side) => sides[side]).join(" ↔ ");
  const unknown =
    databaseUnknown === undefined
      ? ""
      : `\n${escapeText(`the database was not compared: ${databaseUnknown}`)}\n`;
  if (rows.length === 0) return `\n**${escapeText(title)}** agree\n${unknown}`;
  const cell = (text: string) => escapeText(text.length > 120 ? `${text.slice(0, 119)}…` : text);
  const said = (saying: Saying) =>
    saying === undefined ? "·" : saying === null ? "–" : cell(saying.text);
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    `\n**${escapeText(title)}**: ${count(rows.length, "object")} differ${rows.length === 1 ? "s" : ""}\n${unknown}`,
    line(["", ...columns]),
    line(["---", ...columns.map(() => "---")]),
    ...rows.map((row) =>
      line([`${cell(row.what)} ${cell(row.object)}`, ...columns.map((side) => said(row[side]))]),
    ),
    "",
  ].join("\n");
}

const order = ["error", "warning", "info"];

function mostUrgentFirst(a: Finding, b: Finding): number {
  return order.indexOf(a.severity) - order.indexOf(b.severity);
}

function section(finding: Finding): string {
  const { severity, rule, file, line, message, why, source, wayOut } = finding;
  const fence = fenceFor(wayOut.code ?? "");
  const language = file.endsWith(".sql") ? "sql" : "";
  const code = wayOut.code === undefined ? "" : `\n${fence}${language}\n${wayOut.code}\n${fence}\n`;
  const open = severity === "error" ? " open" : "";
  return [
    `\n<details${open}><summary>${signs[severity]} <b>${escapeHtml(message)}</b> <code>${escapeHtml(file)}:${line}</code></summary>\n`,
    `**Why:** ${escapeText(why)} _(${escapeText(source)})_\n`,
    `**Instead:** ${escapeText(wayOut.text)}\n${code}`,
    `\`${rule}\`\n\n</details>\n`,
  ].join("\n");
}

/** A fence longer than any run of backticks in the code. */
function fenceFor(code: string): string {
  const runs = code.match(/`+/g) ?? [];
  return "`".repeat(Math.max(3, ...runs.map((run) => run.length + 1)));
}

/** Text as it is: no link, mention or emphasis comes from a name in somebody's migration. */
function escapeText(text: string): string {
  return escapeHtml(text).replaceAll(/[\\`*_[\]|#~]/g, (sign) => `\\${sign}`);
}

/** The same inside of a tag's text, where Markdown is not read. */
function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("@", "@&#8203;")
    .replaceAll(/\s*\n\s*/g, " ");
}
