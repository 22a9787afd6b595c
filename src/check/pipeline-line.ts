import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Finding } from "../rules/index.ts";

/** True for a rule that looks at the pipeline: what it finds is a line of a file that holds no SQL. */
export function isPipelineRule(rule: string): boolean {
  return rule.startsWith("pipeline-");
}

/** The line that a finding of the pipeline is about: empty where the finding is that there is no such file. */
export function pipelineLine({ file, line }: Finding, cwd: string): string {
  return linesOf(file, cwd)[line - 1] ?? "";
}

/** None for a file that cannot be read. */
export function linesOf(file: string, cwd: string): readonly string[] {
  try {
    return readFileSync(resolve(cwd, file), "utf8").split("\n");
  } catch {
    return [];
  }
}
