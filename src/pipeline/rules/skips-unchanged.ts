import { isDeploy, saying, type Facts, type Occurrence } from "../facts.ts";
import type { Span } from "../text/source-file.ts";
import type { PipelineRule } from "./rule.ts";
import { startedBy } from "./glob.ts";
import { callText } from "./wording.ts";

const changed =
  /\b(?:changed|changes|paths-filter|any_changed|any_modified|has_changes|modified)\b|_changed\b|-changed\b/i;

/** Mistake 8 of article 001: files that did not change since the last commit say nothing about the database. */
export const skipsUnchanged: PipelineRule = {
  id: "pipeline-skips-unchanged-schema",
  title: "The schema step is left out when the files did not change",
  severity: "warning",
  *check(facts) {
    const told = new Set<string>();
    for (const occurrence of facts.occurrences) {
      const { action, environment } = occurrence;
      if (action.kind !== "migrate" && action.kind !== "push") continue;
      if (environment.kind !== "production" && environment.kind !== "lower") continue;
      const found = changeCondition(facts, occurrence);
      if (found === undefined || told.has(`${found.file.path}:${found.start}`)) continue;
      told.add(`${found.file.path}:${found.start}`);
      yield {
        at: found,
        message: `${saying(occurrence)} is left out when the commit does not touch certain files.`,
        why: "When it failed once, or a commit in between was never deployed, the next commit finds nothing changed and the migration stays undone. What is pending is known by the database, not by a diff of two commits; a run with nothing to do is harmless.",
        wayOut: {
          text: "Run it in every deploy; it compares with the live database and does nothing when nothing is pending.",
          code: callText(occurrence),
        },
      };
    }
  },
};

function changeCondition(facts: Facts, occurrence: Occurrence): Span | undefined {
  const { job, step, action, pipeline } = occurrence;
  const comparing = facts.occurrences.some(
    (each) => each.pipeline === pipeline && each.action.kind === "checks-changes",
  );
  const alone = shippedTogether(facts, occurrence) ? undefined : job.condition;
  for (const condition of [step.condition, alone]) {
    if (condition !== undefined && comparing && changed.test(condition.text)) return condition.span;
  }
  const guard = action.guards.find((each) => each.holds && /\bgit\s+diff\b/.test(each.text));
  if (guard !== undefined) return guard.span;
  const variable = action.guards.find(
    (each) => each.holds && comparing && /\$\{?\w*(?:CHANGED|CHANGES|DIFF)\b/i.test(each.text),
  );
  if (variable !== undefined) return variable.span;
  const filter = job.changes ?? pipeline.changes;
  if (filter?.patterns === undefined || shipsToo(facts, occurrence)) return undefined;
  const { patterns, ignored } = filter;
  const narrow = facts.migrations.some(({ newest }) => startedBy(patterns, ignored, newest));
  return narrow &&
    patterns.every((pattern) => /migrat|schema|prisma|drizzle|\bdb\b|database|sql/i.test(pattern))
    ? filter.span
    : undefined;
}

/** A job that deploys too, or whose condition a deploying job has as well: code and schema wait together. */
const shippedTogether = (facts: Facts, { job, pipeline }: Occurrence): boolean =>
  facts.occurrences.some(
    (each) =>
      isDeploy(each) &&
      each.pipeline === pipeline &&
      (each.job === job || each.job.condition?.text === job.condition?.text),
  );

/** A whole deploy under a filter is left out as one: code and schema stay together. */
const shipsToo = (facts: Facts, { job, pipeline }: Occurrence): boolean =>
  facts.occurrences.some(
    (each) =>
      isDeploy(each) &&
      each.pipeline === pipeline &&
      (job.changes === undefined || each.job === job),
  );
