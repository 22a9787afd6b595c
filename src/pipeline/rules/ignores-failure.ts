import { saying, type Occurrence } from "../facts.ts";
import type { Ignored } from "../shell/fate.ts";
import { hasFlag, flagValue, commandLine } from "../commands/command-line.ts";
import { placeOf, type Span } from "../text/source-file.ts";
import type { PipelineRule, PipelineVerdict } from "./rule.ts";
import { commandText, severityIn } from "./wording.ts";

/** B2: a failed schema step fails the deploy. */
export const ignoresFailure: PipelineRule = {
  id: "pipeline-ignores-migration-failure",
  title: "A failed migration does not stop the deploy",
  severity: "error",
  *check(facts) {
    const told = new Set<string>();
    for (const occurrence of facts.occurrences) {
      const { action, environment } = occurrence;
      if (action.kind !== "migrate" && action.kind !== "push") continue;
      if (environment.kind === "test") continue;
      // An image's build, and what starts on a developer's machine.
      const isLocal = occurrence.pipeline.role !== "ci" && occurrence.pipeline.role !== "script";
      if (isLocal && environment.kind === "unknown") continue;
      const found =
        ignoredBy(occurrence) ??
        withoutErrorStop(occurrence) ??
        regardless(occurrence, facts.occurrences);
      if (found === undefined) continue;
      const key = `${found.at.file.path}:${found.at.start}`;
      if (told.has(key)) continue;
      told.add(key);
      yield found;
    }
  },
};

function ignoredBy(occurrence: Occurrence): PipelineVerdict | undefined {
  const { action } = occurrence;
  if (action.fate.kind !== "ignored") return undefined;
  const { how, at } = action.fate;
  if (how === "background" && occurrence.pipeline.role === "start") return undefined;
  return {
    at,
    severity: severityIn(occurrence),
    message: `When ${saying(occurrence)} fails, ${goesOn(how, at)}.`,
    why: `${reasons[how]} The command is at ${placeOf(action.span)}. Environment: ${occurrence.environment.kind}, because ${occurrence.environment.because}.`,
    wayOut: wayOut(how, at, occurrence),
  };
}

const quoted = ({ file, start, end }: Span): string => {
  const line = file.text.slice(start, end).split("\n")[0]!.trim();
  return line.length > 60 ? `${line.slice(0, 57)}…` : line;
};

function goesOn(how: Ignored, at: Span): string {
  if (how === "continue-on-error" || how === "allow-failure")
    return `"${quoted(at)}" lets the pipeline go on`;
  if (how === "next-command") return `the script goes on with "${quoted(at)}"`;
  if (how === "pipe") return `the pipe hides its exit status: "${quoted(at)}"`;
  return `"${quoted(at)}" lets the script go on`;
}

const reasons: Readonly<Record<Ignored, string>> = {
  "or-true": "`|| true` makes the exit status 0, whatever happened.",
  "or-message": "What stands after `||` ends with status 0, so the failure is only printed.",
  "next-command": "The script runs without `set -e`: its status is that of its last command.",
  "and-list":
    "`set -e` does not act on a command before `&&` (POSIX 2018, set -e): when it fails, the rest of that line is left out and the script goes on.",
  pipe: "The status of a pipe is that of its last command, unless `pipefail` is set. GitHub's default shell is `bash -e` without it; only `shell: bash` has it.",
  background: "A command that is started with `&` has no status that anybody waits for.",
  substitution: "The status of a command inside an argument is lost.",
  negation: "`!` turns the failure into success.",
  "else-goes-on": "The branch for the failure ends with status 0.",
  "continue-on-error": "The step counts as passed when it fails.",
  "allow-failure": "The job counts as passed, with a warning, when it fails.",
};

function wayOut(how: Ignored, at: Span, occurrence: Occurrence): PipelineVerdict["wayOut"] {
  const command = commandText(occurrence);
  switch (how) {
    case "continue-on-error":
    case "allow-failure":
      return {
        text: `Delete the line; a migration that may fail belongs into a job that nothing waits for.`,
      };
    case "pipe":
      return {
        text: "Name the shell, or set pipefail in the script.",
        code:
          occurrence.pipeline.what === "workflow" && occurrence.action.via.length === 0
            ? `- name: ${occurrence.step.name}\n  shell: bash   # bash -eo pipefail\n  run: …`
            : `set -o pipefail\n${command} | …`,
      };
    case "next-command":
    case "else-goes-on":
      return occurrence.action.span.file.path.endsWith("package.json") ||
        (occurrence.pipeline.role !== "ci" && at.file.path === occurrence.pipeline.file.path)
        ? { text: "Join the commands with &&.", code: `${command} && …` }
        : { text: "Let the script end at the first failure.", code: `set -e\n${command}` };
    case "and-list":
      return { text: "Give the migration a line of its own.", code: `set -e\n${command}` };
    case "or-true":
    case "or-message":
    case "background":
    case "substitution":
    case "negation":
      return {
        text: "Run it plainly; the failure then ends the deploy while the old version still serves.",
        code: command,
      };
  }
}

/** psql's exit status is 0 after failed statements, and 3 only with ON_ERROR_STOP (psql, "Exit Status"). */
function withoutErrorStop(occurrence: Occurrence): PipelineVerdict | undefined {
  const { action } = occurrence;
  if (action.kind !== "migrate" || action.tool !== "psql -f") return undefined;
  const line = commandLine(action.words.map((word) => word.text));
  if (line.args.some((word) => /ON_ERROR_STOP/.test(word)) || hasFlag(line, "-X1"))
    return undefined;
  const file = flagValue(line, "-f", "--file") ?? "";
  return {
    at: action.span,
    severity: severityIn(occurrence),
    message: `psql runs ${file} to the end when a statement fails, and exits with 0.`,
    why: 'Without ON_ERROR_STOP psql goes on after an error and its status is 0; with it the status is 3 (psql manual, "Exit Status").',
    wayOut: {
      text: "Set ON_ERROR_STOP.",
      code: commandText(occurrence).replace(/\bpsql\b/, "psql -v ON_ERROR_STOP=1"),
    },
  };
}

/** A deploy under `if: always()` behind the migration. */
function regardless(
  migration: Occurrence,
  all: readonly Occurrence[],
): PipelineVerdict | undefined {
  const deploy = all.find(
    (each) =>
      each.action.kind === "deploy" &&
      each.pipeline === migration.pipeline &&
      each.environment.kind === migration.environment.kind &&
      ((each.job === migration.job && each.step.regardless && each.index > migration.index) ||
        (each.job !== migration.job &&
          each.job.regardless &&
          each.job.needs.includes(migration.job.id))),
  );
  if (deploy === undefined) return undefined;
  const condition = deploy.job === migration.job ? deploy.step.condition : deploy.job.condition;
  if (condition === undefined || /success\(\)|\.result|\.outcome|\.conclusion/.test(condition.text))
    return undefined;
  return {
    at: condition.span,
    severity: severityIn(migration),
    message: `"${condition.text}" deploys with ${saying(deploy)} although ${saying(migration)} failed.`,
    why: "`always()` and `!cancelled()` replace the check that everything before went well.",
    wayOut: { text: "Delete the condition, or ask for the result too.", code: "if: success()" },
  };
}
