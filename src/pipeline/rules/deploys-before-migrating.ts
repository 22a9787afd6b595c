import {
  endsBefore,
  isDeploy,
  isMigration,
  placeOfAction,
  saying,
  type Facts,
  type Occurrence,
} from "../facts.ts";
import type { Condition } from "../model.ts";
import { placeOf } from "../text/source-file.ts";
import type { PipelineRule, PipelineVerdict } from "./rule.ts";

const hasReal = ({ environment }: Occurrence): boolean =>
  environment.kind === "production" || environment.kind === "lower";

const runsInOrder = ({ pipeline }: Occurrence): boolean =>
  pipeline.role === "ci" || pipeline.role === "script";

/** D2: schema first, confirmed, then the application. */
export const deploysBeforeMigrating: PipelineRule = {
  id: "pipeline-deploys-before-migrating",
  title: "The new code is live before its schema is",
  severity: "error",
  *check(facts) {
    for (const migration of facts.occurrences) {
      if (!isMigration(migration) || !hasReal(migration)) continue;
      const { behind } = migration.pipeline;
      if (behind !== undefined && !migratedAhead(facts, migration)) yield late(migration, behind);
      if (!runsInOrder(migration)) continue;
      const deploys = deploysBeside(facts, migration);
      if (deploys.length === 0 || migratedEarlier(facts, migration, deploys)) continue;
      if (startsMigrate(facts, migration)) continue;
      const early = deploys.find((deploy) => endsBefore(deploy, migration));
      if (early !== undefined) {
        yield verdict(migration, early, "before");
        continue;
      }
      const parallel = deploys.find((deploy) => !endsBefore(migration, deploy));
      if (parallel !== undefined) yield verdict(migration, parallel, "parallel");
    }
  },
};

const deploysBeside = (facts: Facts, migration: Occurrence): Occurrence[] =>
  facts.occurrences.filter(
    (each) =>
      isDeploy(each) &&
      each.pipeline === migration.pipeline &&
      each.environment.kind === migration.environment.kind &&
      !migratesByItself(each) &&
      !excludes(each, migration),
  );

/** A platform's deploy that is followed by a release phase, or that runs a job. */
const migratesByItself = ({ action }: Occurrence): boolean =>
  action.words.some((word) => /migrat/i.test(word.text));

/** Steps under conditions that are not the same may never run in one go. */
function excludes(one: Occurrence, other: Occurrence): boolean {
  const conditions = (of: Occurrence): string =>
    [of.job.condition?.text, of.step.condition?.text]
      .filter((text) => text !== undefined)
      .join(" && ");
  const [first, second] = [conditions(one), conditions(other)];
  return first !== second && first !== "" && second !== "" && one.job !== other.job;
}

/** A further migration before the deploys (such as the expand phase) makes a later one the contraction. */
const migratedEarlier = (
  facts: Facts,
  migration: Occurrence,
  deploys: readonly Occurrence[],
): boolean =>
  facts.occurrences.some(
    (each) =>
      each !== migration &&
      isMigration(each) &&
      each.action.guards.length <= migration.action.guards.length &&
      each.environment.kind === migration.environment.kind &&
      deploys.every((deploy) => endsBefore(each, deploy)),
  );

/** The new code applies the same migrations before it serves: the later step finds nothing to do. */
const startsMigrate = (facts: Facts, migration: Occurrence): boolean =>
  facts.occurrences.some(
    (each) =>
      isMigration(each) &&
      !runsInOrder(each) &&
      each.pipeline.behind === undefined &&
      each.action.tool === migration.action.tool,
  );

/** Something else migrates the same environment, and not behind its new instances. */
const migratedAhead = (facts: Facts, migration: Occurrence): boolean =>
  facts.occurrences.some(
    (each) =>
      isMigration(each) &&
      each.pipeline.behind === undefined &&
      each.environment.kind === migration.environment.kind,
  );

function late(migration: Occurrence, behind: Condition): PipelineVerdict {
  return {
    at: behind.span,
    message: `${saying(migration)} runs when the new instances are there already (${behind.text}).`,
    why: `Helm's post- hooks and Argo CD's PostSync start when the new manifests are applied: until the migration has ended, the new code runs on the old schema; when it fails, the code stays live without its schema. ${because(migration)}`,
    wayOut: {
      text: "Let the job run before the new instances; additions go before the code, removals into a later release.",
      code: behind.text.startsWith("helm")
        ? '"helm.sh/hook": pre-install,pre-upgrade'
        : "argocd.argoproj.io/hook: PreSync",
    },
  };
}

function verdict(
  migration: Occurrence,
  deploy: Occurrence,
  order: "before" | "parallel",
): PipelineVerdict {
  const sameJob = migration.job === deploy.job;
  const words =
    order === "before"
      ? `${saying(deploy)} runs before ${saying(migration)}`
      : `job "${deploy.job.id}" deploys with ${saying(deploy)} and does not wait for job "${migration.job.id}", which runs ${saying(migration)}`;
  return {
    at: placeOfAction(deploy.action),
    message: `${words}${sameJob ? ` in job "${migration.job.id}"` : ""}.`,
    why: `Until the migration at ${placeOf(placeOfAction(migration.action))} has ended, the new code runs on the old schema; when it fails, the code stays live without its schema. ${because(migration)}`,
    wayOut: sameJob
      ? {
          text: `Move the step "${migration.step.name}" above "${deploy.step.name}"; additions go before the code, removals into a later release.`,
        }
      : {
          text: `Let job "${deploy.job.id}" wait for job "${migration.job.id}".`,
          code:
            deploy.pipeline.what === "workflow"
              ? `  ${jobKey(deploy)}:\n    needs: [${jobKey(migration)}]`
              : `${deploy.job.id}:\n  needs: ["${migration.job.id}"]`,
        },
  };
}

const jobKey = ({ job }: Occurrence): string => job.id.replace(/ [(/].*$/, "");

const because = ({ environment }: Occurrence): string =>
  `Environment: ${environment.kind}, because ${environment.because}.`;
