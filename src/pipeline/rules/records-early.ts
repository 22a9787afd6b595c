import { placeOfAction, saying, type Facts, type Occurrence } from "../facts.ts";
import { placeOf } from "../text/source-file.ts";
import type { PipelineRule } from "./rule.ts";
import { commandText } from "./wording.ts";

/** B4: what is recorded is the last verified success, never the last attempt. */
export const recordsEarly: PipelineRule = {
  id: "pipeline-records-success-early",
  title: "Success is recorded before it is known",
  severity: "error",
  *check(facts) {
    for (const record of facts.occurrences) {
      if (record.action.kind !== "record") continue;
      const work = workOf(facts, record);
      const later = work.find((each) => each.index > record.index);
      const ignored = work.find(
        (each) => each.index < record.index && each.action.fate.kind === "ignored",
      );
      const always = record.step.regardless ? work[0] : undefined;
      const about = later ?? ignored ?? always;
      if (about === undefined) continue;
      const what =
        later !== undefined
          ? `before ${saying(later)} at ${placeOf(placeOfAction(later.action))} has run`
          : ignored !== undefined
            ? `although a failure of ${saying(ignored)} at ${placeOf(placeOfAction(ignored.action))} is ignored`
            : `by a step that runs when ${saying(about)} failed too`;
      yield {
        at: placeOfAction(record.action),
        message: `"${record.action.tool}" records this commit as deployed ${what}.`,
        why: "The next deploy compares with what is recorded: after a failed schema step it finds nothing to do, and the gap stays until a customer meets it.",
        wayOut: {
          text: "Record last, in the same shell, so that only success gets there; better, let `lockstep deploy` record it in the database itself.",
          code: `set -euo pipefail\n${commandText(about)}\n${commandText(record)}`,
        },
      };
    }
  },
};

/** Schema and deploy work of the same job. */
const workOf = (facts: Facts, record: Occurrence): Occurrence[] =>
  facts.occurrences.filter(
    ({ action, job, pipeline }) =>
      job === record.job &&
      pipeline === record.pipeline &&
      (action.kind === "migrate" || action.kind === "push" || action.kind === "deploy"),
  );
