import { databaseEvidence, firstSaying, flagEvidence, hasSecretDatabase } from "./environment.ts";
import type { Action, Via } from "./expand.ts";
import type { Environment, Job, Pipeline, Step } from "./model.ts";
import { migrationFolders, type MigrationFolder } from "./repository/migration-folders.ts";
import type { Packages } from "./repository/packages.ts";
import type { Repository } from "./repository/repository.ts";
import {
  isOtherDatabase,
  schemaSettings,
  type SchemaSettings,
} from "./repository/schema-settings.ts";
import type { Span } from "./text/source-file.ts";
import type { Malformed } from "./text/yaml-document.ts";

/** An action with everything around it. */
export interface Occurrence<A extends Action = Action> {
  readonly action: A;
  readonly step: Step;
  readonly job: Job;
  readonly pipeline: Pipeline;
  /** Order in the job. */
  readonly index: number;
  readonly environment: Environment;
}

/** What the rules look at. */
export interface Facts {
  readonly repository: Repository;
  readonly packages: Packages;
  readonly pipelines: readonly Pipeline[];
  readonly occurrences: readonly Occurrence[];
  readonly migrations: readonly MigrationFolder[];
  readonly settings: SchemaSettings;
  readonly malformed: readonly Malformed[];
}

export function factsOf(
  repository: Repository,
  packages: Packages,
  pipelines: readonly Pipeline[],
  malformed: readonly Malformed[],
): Facts {
  const settings = schemaSettings(repository);
  const all = pipelines.flatMap((pipeline) =>
    pipeline.jobs.flatMap((job) => occurrencesIn(pipeline, job)),
  );
  return {
    repository,
    packages,
    pipelines,
    occurrences: all.filter(({ action }) => !reachesAnotherDatabase(action, settings)),
    migrations: isOtherDatabase(settings) ? [] : migrationFolders(repository),
    settings,
    malformed,
  };
}

/** Migrations of ClickHouse, MySQL, SQLite and so on are not judged. */
function reachesAnotherDatabase(action: Action, settings: SchemaSettings): boolean {
  if (!changesSchema(action)) return false;
  const named = `${action.span.file.path} ${action.directory ?? ""}`;
  if (/clickhouse|mysql|mongo|sqlite/i.test(named)) return true;
  return (
    /^(?:prisma|drizzle-kit|node|tsx|ts-node|bun|deno)\b/.test(action.tool) &&
    isOtherDatabase(settings)
  );
}

function occurrencesIn(pipeline: Pipeline, job: Job): Occurrence[] {
  const all = job.steps.flatMap((step) => step.actions.map((action) => ({ action, step })));
  return all.map(({ action, step }, index) => {
    const earlier = all.slice(0, index).map((other) => other.action);
    const environment = environmentOf(action, step, job, pipeline, earlier);
    return { action, step, job, pipeline, index, environment };
  });
}

const changesSchema = (action: Action): boolean =>
  action.kind === "migrate" || action.kind === "push";

/** The strongest evidence first: the command's own options, its database, then what surrounds it. */
function environmentOf(
  action: Action,
  step: Step,
  job: Job,
  pipeline: Pipeline,
  earlier: readonly Action[],
): Environment {
  const own =
    flagEvidence(action) ?? (changesSchema(action) ? databaseEvidence(action) : undefined);
  if (own !== undefined) return own;
  if (pipeline.role !== "ci") return job.environment;
  const secret = hasSecretDatabase(action);
  if (changesSchema(action) && !secret) {
    if (job.databaseService)
      return { kind: "test", because: "the job has a database service of its own" };
    if (earlier.some((other) => other.kind === "starts-services")) {
      return { kind: "test", because: "the job starts its own database" };
    }
  }
  const said = stepSays(step);
  if (said !== undefined) return said;
  const named = job.environment;
  if (named.kind === "production" || named.kind === "lower") return named;
  const deploys = job.steps.some((each) => each.actions.some(({ kind }) => kind === "deploy"));
  const real = secret || action.kind === "deploy" || deploys;
  if (named.kind === "test" && !real) return named;
  const conditions = `${job.condition?.text ?? ""} ${step.condition?.text ?? ""}`;
  const guarded = /github\.(?:ref|event|base_ref|head_ref)|CI_COMMIT|CI_PIPELINE/.test(conditions);
  if (/pull_request|merge_group/.test(pipeline.trigger) && !guarded) {
    return { kind: "test", because: "it runs on pull requests too" };
  }
  const main = /push to [^;]*\b(?:main|master)\b|push of a tag|\brelease\b/.test(pipeline.trigger);
  if (real && main) {
    return {
      kind: "production",
      because: `it runs on ${pipeline.trigger}, and nothing names another environment`,
    };
  }
  return { kind: "unknown", because: named.because };
}

/** What the step's name and the values that its condition asks for say. */
function stepSays(step: Step): Environment | undefined {
  const condition = step.condition?.text ?? "";
  const asked = /!=|!\s*contains/.test(condition)
    ? []
    : [...condition.matchAll(/==\s*'([^']*)'|'([^']*)'\s*==/g)].map(
        (match) => match[1] ?? match[2]!,
      );
  const hints = [
    ...asked.map((value) => ({ name: value.replace("refs/heads/", ""), what: "condition" })),
    { name: step.name, what: "step" },
  ];
  return hints
    .map((hint) => firstSaying([hint]))
    .find(({ kind }) => kind === "production" || kind === "lower");
}

/** The place of an action in the pipeline's own file: what starts it there. */
export function placeOfAction(action: Action): Span {
  const called = action.via.find(({ what }) => !/\.ya?ml$/.test(what));
  return called?.span ?? action.span;
}

/** The call of a package script on the way to the action. */
export const scriptCall = ({ via }: Action): Via | undefined =>
  via.find(({ what }) => what.startsWith("script "));

/** Where a start-up itself names an action: the call of the package script, or the command. */
export const placeInStart = (action: Action): Span => scriptCall(action)?.span ?? action.span;

export const isMigration = (occurrence: Occurrence): boolean =>
  occurrence.action.kind === "migrate";
export const isDeploy = (occurrence: Occurrence): boolean => occurrence.action.kind === "deploy";

/** `job "deploy" of .github/workflows/deploy.yml`, or the file that is the whole pipeline. */
export function whereOf({ pipeline, job }: Occurrence): string {
  return pipeline.role === "ci"
    ? `job "${job.id}" of ${pipeline.file.path}`
    : `${pipeline.what} in ${pipeline.file.path}`;
}

/** `"prisma migrate deploy"`, and through which scripts it is reached. */
export function saying({ action }: Occurrence): string {
  const scripts = action.via.filter(({ what }) => !/\.ya?ml$/.test(what)).map(({ what }) => what);
  const path = scripts.length === 0 ? "" : ` (through ${scripts.join(", ")})`;
  return `"${action.tool}"${path}`;
}

/** True when `first` has ended well before `second` starts. */
export function endsBefore(first: Occurrence, second: Occurrence): boolean {
  if (first.pipeline !== second.pipeline) return false;
  if (first.job === second.job) return first.index < second.index;
  return reaches(second.job, first.job.id, first.pipeline, new Set());
}

function reaches(from: Job, id: string, pipeline: Pipeline, seen: Set<string>): boolean {
  if (seen.has(from.id)) return false;
  seen.add(from.id);
  return from.needs.some((need) => {
    if (need === id) return true;
    const next = pipeline.jobs.find((job) => job.id === need);
    return next !== undefined && reaches(next, id, pipeline, seen);
  });
}
