import {
  isDeploy,
  isMigration,
  placeOfAction,
  saying,
  type Facts,
  type Occurrence,
} from "../facts.ts";
import { placeOf } from "../text/source-file.ts";
import type { PipelineRule } from "./rule.ts";
import { callText } from "./wording.ts";

/** D4, article 003: the migration step is in every environment's job but production's. */
export const onlyLower: PipelineRule = {
  id: "pipeline-migrates-only-lower",
  title: "Lower environments are migrated, production is not",
  severity: "error",
  *check(facts) {
    const lower = facts.occurrences.find(
      (each) => isMigration(each) && each.environment.kind === "lower",
    );
    if (lower === undefined || productionMigrates(facts)) return;
    const deploy = facts.occurrences.find(
      (each) =>
        isDeploy(each) && each.environment.kind === "production" && alike(facts, each, lower),
    );
    if (deploy === undefined) return;
    yield {
      at: placeOfAction(deploy.action),
      message: `Job "${deploy.job.id}" deploys production with ${saying(deploy)} and no step migrates it; ${saying(lower)} runs only for a lower environment (${placeOf(placeOfAction(lower.action))}).`,
      why: `The migration is proven below production and never gets there: the deploy stays green and the first query on the new column fails. Lower: ${lower.environment.because}. Production: ${deploy.environment.because}.`,
      wayOut: {
        text: "Run the same step for production, before the deploy.",
        code: `- name: ${lower.step.name}\n  run: ${callText(lower)}\n  env:\n    DATABASE_URL: \${{ secrets.PRODUCTION_DATABASE_URL }}\n- name: ${deploy.step.name}\n  run: ${callText(deploy)}`,
      },
    };
  },
};

/** Something migrates production, or may do so. */
const productionMigrates = (facts: Facts): boolean =>
  facts.occurrences.some(
    ({ action, environment }) =>
      (action.kind === "migrate" || action.kind === "push") &&
      (environment.kind === "production" || environment.kind === "unknown"),
  ) ||
  facts.pipelines.some((pipeline) =>
    pipeline.jobs.some(
      (job) =>
        job.environment.kind !== "lower" && job.steps.some((step) => step.mentions.length > 0),
    ),
  );

/** The lower environment is deployed the same way, so the two are twins. */
const alike = (facts: Facts, deploy: Occurrence, lower: Occurrence): boolean =>
  facts.occurrences.some(
    (each) =>
      isDeploy(each) &&
      each.environment.kind === "lower" &&
      each.action.tool === deploy.action.tool &&
      (each.pipeline === lower.pipeline || each.job === lower.job),
  );
