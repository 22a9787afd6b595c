import { placeInStart, placeOfAction, saying, whereOf } from "../facts.ts";
import type { PipelineRule } from "./rule.ts";

/** Article 001: a push command compares the code with the live database and changes it unreviewed. */
export const pushesSchema: PipelineRule = {
  id: "pipeline-pushes-schema",
  title: "Production's schema is pushed, not migrated",
  severity: "error",
  *check(facts) {
    for (const occurrence of facts.occurrences) {
      const { action, environment, pipeline } = occurrence;
      if (action.kind !== "push" || environment.kind !== "production") continue;
      if (pipeline.role === "start" && pipeline.what.startsWith("service")) continue;
      yield {
        at: pipeline.role === "ci" ? placeOfAction(action) : placeInStart(action),
        message: `${whereOf(occurrence)} changes production's schema with ${saying(occurrence)}.`,
        why: `A push makes the database like the code at once: no file says what will run, nobody has reviewed it, a rename is a drop and an add, and nothing records it. Environment: production, because ${environment.because}.`,
        wayOut: {
          text: "Write migrations in development, commit them, and apply the committed files here. `lockstep baseline` records what production has today.",
          code: action.instead,
        },
      };
    }
  },
};
