import { wordsText, type Action } from "../expand.ts";
import { placeInStart, saying, scriptCall, whereOf, type Occurrence } from "../facts.ts";
import type { Replicas } from "../model.ts";
import type { Guard } from "../shell/shell-command.ts";
import { placeOf } from "../text/source-file.ts";
import type { PipelineRule } from "./rule.ts";

/** A2: one explicit command; nothing implicit. */
export const atEveryStart: PipelineRule = {
  id: "pipeline-migrates-at-every-start",
  title: "Every instance migrates when it starts",
  severity: "warning",
  *check(facts) {
    const told = new Set<string>();
    const starting = facts.occurrences.filter(
      ({ action, pipeline, environment }) =>
        action.kind === "migrate" && pipeline.role === "start" && environment.kind === "production",
    );
    for (const occurrence of starting.sort((one, other) => known(other) - known(one))) {
      const { replicas } = occurrence.pipeline;
      const at = placeInStart(occurrence.action);
      const key = at.file.path;
      if (occurrence.action.guards.some(isFirstOnly)) continue;
      if (told.has(key) || (typeof replicas?.count === "number" && replicas.count < 2)) continue;
      told.add(key);
      yield {
        at,
        severity: replicas === undefined ? "info" : "warning",
        message: `${whereOf(occurrence)} runs ${saying(occurrence)} at every start${unless(occurrence)}; ${howMany(replicas)}.`,
        why: `${locking(occurrence)} Each restart and each new instance needs rights to change the schema, a failing migration becomes a crash loop, and during a rolling deploy the old version meets the new schema without anybody deciding so.`,
        wayOut: {
          text: "Run it once before the new version starts, as a step of the deploy or as a release phase, and start the server alone.",
          code: `# once, before the roll-out\n${callAt(occurrence.action)}`,
        },
      };
    }
  },
};

/** A condition that holds for the first instance alone: Cloud Foundry numbers them. */
const isFirstOnly = ({ text, holds }: Guard): boolean =>
  holds && /\bCF_INSTANCE_INDEX\b.*(?:-eq|==?)\s*["']?0\b/.test(text);

const known = ({ pipeline }: Occurrence): number => (pipeline.replicas === undefined ? 0 : 1);

const callAt = (action: Action): string => scriptCall(action)?.text ?? wordsText(action.words);

function howMany(replicas: Replicas | undefined): string {
  if (replicas === undefined) return "no file that was read says how many instances there are";
  const what = replicas.count === "autoscaled" ? "an autoscaler" : `"replicas: ${replicas.count}"`;
  return `${what} (${placeOf(replicas.span)}) starts several`;
}

/** A switch that turns it off is said, so that a person can judge. */
function unless({ action }: Occurrence): string {
  const guard = action.guards.findLast(({ text }) => /\$/.test(text));
  return guard === undefined
    ? ""
    : ` (when ${guard.holds ? "" : "not "}${guard.text.trim().split("\n")[0]!})`;
}

function locking({ action }: Occurrence): string {
  if (action.kind !== "migrate" || action.lock === "unknown")
    return "Instances that start together run it together.";
  return action.lock === "none"
    ? `"${action.tool}" takes no lock, so instances that start together run the same migration twice at once.`
    : `"${action.tool}" takes a lock of its own, so instances that start together wait for one another or fail.`;
}
