import { environmentNamed, firstSaying } from "../environment.ts";
import type { ChangeFilter, Condition, Environment, Job, Pipeline, Step, Turns } from "../model.ts";
import { propagates, type Fate } from "../shell/fate.ts";
import { joinScripts } from "../text/script.ts";
import {
  entry,
  get,
  isMapping,
  items,
  scriptOf,
  spanOf,
  text,
  type YamlEntry,
  type YamlNode,
} from "../text/yaml-document.ts";
import { configuration, inherited, scriptLines, setting } from "./gitlab-includes.ts";
import type { Reading } from "./reading.ts";
import { variablesOf } from "./variables.ts";

/** Top-level keywords that are no jobs. "CI/CD YAML syntax reference", global keywords. */
const keywords = new Set(
  "stages variables default include workflow image services before_script after_script cache spec pages:deploy".split(
    " ",
  ),
);
const defaultStages = [".pre", "build", "test", "deploy", ".post"];

/** `.gitlab-ci.yml` with what it includes from the repository. */
export function readGitLab(reading: Reading): Pipeline[] {
  const path = [".gitlab-ci.yml", ".gitlab-ci.yaml"].find(reading.repository.has);
  const file = path === undefined ? undefined : reading.repository.read(path);
  if (path === undefined || file === undefined) return [];
  const all = configuration(reading, path);
  const named = items(all.get("stages")?.value).flatMap((item) => text(item) ?? []);
  const stages = named.length === 0 ? defaultStages : [".pre", ...named, ".post"];
  const names = [...all.keys()].filter((name) => !keywords.has(name) && !name.startsWith("."));
  const read = names.map((name) => readJob(reading, name, all, stages));
  const jobs = read.map((each): Job => {
    const before = read.filter((other) => other.rank < each.rank).map((other) => other.job.id);
    return { ...each.job, needs: each.needs ?? before };
  });
  return [
    {
      role: "ci",
      what: "GitLab pipeline",
      file,
      name: path,
      trigger: "pipeline",
      jobs,
      changes: undefined,
      behind: undefined,
      replicas: undefined,
    },
  ];
}

interface Ranked {
  readonly job: Job;
  readonly rank: number;
  /** `undefined`: every job of the earlier stages. */
  readonly needs: readonly string[] | undefined;
}

function readJob(
  reading: Reading,
  name: string,
  all: ReadonlyMap<string, YamlEntry>,
  stages: readonly string[],
): Ranked {
  const own = all.get(name)!;
  const levels = [...inherited(name, all)];
  const defaults = all.get("default")?.value;
  const withDefaults = (key: string): YamlNode | undefined =>
    setting([...levels, defaults], key)?.value ?? all.get(key)?.value;
  const variables = variablesOf(
    all.get("variables")?.value,
    ...[...levels].reverse().map((level) => get(level, "variables")),
  );
  const fate = allowFailure(levels);
  const base = { condition: undefined, span: own.span };
  const steps: Step[] = [];
  const main = [
    ...scriptLines(withDefaults("before_script"), all),
    ...scriptLines(setting(levels, "script")?.value, all),
  ];
  for (const [lines, regardless] of [
    [main, false],
    [scriptLines(withDefaults("after_script"), all), true],
  ] as const) {
    const script = joinScripts(lines.flatMap((line) => scriptOf(line) ?? []));
    if (script === undefined) continue;
    // gitlab-runner's shells/bash.go writes `set -o errexit`, and pipefail where the shell has it.
    const expanded = reading.keep(
      reading.expander.expand(script, {
        directory: ".",
        variables,
        options: { errexit: true, pipefail: true },
        fate: regardless ? { kind: "unknown" } : fate,
      }),
    );
    const { actions, mentions } = expanded;
    steps.push({
      ...base,
      name: regardless ? "after_script" : "script",
      regardless,
      actions,
      mentions,
    });
  }
  const stage = text(setting(levels, "stage")?.value) ?? "test";
  const needs = setting(levels, "needs");
  const services = items(withDefaults("services"));
  return {
    rank: Math.max(0, stages.indexOf(stage)),
    needs:
      needs &&
      items(needs.value, true).flatMap((item) => text(item) ?? text(get(item, "job")) ?? []),
    job: {
      id: name,
      span: own.span,
      needs: [],
      environment: environmentOf(name, stage, levels),
      condition: conditionOf(levels),
      regardless: text(setting(levels, "when")?.value) === "always",
      changes: changesOf(levels),
      turns: turnsOf(levels),
      databaseService: services.some((service) =>
        /postgres|postgis|timescale|pgvector/i.test(
          text(service) ?? text(get(service, "name")) ?? "",
        ),
      ),
      steps,
    },
  };
}

/** `allow_failure: true`; with `exit_codes` it depends on the code. */
function allowFailure(levels: readonly YamlNode[]): Fate {
  const found = setting(levels, "allow_failure");
  if (found === undefined) return propagates;
  if (isMapping(found.value)) return { kind: "unknown" };
  if (text(found.value) !== "true") return propagates;
  const at = { ...found.span, end: spanOf(found.value).end };
  return { kind: "ignored", how: "allow-failure", at };
}

function environmentOf(name: string, stage: string, levels: readonly YamlNode[]): Environment {
  const declared = setting(levels, "environment")?.value;
  const named = text(isMapping(declared) ? get(declared, "name") : declared);
  const tier = text(get(declared, "deployment_tier"));
  for (const said of [tier, named]) {
    const kind = said === undefined ? "unknown" : environmentNamed(said);
    if (kind !== "unknown") return { kind, because: `environment "${said}"` };
  }
  return firstSaying([
    { name, what: "job" },
    { name: stage, what: "stage" },
  ]);
}

function conditionOf(levels: readonly YamlNode[]): Condition | undefined {
  const rules = setting(levels, "rules") ?? setting(levels, "only");
  return (
    rules && {
      text: rules.value.file.text.slice(rules.value.node.range[0], rules.value.node.range[1]),
      span: spanOf(rules.value),
    }
  );
}

function changesOf(levels: readonly YamlNode[]): ChangeFilter | undefined {
  const rules = items(setting(levels, "rules")?.value);
  const found = rules.map((rule) => entry(rule, "changes")).find((each) => each !== undefined);
  const only = found ?? entry(setting(levels, "only")?.value, "changes");
  if (only === undefined) return undefined;
  const unconditional = rules.some(
    (rule) => entry(rule, "changes") === undefined && text(get(rule, "when")) !== "never",
  );
  if (unconditional) return undefined;
  const list = isMapping(only.value) ? get(only.value, "paths") : only.value;
  return {
    span: { ...spanOf(only.value), start: only.span.start },
    keyword: "changes",
    patterns: items(list, true).flatMap((item) => text(item) ?? []),
    ignored: [],
  };
}

/** `resource_group`: one job of the group at a time. `interruptible: true` lets a newer pipeline end it. */
function turnsOf(levels: readonly YamlNode[]): Turns | undefined {
  const group = setting(levels, "resource_group");
  if (group === undefined) return undefined;
  const interruptible = setting(levels, "interruptible");
  const cancels =
    interruptible !== undefined && text(interruptible.value) === "true"
      ? { ...interruptible.span, end: spanOf(interruptible.value).end }
      : undefined;
  return { span: { ...group.span, end: spanOf(group.value).end }, cancels };
}
