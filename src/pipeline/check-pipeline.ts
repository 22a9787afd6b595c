import type { Finding } from "../rules/index.ts";
import { factsOf, placeOfAction, type Facts } from "./facts.ts";
import type { Pipeline } from "./model.ts";
import { readCompose } from "./readers/compose.ts";
import { readDeployScripts } from "./readers/deploy-scripts.ts";
import { readCloudFoundry } from "./readers/cloud-foundry.ts";
import { readDockerfiles } from "./readers/dockerfile.ts";
import { readWorkflows } from "./readers/github/workflow.ts";
import { readGitLab } from "./readers/gitlab.ts";
import { readKubernetes, withInstances } from "./readers/kubernetes.ts";
import { readPlatforms } from "./readers/platforms.ts";
import { Reading, type NotUnderstood } from "./readers/reading.ts";
import type { PipelineNote, PipelineReport, UnderstoodStep } from "./report.ts";
import { readPackages } from "./repository/packages.ts";
import { openRepository } from "./repository/repository.ts";
import { pipelineRules } from "./rules/all.ts";
import type { PipelineRule, PipelineVerdict } from "./rules/rule.ts";
import { positionAt } from "./text/source-file.ts";

export interface CheckPipelineOptions {
  /** The repository's root folder. */
  readonly root: string;
  /** Its files, as paths below the root with `/`; without them the folders are walked. */
  readonly files?: readonly string[];
}

/**
 * Reads everything in a repository that migrates or deploys, and says what in it repeats a known outage. Nothing is
 * run, nothing is written, no network is used. A file that cannot be read is a finding (`pipeline-unreadable`), one that
 * is not understood a note; it never throws for what stands in a file.
 */
export async function checkPipeline(options: CheckPipelineOptions): Promise<PipelineReport> {
  const repository = openRepository(options.root, options.files);
  const packages = readPackages(repository);
  const reading = new Reading(repository, packages);
  const read: Pipeline[] = [
    ...readWorkflows(reading),
    ...readGitLab(reading),
    ...readPlatforms(reading),
    ...readCloudFoundry(reading),
    ...readDockerfiles(reading),
    ...readCompose(reading),
    ...readKubernetes(reading),
  ];
  const pipelines = withInstances(read, reading.ownImages);
  pipelines.push(...readDeployScripts(reading));
  const facts = factsOf(repository, packages, pipelines, [
    ...reading.malformed,
    ...packages.malformed,
  ]);
  return {
    findings: evaluate(facts, reading.files),
    read: [...reading.files].map(([file, what]) => ({ file, what })).sort(byFile),
    steps: understood(facts),
    notes: notesOf(reading.notUnderstood),
  };
}

function notesOf(notUnderstood: readonly NotUnderstood[]): PipelineNote[] {
  const sameAs = (one: NotUnderstood) => (other: NotUnderstood) =>
    one === other ||
    (one.kind !== undefined && one.kind === other.kind && one.span.file === other.span.file);
  return notUnderstood.flatMap((one, index) => {
    if (notUnderstood.findIndex(sameAs(one)) !== index) return [];
    const { span, text } = one;
    const more = notUnderstood.filter(sameAs(one)).length - 1;
    return {
      file: span.file.path,
      line: positionAt(span.file, span.start).line,
      text:
        more === 0
          ? text
          : `${text.slice(0, -1)}; so ${more === 1 ? "does 1 more" : `do ${more} more`} of this file.`,
    };
  });
}

/** What a finding is read from. */
function sourceOf(what: string | undefined): string {
  if (what === undefined) return "source file";
  if (what === "script") return "shell script";
  return /workflow|pipeline|action/.test(what) ? `${what} file` : what;
}

const byFile = (one: { file: string }, other: { file: string }): number =>
  one.file < other.file ? -1 : one.file > other.file ? 1 : 0;

function evaluate(facts: Facts, files: ReadonlyMap<string, string>): Finding[] {
  const findings = pipelineRules.flatMap((rule) =>
    [...rule.check(facts)].map((verdict) => finding(rule, verdict, files)),
  );
  return findings.sort((one, other) => byFile(one, other) || one.line - other.line);
}

function finding(
  rule: PipelineRule,
  verdict: PipelineVerdict,
  files: ReadonlyMap<string, string>,
): Finding {
  const { file, start, end } = verdict.at;
  const from = positionAt(file, start);
  const to = positionAt(file, end);
  return {
    rule: rule.id,
    severity: verdict.severity ?? rule.severity,
    file: file.path,
    line: from.line,
    column: from.column,
    endLine: to.line,
    endColumn: to.column,
    message: verdict.message,
    why: verdict.why,
    source: sourceOf(files.get(file.path)),
    wayOut: verdict.wayOut,
    docs: `docs/rules/${rule.id}.md`,
  };
}

function understood(facts: Facts): UnderstoodStep[] {
  return facts.occurrences.flatMap(({ action, environment }) => {
    const { kind, tool } = action;
    if (kind !== "migrate" && kind !== "push" && kind !== "deploy" && kind !== "record") return [];
    const { file, start } = placeOfAction(action);
    const { line } = positionAt(file, start);
    return [
      {
        kind,
        tool,
        file: file.path,
        line,
        environment: environment.kind,
        because: environment.because,
      },
    ];
  });
}
