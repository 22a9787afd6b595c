import { placeOfAction, saying, type Occurrence } from "../facts.ts";
import type { PipelineRule, PipelineVerdict } from "./rule.ts";

/** Two deploys at once: the second applies and ships while the first is half-way. */
export const unguarded: PipelineRule = {
  id: "pipeline-migrates-unguarded",
  title: "Nothing keeps two migrating runs apart",
  severity: "warning",
  *check(facts) {
    const told = new Set<string>();
    for (const occurrence of facts.occurrences) {
      const { action, pipeline, job, environment } = occurrence;
      if (action.kind !== "migrate" && action.kind !== "push") continue;
      if (pipeline.role !== "ci" || environment.kind !== "production") continue;
      if (action.tool.startsWith("lockstep") || told.has(`${pipeline.file.path}:${job.id}`))
        continue;
      told.add(`${pipeline.file.path}:${job.id}`);
      if (job.turns === undefined) {
        if (startedByHand(pipeline.trigger)) continue;
        yield withoutTurns(occurrence);
      } else if (job.turns.cancels !== undefined) {
        yield {
          at: job.turns.cancels,
          message: `A newer run ends job "${job.id}" while it migrates production with ${saying(occurrence)}.`,
          why: "A migration that is killed leaves what ran outside a transaction (an invalid index, a half-done backfill), and its server session may go on holding locks after the runner is gone.",
          wayOut: {
            text: "Let runs wait for one another.",
            code:
              pipeline.what === "workflow"
                ? "concurrency:\n  group: production\n  cancel-in-progress: false"
                : "interruptible: false",
          },
        };
      }
    }
  },
};

/** Runs that a person starts one after the other. */
const startedByHand = (trigger: string): boolean => trigger === "workflow_dispatch";

function withoutTurns(occurrence: Occurrence): PipelineVerdict {
  const { action, job, pipeline } = occurrence;
  const lock =
    action.kind === "migrate" && action.lock === "own"
      ? "The tool's own lock keeps two migrations apart, not two deploys: the older run may ship its code after the newer one."
      : action.kind === "migrate" && action.lock === "unknown"
        ? "Whether the tool takes a lock was not tried; without one, two runs apply the same migration at once."
        : "The tool takes no lock, so two runs apply the same migration at once.";
  return {
    at: placeOfAction(action),
    message: `Job "${job.id}" migrates production with ${saying(occurrence)}, and two runs of it can overlap.`,
    why: `Two pushes in a row start two runs. ${lock} Environment: production, because ${occurrence.environment.because}.`,
    wayOut: {
      text: "Let one run wait for the other; do not cancel a running one.",
      code:
        pipeline.what === "workflow"
          ? `  ${job.id.replace(/ [(/].*$/, "")}:\n    concurrency:\n      group: production\n      cancel-in-progress: false`
          : `${job.id}:\n  resource_group: production`,
    },
  };
}
