import { LockstepError, suggest } from "../../errors/index.ts";
import { rulePage } from "../../report/index.ts";
import type { Context } from "../context.ts";
import { commandOutput, type FormatOptions } from "../output.ts";

/** `lockstep explain`: the page of a rule of `check`: what it finds, why, what to do instead. */
export async function explainCommand(
  id: string,
  options: FormatOptions,
  context: Context,
): Promise<number> {
  const page = rulePage(id);
  if (page === undefined) throw await noSuchRule(id);
  commandOutput(options, context).result({ version: 1, rule: id, page }, () => page.trimEnd());
  return 0;
}

async function noSuchRule(id: string): Promise<LockstepError> {
  const { rules } = await import("../../rules/index.ts");
  const { pipelineRules } = await import("../../pipeline/index.ts");
  const known = [...rules, ...pipelineRules].map((rule) => rule.id);
  const meant = suggest(id, known);
  return new LockstepError("usage", {
    what: `there is no rule "${id}"`,
    expected: "the name of a rule, as findings show it",
    found: id,
    next:
      meant === undefined
        ? known.map((name) => `lockstep explain ${name}`)
        : [`lockstep explain ${meant}`],
  });
}
