import { checkPipeline } from "../pipeline/index.ts";
import {
  asConfigured,
  lineHash,
  staleSuppression,
  type Baseline,
  type Finding,
  type RuleConfig,
  type SuppressedFinding,
} from "../rules/index.ts";
import { isPipelineRule, linesOf, pipelineLine } from "./pipeline-line.ts";
import type { Note, PipelineSummary } from "./report.ts";

export interface CheckedPipeline {
  readonly summary: PipelineSummary;
  readonly findings: readonly Finding[];
  readonly suppressed: readonly SuppressedFinding[];
  readonly notes: readonly Note[];
}

/**
 * Reads the repository's pipeline, with what the config, comments in its files and the baseline decide about the findings.
 */
export async function readPipeline(
  cwd: string,
  config: RuleConfig,
  baseline: Baseline | undefined,
): Promise<CheckedPipeline> {
  const { findings, read, steps, notes } = await checkPipeline({ root: cwd });
  const heard: Finding[] = [];
  const suppressed: SuppressedFinding[] = [];
  const entries = baseline?.entries.filter(({ rule }) => isPipelineRule(rule)) ?? [];
  const used = new Set<object>();
  for (const finding of findings) {
    const [configured] = asConfigured(finding, config);
    if (configured === undefined) continue;
    const hash = lineHash(pipelineLine(finding, cwd));
    const own = entries.filter(
      ({ rule, file, statement }) =>
        rule === finding.rule && file === finding.file && statement === hash,
    );
    for (const entry of own) used.add(entry);
    const said = reasonAt(finding, cwd);
    const reason = said ?? own[0]?.reason;
    if (reason === undefined) heard.push(configured);
    else suppressed.push({ finding, reason, by: said === undefined ? "baseline" : "comment" });
  }
  for (const entry of entries)
    if (!used.has(entry) && config.severity[entry.rule] !== "off")
      heard.push(...stale(entry.rule, { file: baseline!.path, line: entry.line }, config));
  return {
    summary: { files: read.length, steps: steps.length },
    findings: heard,
    suppressed,
    notes: notes.map(({ file, line, text }) => ({ kind: "skipped", file, line, message: text })),
  };
}

function stale(
  rule: string,
  place: { file: string; line: number },
  config: RuleConfig,
): readonly Finding[] {
  const fact = `${rule} has nothing to say here`;
  return asConfigured(staleSuppression.because(place, rule, fact), config);
}

/** The reason of `lockstep: ignore RULE because REASON` at the end of the finding's line or on the line before it. */
function reasonAt({ rule, file, line }: Finding, cwd: string): string | undefined {
  const lines = linesOf(file, cwd);
  for (const text of [lines[line - 1], lines[line - 2]]) {
    const said = /(?:#|\/\/)\s*lockstep:\s*ignore\s+(\S+)\s+because\s+(\S.*)$/.exec(text ?? "");
    if (said?.[1] === rule) return said[2]!.trim();
  }
  return undefined;
}
