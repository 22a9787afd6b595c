import type { Agreement, Saying } from "../../agreement/index.ts";
import type { CheckReport } from "../../check/index.ts";
import type { Finding } from "../../rules/index.ts";

/** One object, a line for each file and each finding, so that a diff of two reports can be read. */
export function* renderJson(report: CheckReport): Iterable<string> {
  const { version, workingFolder, server, selection, files, findings, suppressed, notes, summary } =
    report;
  yield `{ "version": ${version},\n  "workingFolder": ${JSON.stringify(workingFolder)},\n  "server": ${JSON.stringify(server)},\n`;
  yield `  "selection": ${JSON.stringify(selection)},\n`;
  if (report.pipeline !== undefined) yield `  "pipeline": ${JSON.stringify(report.pipeline)},\n`;
  if (report.agreement !== undefined) yield* agreementJson(report.agreement);
  yield* list("files", files);
  yield* list("findings", findings.map(findingJson));
  yield* list(
    "suppressed",
    suppressed.map(({ finding, reason, by }) => ({ ...findingJson(finding), reason, by })),
  );
  yield* list("notes", notes);
  yield `  "summary": ${JSON.stringify(summary)} }\n`;
}

/** A line for each object. */
function* agreementJson(agreement: Agreement): Iterable<string> {
  const { rows, ...rest } = agreement;
  const said = (saying: Saying) => (saying === undefined ? undefined : (saying?.text ?? null));
  yield `  "agreement": { ${JSON.stringify(rest).slice(1, -1)}, "rows": [`;
  for (const [index, row] of rows.entries()) {
    const [code, migrations, database] = [row.code, row.migrations, row.database].map(said);
    yield `${index === 0 ? "" : ","}\n    ${JSON.stringify({ ...row, code, migrations, database })}`;
  }
  yield rows.length === 0 ? "] },\n" : "\n  ] },\n";
}

function* list(name: string, values: readonly unknown[]): Iterable<string> {
  yield `  "${name}": [`;
  for (const [index, value] of values.entries())
    yield `${index === 0 ? "" : ","}\n    ${JSON.stringify(value)}`;
  yield values.length === 0 ? "],\n" : "\n  ],\n";
}

/** A finding as scripts read it: `wayOut` is text, its SQL beside it. What is undefined JSON leaves out. */
export function findingJson(finding: Finding): Readonly<Record<string, unknown>> {
  const { wayOut, others } = finding;
  return {
    rule: finding.rule,
    severity: finding.severity,
    file: finding.file,
    line: finding.line,
    column: finding.column,
    endLine: finding.endLine,
    endColumn: finding.endColumn,
    message: finding.message,
    why: finding.why,
    source: finding.source,
    docs: finding.docs,
    wayOut: wayOut.text,
    wayOutCode: wayOut.code,
    edits: wayOut.edits,
    needsPlan: wayOut.needsPlan === true ? true : undefined,
    others: others?.map(({ file, line, column }) => ({ file, line, column })),
  };
}
