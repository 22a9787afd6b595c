import { existsSync } from "node:fs";
import { resolve } from "node:path";
import {
  oneByOne,
  writeBaseline,
  type AcceptedFinding,
  type Baseline,
  type BaselineEntry,
  type Finding,
} from "../rules/index.ts";
import { isPipelineRule, pipelineLine } from "./pipeline-line.ts";
import { summaryOf, type CheckReport } from "./report.ts";

export interface AcceptRequest {
  readonly cwd: string;
  /** Why the findings are accepted. */
  readonly reason: string;
  /** The baseline with which the report was made. */
  readonly before: Baseline | undefined;
  /** How the baseline file is named in what is printed. */
  readonly shown: string;
  /** True for a rule that is switched off: whether its entries are still needed is not known. */
  readonly isOff: (rule: string) => boolean;
}

/** The text of the new baseline, and the report as it is with it. */
export interface Accepted {
  readonly text: string;
  readonly report: CheckReport;
}

/**
 * Accepts what a check found. What the baseline silenced in this check keeps its reason, and so does every entry about
 * something that this check did not look at; entries that no longer silence anything go.
 */
export async function acceptFindings(
  report: CheckReport,
  { cwd, reason, before, shown, isOff }: AcceptRequest,
): Promise<Accepted> {
  const unseen = before?.entries.filter((entry) => !wasSeen(entry, report, isOff, cwd)) ?? [];
  const known = report.suppressed.filter(({ by }) => by === "baseline");
  const isReplaced = ({ rule, file }: Finding) =>
    rule === "stale-suppression" && file === before?.path;
  const heard = report.findings.filter((finding) => !isReplaced(finding));
  const accepted = [...known, ...heard.map((finding) => ({ finding, reason }))];
  const lines = new Set(
    unseen.map(({ rule, file, statement, reason: why }) =>
      JSON.stringify({ rule, file, statement, reason: why }),
    ),
  );
  for (const own of new Set(accepted.map((one) => one.reason))) {
    const group = accepted.flatMap(({ finding, reason: each }) =>
      each === own ? oneByOne([finding]).flatMap((one) => subjectOf(report, one, cwd) ?? []) : [],
    );
    const entries = JSON.parse(await writeBaseline(group, own)) as unknown[];
    for (const entry of entries) lines.add(JSON.stringify(entry));
  }
  const left = heard.filter((finding) => subjectOf(report, finding, cwd) === undefined);
  const message = [
    `${heard.length - left.length} findings accepted`,
    `${known.length + unseen.length} kept`,
    `${(before?.entries.length ?? 0) - keptOf(before, lines)} removed`,
  ].join(", ");
  return {
    text: `[\n${[...lines].map((line) => `  ${line}`).join(",\n")}\n]\n`,
    report: {
      ...report,
      findings: left,
      summary: summaryOf(left),
      notes: [...report.notes, { kind: "written", message: `${shown}: ${message}` }],
    },
  };
}

/** True when this check would have used the entry if it were still of use. */
function wasSeen(
  { rule, file }: BaselineEntry,
  { files, pipeline }: CheckReport,
  isOff: (rule: string) => boolean,
  cwd: string,
): boolean {
  const isOfPipeline = isPipelineRule(rule);
  if (!isOfPipeline && !existsSync(resolve(cwd, file))) return true;
  if (isOff(rule)) return false;
  return isOfPipeline ? pipeline !== undefined : files.some((each) => each.file === file);
}

function keptOf(before: Baseline | undefined, lines: ReadonlySet<string>): number {
  const texts = (before?.entries ?? []).map(({ rule, file, statement, reason }) =>
    JSON.stringify({ rule, file, statement, reason }),
  );
  return texts.filter((text) => lines.has(text)).length;
}

/** The finding with what its entry hangs on; undefined for one that is about no text, such as a stale suppression. */
function subjectOf(
  { files }: CheckReport,
  finding: Finding,
  cwd: string,
): AcceptedFinding | undefined {
  const { rule, file, line, column } = finding;
  if (isPipelineRule(rule)) return { finding, text: pipelineLine(finding, cwd) };
  const statements = files.find((each) => each.file === file)?.statements;
  const sql = statements?.find((one) => one.line === line && one.column === column)?.sql;
  return sql === undefined ? undefined : { finding, sql };
}
