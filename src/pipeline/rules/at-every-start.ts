import { saying, whereOf, type Occurrence } from "../facts.ts";
import { placeOf } from "../text/source-file.ts";
import type { PipelineRule } from "./rule.ts";
import { callText, sourceOf } from "./wording.ts";

/** A2: one explicit command; nothing implicit. */
export const atEveryStart: PipelineRule = {
  id: "pipeline-migrates-at-every-start",
  title: "Every instance migrates when it starts",
  severity: "warning",
  *check(facts) {
    const told = new Set<string>();
    for (const occurrence of facts.occurrences) {
      const { action, pipeline, environment } = occurrence;
      if (
        action.kind !== "migrate" ||
        pipeline.role !== "start" ||
        environment.kind !== "production"
      )
        continue;
      const key = `${action.span.file.path}:${action.span.start}`;
      if (told.has(key)) continue;
      told.add(key);
      const { replicas } = pipeline;
      if (typeof replicas?.count === "number" && replicas.count < 2) continue;
      const many = replicas !== undefined;
      yield {
        at: action.span,
        severity: many ? "warning" : "info",
        message: many
          ? `${whereOf(occurrence)} runs ${saying(occurrence)} at every start, and ${replicas.count === "autoscaled" ? "an autoscaler" : `"replicas: ${replicas.count}"`} (${placeOf(replicas.span)}) starts several.`
          : `${whereOf(occurrence)} runs ${saying(occurrence)} at every start; how many instances there are is not in this repository.`,
        why: `${locking(occurrence)} Each restart and each new instance needs rights to change the schema, a failing migration becomes a crash loop, and during a rolling deploy the old version meets the new schema without anybody deciding so.`,
        source: sourceOf(occurrence),
        wayOut: {
          text: "Run it once before the new version starts, as a step of the deploy or as a release phase, and start the server alone.",
          code: `# once, before the roll-out\n${callText(occurrence)}`,
        },
      };
    }
  },
};

function locking({ action }: Occurrence): string {
  if (action.kind !== "migrate" || action.lock === "unknown")
    return "Instances that start together run it together.";
  return action.lock === "none"
    ? `"${action.tool}" takes no lock, so instances that start together run the same migration twice at once.`
    : `"${action.tool}" takes a lock of its own, so instances that start together wait for one another or fail.`;
}
