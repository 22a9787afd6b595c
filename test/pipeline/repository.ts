import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { checkPipeline, type PipelineReport } from "../../src/pipeline/index.ts";

/** The report on a repository that holds exactly these files. */
export async function reportOn(files: Readonly<Record<string, string>>): Promise<PipelineReport> {
  const root = mkdtempSync(join(tmpdir(), "lockstep-repository-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return await checkPipeline({ root });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** `rule file:line`, one for each finding. */
export const places = (report: PipelineReport): string[] =>
  report.findings.map(({ rule, file, line }) => `${rule} ${file}:${line}`);

/** `kind tool (environment)`, in order. */
export const steps = (report: PipelineReport): string[] =>
  report.steps.map(({ kind, tool, environment }) => `${kind} ${tool} (${environment})`);
