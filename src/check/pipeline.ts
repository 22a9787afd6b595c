import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { checkPipeline } from "../pipeline/index.ts";
import type { Finding, RuleConfig, SuppressedFinding } from "../rules/index.ts";
import type { Note, PipelineSummary } from "./report.ts";

export interface CheckedPipeline {
  readonly summary: PipelineSummary;
  readonly findings: readonly Finding[];
  readonly suppressed: readonly SuppressedFinding[];
  readonly notes: readonly Note[];
}

/** Reads the repository's pipeline, with what the config and comments in its files decide about the findings. */
export async function readPipeline(cwd: string, config: RuleConfig): Promise<CheckedPipeline> {
  const { findings, read, steps, notes } = await checkPipeline({ root: cwd });
  const heard: Finding[] = [];
  const suppressed: SuppressedFinding[] = [];
  for (const finding of findings) {
    const wanted = config.severity[finding.rule];
    if (wanted === "off") continue;
    const reason = reasonAt(finding, cwd);
    const severity = wanted === undefined || wanted === "on" ? finding.severity : wanted;
    if (reason === undefined) heard.push({ ...finding, severity });
    else suppressed.push({ finding, reason, by: "comment" });
  }
  return {
    summary: { files: read.length, steps: steps.length },
    findings: heard,
    suppressed,
    notes: notes.map(({ file, line, text }) => ({ kind: "skipped", file, line, message: text })),
  };
}

/** The reason of `lockstep: ignore RULE because REASON` at the end of the finding's line or on the line before it. */
function reasonAt({ rule, file, line }: Finding, cwd: string): string | undefined {
  let lines: readonly string[];
  try {
    lines = readFileSync(resolve(cwd, file), "utf8").split("\n");
  } catch {
    // The finding is that there is no such file.
    return undefined;
  }
  for (const text of [lines[line - 1], lines[line - 2]]) {
    const said = /(?:#|\/\/)\s*lockstep:\s*ignore\s+(\S+)\s+because\s+(\S.*)$/.exec(text ?? "");
    if (said?.[1] === rule) return said[2]!.trim();
  }
  return undefined;
}
