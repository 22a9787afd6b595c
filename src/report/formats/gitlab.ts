import type { CheckReport } from "../../check/index.ts";
import { fingerprints } from "./fingerprint.ts";
import { fromRoot } from "./from-root.ts";

/** GitLab's own words: info, minor, major, critical, blocker. */
const severities = { error: "critical", warning: "major", info: "info" } as const;

/** A Code Quality report: GitLab shows it in the merge request and at the lines of its diff. */
export function* renderGitlab(report: CheckReport): Iterable<string> {
  const prints = fingerprints(report);
  const issues = report.findings.map((finding) => ({
    description: `${finding.message} ${finding.wayOut.text}`,
    check_name: finding.rule,
    fingerprint: prints.get(finding),
    severity: severities[finding.severity],
    location: {
      path: fromRoot(report, finding.file),
      lines: { begin: finding.line, end: finding.endLine ?? finding.line },
    },
    content: { body: body(finding) },
  }));
  yield `${JSON.stringify(issues, null, 2)}\n`;
}

function body({ why, source, wayOut }: CheckReport["findings"][number]): string {
  const code = wayOut.code === undefined ? "" : `\n\n\`\`\`sql\n${wayOut.code}\n\`\`\``;
  return `${why} (${source})\n\n${wayOut.text}${code}`;
}
