import type { CheckReport } from "../../check/index.ts";
import type { Finding } from "../../rules/index.ts";

/** JUnit XML: a suite for each file, a failed case for each hazard; advice is a case that passes, with its text. */
export function* renderJunit(report: CheckReport): Iterable<string> {
  const { errors, warnings } = report.summary;
  const byFile = new Map<string, Finding[]>(report.files.map(({ file }) => [file, []]));
  for (const finding of report.findings) {
    const list = byFile.get(finding.file);
    if (list === undefined) byFile.set(finding.file, [finding]);
    else list.push(finding);
  }
  const tests = [...byFile.values()].reduce((sum, { length }) => sum + Math.max(length, 1), 0);
  yield '<?xml version="1.0" encoding="UTF-8"?>\n';
  yield `<testsuites name="lockstep check" tests="${tests}" failures="${errors + warnings}">\n`;
  for (const [file, findings] of byFile) {
    const failures = findings.filter(({ severity }) => severity !== "info").length;
    const count = Math.max(findings.length, 1);
    yield `  <testsuite name="${escape(file)}" tests="${count}" failures="${failures}">\n`;
    if (findings.length === 0)
      yield `    <testcase classname="${escape(file)}" name="no findings"/>\n`;
    for (const finding of findings) yield testCase(finding);
    yield "  </testsuite>\n";
  }
  yield "</testsuites>\n";
}

function testCase(finding: Finding): string {
  const { file, line, rule, severity, message, why, source, wayOut } = finding;
  const text = [`${file}:${line}`, message, `Why: ${why} (${source})`, `Instead: ${wayOut.text}`];
  if (wayOut.code !== undefined) text.push("", wayOut.code);
  const body = escape(text.join("\n"));
  const result =
    severity === "info"
      ? `<system-out>${body}</system-out>`
      : `<failure type="${escape(rule)}" message="${escape(message)}">${body}</failure>`;
  return `    <testcase classname="${escape(file)}" name="${escape(`${rule} (line ${line})`)}">${result}</testcase>\n`;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/** Text and attributes alike; characters that XML 1.0 cannot hold are left out. */
function escape(text: string): string {
  return (
    text
      // eslint-disable-next-line no-control-regex -- these are exactly what must go
      .replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, "")
      .replaceAll(/[&<>"]/g, (sign) => entities[sign]!)
  );
}
