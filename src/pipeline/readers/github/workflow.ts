import { environmentNamed, firstSaying, type Hint } from "../../environment.ts";
import type { Environment, Job, Pipeline, Turns } from "../../model.ts";
import { nameOf } from "../../repository/repository.ts";
import { joinPath } from "../../shell/shell-state.ts";
import type { ShellWord } from "../../shell/shell-command.ts";
import type { Span } from "../../text/source-file.ts";
import {
  entries,
  entry,
  get,
  isMapping,
  items,
  spanOf,
  text,
  type YamlEntry,
  type YamlNode,
} from "../../text/yaml-document.ts";
import type { Reading } from "../reading.ts";
import { variablesOf } from "../variables.ts";
import { evaluate, type Known } from "./expression.ts";
import {
  conditionOf,
  continueOnError,
  readSteps,
  runsRegardless,
  workingDirectory,
} from "./steps.ts";
import { readTriggers, type Triggers } from "./triggers.ts";
import { filledIn, variantsOf, type Variant } from "./variants.ts";

/** Every workflow that starts by itself; those that are only called stand in their callers. */
export function readWorkflows(reading: Reading): Pipeline[] {
  const paths = reading.repository.paths.filter((path) =>
    /^\.github\/workflows\/[^/]+\.ya?ml$/.test(path),
  );
  const called = new Set<string>();
  const pipelines = paths.flatMap((path) => {
    const [root] = reading.yaml(path, "workflow");
    return root === undefined ? [] : [readWorkflow(reading, root, called)];
  });
  return pipelines.filter(
    ({ file, trigger }) => trigger !== "workflow_call" || !called.has(file.path),
  );
}

interface WorkflowContext {
  readonly reading: Reading;
  readonly root: YamlNode;
  readonly triggers: Triggers;
  readonly hints: readonly Hint[];
  readonly variables: ReadonlyMap<string, ShellWord>;
  readonly given: Variant;
  readonly turns: Turns | undefined;
  readonly called: Set<string>;
  readonly via: Parameters<typeof readSteps>[1]["via"];
}

function readWorkflow(reading: Reading, root: YamlNode, called: Set<string>): Pipeline {
  const triggers = readTriggers(root);
  const name = text(get(root, "name")) ?? nameOf(root.file.path);
  const context: WorkflowContext = {
    reading,
    root,
    triggers,
    hints: [
      { name, what: "workflow" },
      { name: nameOf(root.file.path).replace(/\.ya?ml$/, ""), what: "file" },
      { name: triggers.branches.length === 1 ? triggers.branches[0] : undefined, what: "branch" },
    ],
    variables: variablesOf(get(root, "env")),
    given: new Map(),
    turns: turnsOf(root),
    called,
    via: [],
  };
  return {
    role: "ci",
    what: "workflow",
    file: root.file,
    name,
    trigger: triggers.said,
    jobs: readJobs(context),
    changes: triggers.changes,
    behind: undefined,
    replicas: undefined,
  };
}

/** The jobs, one for each variant, with the names in `needs` replaced by the ids that stand for them. */
function readJobs(context: WorkflowContext): Job[] {
  const ids = new Map<string, string[]>();
  const jobs: Job[] = [];
  for (const job of entries(get(context.root, "jobs"))) {
    const read = variantsOf(job.value, context.triggers, context.given).flatMap((variant) =>
      readJob(job, variant, context),
    );
    ids.set(
      job.key,
      read.map(({ id }) => id),
    );
    jobs.push(...read);
  }
  return jobs.map((job) => ({
    ...job,
    needs: job.needs.flatMap((need) => ids.get(need) ?? [need]),
  }));
}

function readJob(job: YamlEntry, variant: Variant, context: WorkflowContext): Job[] {
  const { value: node } = job;
  const condition = conditionOf(node);
  const lookup = (name: string): Known => variant.get(name);
  if (condition !== undefined && evaluate(condition.text, lookup) === false) return [];
  const uses = text(get(node, "uses"));
  const label = [...new Set(variant.values())].join(", ");
  const id = label === "" || context.given === variant ? job.key : `${job.key} (${label})`;
  const needs = items(get(node, "needs"), true).flatMap((need) => text(need) ?? []);
  const environment = environmentOf(job, variant, condition?.text, context);
  if (uses?.startsWith("./") === true) {
    return calledJobs(job, uses, { id, needs, variant, environment }, context);
  }
  const defaults = get(node, "defaults", "run");
  const common = get(context.root, "defaults", "run");
  const folder = text(get(defaults, "working-directory")) ?? text(get(common, "working-directory"));
  const services = entries(get(node, "services"));
  return [
    {
      id,
      span: job.span,
      needs,
      environment,
      condition,
      regardless: condition !== undefined && runsRegardless(condition.text),
      changes: undefined,
      turns: turnsOf(node) ?? context.turns,
      databaseService: services.some((service) =>
        /postgres|postgis|timescale|pgvector|supabase/i.test(
          text(get(service.value, "image")) ?? text(service.value) ?? service.key,
        ),
      ),
      steps: readSteps(get(node, "steps"), {
        reading: context.reading,
        variant,
        variables: new Map([...context.variables, ...variablesOf(get(node, "env"))]),
        shell: text(get(defaults, "shell")) ?? text(get(common, "shell")),
        directory: folder === undefined ? "." : workingDirectory(filledIn(folder, variant)),
        fate: continueOnError(node, variant),
        via: context.via,
      }),
    },
  ];
}

