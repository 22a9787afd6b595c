import type { CheckReport } from "../../check/index.ts";
import { version } from "../../errors/index.ts";
import { rules as known, type Edit, type Finding } from "../../rules/index.ts";
import { fingerprints } from "./fingerprint.ts";
import { pageCommand, rulePage } from "../rule-page.ts";
import { fromRoot } from "./from-root.ts";

const levels = { error: "error", warning: "warning", info: "note" } as const;

/**
 * SARIF 2.1.0 (OASIS), as GitHub's code scanning and others read it: rules with help, exact regions in UTF-16 units,
 * fixes as replacements, suppressed findings as suppressed results.
 */
export function* renderSarif(report: CheckReport): Iterable<string> {
  const { findings, suppressed } = report;
  const all = [...findings, ...suppressed.map(({ finding }) => finding)];
  const rules = [...new Map(all.map((finding) => [finding.rule, finding])).values()].map(describe);
  const indexes = new Map(rules.map(({ id }, index) => [id, index]));
  const prints = fingerprints(report);
  const results = [
    ...findings.map((finding) => result(report, finding, indexes, prints)),
    ...suppressed.map(({ finding, reason, by }) => ({
      ...result(report, finding, indexes, prints),
      suppressions: [
        {
          kind: by === "baseline" || by === "plan" ? "external" : "inSource",
          justification: reason,
        },
      ],
    })),
  ];
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "Lockstep", semanticVersion: version(), rules } },
        columnKind: "utf16CodeUnits",
        invocations: [
          {
            executionSuccessful: true,
            toolExecutionNotifications: report.notes.map(({ message }) => ({
              level: "note",
              message: { text: message },
            })),
          },
        ],
        results,
      },
    ],
  };
  yield `${JSON.stringify(log, null, 2)}\n`;
}

function describe({ rule, docs, severity }: Finding) {
  const own = known.find(({ id }) => id === rule);
  const title = own?.title ?? rule.replaceAll("-", " ");
  const isUri = /^https?:/.test(docs);
  const page = rulePage(rule);
  const more = `${title}. More: ${pageCommand(docs)}`;
  return {
    id: rule,
    shortDescription: { text: title },
    help: { text: more, markdown: page ?? more },
    defaultConfiguration: { level: levels[own?.severity ?? severity] },
    ...(isUri ? { helpUri: docs } : {}),
  };
}

function result(
  report: CheckReport,
  finding: Finding,
  indexes: ReadonlyMap<string, number>,
  prints: ReadonlyMap<Finding, string>,
) {
  const { rule, severity, file, message, why, source, wayOut } = finding;
  const text = [message, `Why: ${why} (${source})`, `Instead: ${wayOut.text}`];
  if (wayOut.code !== undefined) text.push(wayOut.code);
  const print = prints.get(finding);
  const edits = wayOut.edits ?? [];
  return {
    ruleId: rule,
    ruleIndex: indexes.get(rule),
    level: levels[severity],
    message: { text: text.join("\n\n") },
    locations: [
      { physicalLocation: { artifactLocation: location(report, file), region: region(finding) } },
    ],
    ...(print === undefined ? {} : { partialFingerprints: { "lockstep/v1": print } }),
    ...(edits.length === 0 ? {} : { fixes: [fix(report, wayOut.text, edits)] }),
  };
}

function region({ line, column, endLine, endColumn }: Finding) {
  return {
    startLine: line,
    ...(column === undefined ? {} : { startColumn: column }),
    ...(endLine === undefined ? {} : { endLine }),
    ...(endColumn === undefined ? {} : { endColumn }),
  };
}

function fix(report: CheckReport, text: string, edits: readonly Edit[]) {
  const files = [...new Set(edits.map(({ file }) => file))];
  return {
    description: { text },
    artifactChanges: files.map((file) => ({
      artifactLocation: location(report, file),
      replacements: edits
        .filter((edit) => edit.file === file)
        .map(({ start, end, text: inserted }) => ({
          deletedRegion: { charOffset: start, charLength: end - start },
          insertedContent: { text: inserted },
        })),
    })),
  };
}

/** A path as a relative URI, from the root of the checkout. */
function location(report: CheckReport, file: string) {
  return {
    uri: fromRoot(report, file).split("/").map(encodeURIComponent).join("/"),
    uriBaseId: "%SRCROOT%",
  };
}
