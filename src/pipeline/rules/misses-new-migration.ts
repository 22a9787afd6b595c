import { isMigration, saying } from "../facts.ts";
import type { PipelineRule } from "./rule.ts";
import { startedBy } from "./glob.ts";

/** D4: the pipeline would not run for a commit that adds only a migration. */
export const missesNewMigration: PipelineRule = {
  id: "pipeline-misses-new-migration",
  title: "A new migration file does not start the job that applies it",
  severity: "error",
  *check(facts) {
    for (const occurrence of facts.occurrences) {
      const { job, pipeline, environment } = occurrence;
      if (
        !isMigration(occurrence) ||
        (environment.kind !== "production" && environment.kind !== "lower")
      )
        continue;
      const filter = job.changes ?? pipeline.changes;
      if (filter?.patterns === undefined || facts.migrations.length === 0) continue;
      const { patterns, ignored } = filter;
      const known = facts.migrations.filter(({ newest }) => startedBy(patterns, ignored, newest));
      if (known.length > 0) continue;
      const [missed] = facts.migrations;
      yield {
        at: filter.span,
        message: `A commit that adds a migration such as ${missed!.newest} does not start ${saying(occurrence)}: "${filter.keyword}" does not let it through.`,
        why: "The file is merged, the pipeline is green because it did not run, and the next deploy of something else ships code that expects it.",
        wayOut: {
          text: "Let the folder through, or delete the filter: a migration step with nothing to do takes seconds.",
          code: `${filter.keyword === "paths-ignore" ? "paths" : filter.keyword}:\n${patterns
            .filter((each) => each !== "**")
            .map((each) => `  - "${each}"\n`)
            .join("")}  - "${missed!.folder}/**"`,
        },
      };
      return;
    }
  },
};