/** `environment:`, then what conditions and names say; pull requests never reach production. */
function environmentOf(
  job: YamlEntry,
  variant: Variant,
  condition: string | undefined,
  context: WorkflowContext,
): Environment {
  const declared = get(job.value, "environment");
  const named = text(isMapping(declared) ? get(declared, "name") : declared);
  const fill = (said: string | undefined): string | undefined => said && filledIn(said, variant);
  const known = fill(named);
  if (known !== undefined && !known.includes("${{")) {
    const kind = environmentNamed(known);
    if (kind !== "unknown") return { kind, because: `environment "${known}"` };
  }
  const uses = text(get(job.value, "uses"));
  const fromVariant = [...variant].flatMap(([key, value]) =>
    typeof value === "string" && /env|stage|target|deploy|tier/i.test(key)
      ? [{ name: value, what: key }]
      : [],
  );
  const pullRequest = [...context.triggers.names].every((name) =>
    /^(?:pull_request|pull_request_target|merge_group)$/.test(name),
  );
  if (pullRequest) return { kind: "test", because: "it runs on pull requests only" };
  const branch = /refs\/heads\/([\w/-]+)/.exec(condition ?? "")?.[1];
  return firstSaying([
    ...fromVariant,
    { name: job.key, what: "job" },
    { name: fill(text(get(job.value, "name"))), what: "job" },
    { name: uses, what: "called workflow" },
    { name: branch, what: "branch" },
    ...context.hints,
  ]);
}

/** A workflow of this repository that a job calls: its jobs in the place of the calling one. */
function calledJobs(
  job: YamlEntry,
  uses: string,
  caller: { id: string; needs: string[]; variant: Variant; environment: Environment },
  context: WorkflowContext,
): Job[] {
  const path = joinPath(".", uses);
  if (context.via.length > 3) return [];
  const [root] = context.reading.yaml(path, "workflow");
  if (root === undefined) return [];
  context.called.add(path);
  const given = entries(get(job.value, "with")).flatMap(({ key, value }) => {
    const said = filledIn(text(value) ?? "", caller.variant);
    return said === "" || said.includes("${{") ? [] : [[`inputs.${key}`, said] as const];
  });
  const { kind, because } = caller.environment;
  const inner = readJobs({
    ...context,
    root,
    triggers: { ...context.triggers, inputs: new Map() },
    given: new Map<string, Known>([...caller.variant, ...given]),
    hints: [
      { name: because, kind, what: "caller's" },
      { name: text(get(root, "name")), what: "workflow" },
      { name: nameOf(path).replace(/\.ya?ml$/, ""), what: "file" },
    ],
    variables: variablesOf(get(root, "env")),
    turns: turnsOf(job.value) ?? turnsOf(root) ?? context.turns,
    via: [...context.via, { what: path, span: job.span, text: uses }],
  });
  const rename = (id: string): string => `${caller.id} / ${id}`;
  const own = new Set(inner.map(({ id }) => id));
  return inner.map((each) => {
    const inside = each.needs.filter((need) => own.has(need)).map(rename);
    return { ...each, id: rename(each.id), needs: [...inside, ...caller.needs] };
  });
}

/** `concurrency:` as a name or as `group` and `cancel-in-progress`. */
function turnsOf(node: YamlNode): Turns | undefined {
  const setting = entry(node, "concurrency");
  if (setting === undefined) return undefined;
  const span: Span = { ...setting.span, end: spanOf(setting.value).end };
  const cancel = entry(setting.value, "cancel-in-progress");
  const cancels =
    cancel === undefined || text(cancel.value) !== "true"
      ? undefined
      : { ...cancel.span, end: spanOf(cancel.value).end };
  return { span, cancels };
}
