import { joinPath } from "../../shell/shell-state.ts";
import type { Action } from "../../expand.ts";
import type { Condition, Step } from "../../model.ts";
import { propagates, within, type Fate } from "../../shell/fate.ts";
import type { ShellOptions, ShellWord } from "../../shell/shell-command.ts";
import type { Span } from "../../text/source-file.ts";
import {
  entries,
  entry,
  get,
  items,
  scriptOf,
  spanOf,
  text,
  type YamlNode,
} from "../../text/yaml-document.ts";
import { variablesOf } from "../variables.ts";
import type { Reading } from "../reading.ts";
import { classifyAction, comparesFiles, runsOnServer } from "./actions.ts";
import { evaluate } from "./expression.ts";
import { filledIn, type Variant } from "./variants.ts";

export interface StepsContext {
  readonly reading: Reading;
  readonly variant: Variant;
  readonly variables: ReadonlyMap<string, ShellWord>;
  readonly shell: string | undefined;
  readonly directory: string;
  /** Fate of the job when a step of it fails. */
  readonly fate: Fate;
  readonly via: Action["via"];
}

/** The steps that can run in this variant, those of composite actions among them. */
export function readSteps(list: YamlNode | undefined, context: StepsContext): Step[] {
  return items(list).flatMap((node) => readStep(node, context));
}

function readStep(node: YamlNode, context: StepsContext): Step[] {
  const condition = conditionOf(node);
  if (condition !== undefined) {
    if (evaluate(condition.text, (name) => context.variant.get(name)) === false) return [];
    if (/\bfailure\(\)/.test(condition.text) && !/always\(\)/.test(condition.text)) return [];
  }
  const fate = within(continueOnError(node, context.variant), context.fate);
  const uses = text(get(node, "uses"));
  const name = filledIn(
    text(get(node, "name")) ?? text(get(node, "id")) ?? uses ?? "run",
    context.variant,
  );
  const base = {
    name,
    span: spanOf(node),
    condition,
    regardless: condition !== undefined && runsRegardless(condition.text),
  };
  const inside = {
    ...context,
    fate,
    variables: new Map([...context.variables, ...variablesOf(get(node, "env"))]),
  };
  if (uses !== undefined) return usesStep(node, uses, base, inside);
  const run = scriptOf(get(node, "run"));
  if (run === undefined) return [];
  const options = shellOptions(text(get(node, "shell")) ?? context.shell);
  if (options === undefined) {
    context.reading.notUnderstood.push({
      span: base.span,
      text: `Step "${name}" names a shell that is not read.`,
      kind: "shell",
    });
    return [{ ...base, actions: [], mentions: /migrat/i.test(run.text) ? [base.span] : [] }];
  }
  const folder = text(get(node, "working-directory"));
  const expanded = context.reading.keep(
    context.reading.expander.expand(run, {
      directory:
        folder === undefined
          ? context.directory
          : workingDirectory(filledIn(folder, context.variant)),
      variables: inside.variables,
      options,
      fate,
      via: context.via,
    }),
  );
  return [{ ...base, actions: expanded.actions, mentions: expanded.mentions }];
}

export const workingDirectory = (folder: string): string =>
  joinPath(".", folder.replace(/^\$\{\{.*?\}\}\/?/, ""));

export function conditionOf(node: YamlNode): Condition | undefined {
  const value = get(node, "if");
  const said = text(value);
  return value === undefined || said === undefined
    ? undefined
    : { text: said, span: spanOf(value) };
}

/** `success()` is put before a condition that names no status function ("Status check functions"). */
export const runsRegardless = (condition: string): boolean =>
  /\balways\(\)|!\s*cancelled\(\)/.test(condition);

export function continueOnError(node: YamlNode, variant: Variant): Fate {
  const setting = entry(node, "continue-on-error");
  const said = text(setting?.value);
  if (setting === undefined || said === undefined) return propagates;
  const value = said === "true" ? true : evaluate(said, (name) => variant.get(name));
  if (value === false || said === "false") return propagates;
  if (value === undefined) return { kind: "unknown" };
  const at: Span = { ...setting.span, end: spanOf(setting.value).end };
  return { kind: "ignored", how: "continue-on-error", at };
}

/**
 * "jobs.<job_id>.steps[*].shell": without a name `bash -e {0}`, `bash` is `bash --noprofile --norc -eo pipefail {0}`,
 * `sh` is `sh -e {0}`; a template is what it says. `undefined` for a shell that is not one of these.
 */
function shellOptions(shell: string | undefined): ShellOptions | undefined {
  if (shell === undefined || shell.trim() === "sh") return { errexit: true, pipefail: false };
  if (shell.trim() === "bash") return { errexit: true, pipefail: true };
  if (!/^\S*\b(?:ba|da|z)?sh\b/.test(shell) || /pwsh/.test(shell)) return undefined;
  return { errexit: /\s-\w*e/.test(shell), pipefail: /pipefail/.test(shell) };
}

function usesStep(
  node: YamlNode,
  uses: string,
  base: Omit<Step, "actions" | "mentions">,
  context: StepsContext,
): Step[] {
  const inputs = new Map(
    entries(get(node, "with")).map(({ key, value }) => [
      key,
      filledIn(text(value) ?? "", context.variant),
    ]),
  );
  if (uses.startsWith("./")) return compositeSteps(uses, inputs, base, context);
  const script = runsOnServer(uses) ? scriptOf(get(node, "with", "script")) : undefined;
  if (script !== undefined) {
    const errexit = inputs.get("script_stop") === "true";
    const expanded = context.reading.keep(
      context.reading.expander.expand(script, {
        directory: undefined,
        variables: context.variables,
        options: { errexit, pipefail: false },
        fate: context.fate,
        onServer: true,
        via: context.via,
      }),
    );
    return [{ ...base, actions: expanded.actions, mentions: expanded.mentions }];
  }
  const usesSpan = spanOf(get(node, "uses")!);
  const found = comparesFiles(uses)
    ? ({ kind: "checks-changes", tool: uses.split("@")[0]! } as const)
    : classifyAction(uses, inputs);
  const mentions = /migrat/i.test(uses + base.name) ? [usesSpan] : [];
  if (found === undefined) return mentions.length > 0 ? [{ ...base, actions: [], mentions }] : [];
  const words = [...variablesOf(get(node, "with")).values()];
  const action: Action = {
    ...found,
    span: usesSpan,
    words,
    fate: context.fate,
    guards: [],
    variables: context.variables,
    directory: context.directory,
    via: context.via,
    onServer: false,
    isLast: false,
  };
  return [{ ...base, actions: [action], mentions: [] }];
}

/** A composite action of this repository, its steps in the place of the one that uses it. */
function compositeSteps(
  uses: string,
  inputs: ReadonlyMap<string, string>,
  base: Omit<Step, "actions" | "mentions">,
  context: StepsContext,
): Step[] {
  const folder = joinPath(".", uses);
  const path = [`${folder}/action.yml`, `${folder}/action.yaml`].find(
    context.reading.repository.has,
  );
  if (path === undefined || context.via.length > 5) return [];
  const [root] = context.reading.yaml(path, "composite action");
  const given = [...inputs].map(([key, value]) => [`inputs.${key}`, value] as const);
  const steps = readSteps(get(root, "runs", "steps"), {
    ...context,
    shell: undefined,
    variant: new Map([...context.variant, ...given]),
    via: [...context.via, { what: path, span: base.span, text: uses }],
  });
  return steps.map((step) => ({
    ...step,
    condition: step.condition ?? base.condition,
    regardless: step.regardless || base.regardless,
  }));
}
