import type { CheckReport } from "../../check/index.ts";
import type { Finding } from "../../rules/index.ts";
import { fromRoot } from "./from-root.ts";

const commands = { error: "error", warning: "warning", info: "notice" } as const;

/** Workflow commands: GitHub Actions shows each as an annotation at its line of the pull request. */
export function* renderGithub(report: CheckReport): Iterable<string> {
  for (const finding of report.findings)
    yield annotation({ ...finding, file: fromRoot(report, finding.file) });
}

function annotation(finding: Finding): string {
  const { severity, rule, file, line, column, endLine = line, endColumn, wayOut } = finding;
  const text = [finding.message, `Why: ${finding.why} (${finding.source})`];
  text.push(`Instead: ${wayOut.text}`);
  if (wayOut.code !== undefined) text.push(wayOut.code);
  const properties: Record<string, string | number | undefined> = {
    file,
    line,
    endLine,
    // GitHub takes columns only for what begins and ends on one line.
    ...(endLine === line ? { col: column, endColumn } : {}),
    title: `lockstep: ${rule}`,
  };
  const list = Object.entries(properties)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${escapeProperty(String(value))}`);
  return `::${commands[severity]} ${list.join(",")}::${escapeText(text.join("\n"))}\n`;
}

/** As `escapeData` of GitHub's own toolkit. */
function escapeText(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeText(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
