import type { LoadedConfig } from "../config/index.ts";
import { LockstepError, suggest } from "../errors/index.ts";
import type { RuleConfig } from "../rules/index.ts";

/**
 * What the config decides about rules.
 * @throws LockstepError `config-invalid` for a rule that does not exist: its decision would be lost in silence
 */
export async function ruleConfigOf({ config, file }: LoadedConfig): Promise<RuleConfig> {
  const severity = config.check?.rules ?? {};
  const named = Object.keys(severity);
  if (named.length === 0) return { severity };
  const { agreementRules } = await import("../agreement/index.ts");
  const { pipelineRules } = await import("../pipeline/index.ts");
  const { rules } = await import("../rules/index.ts");
  const known = [...rules, ...pipelineRules].map(({ id }) => id).concat(agreementRules);
  for (const name of named) {
    if (known.includes(name)) continue;
    const meant = suggest(name, known);
    throw new LockstepError("config-invalid", {
      what: `there is no rule "${name}"`,
      expected: "the name of a rule, as findings show it",
      found: `check.rules.${name}`,
      from: file,
      next: [
        meant === undefined
          ? "lockstep explain RULE tells of one; docs/rules.md has them all"
          : `did you mean "${meant}"?`,
      ],
    });
  }
  return { severity };
}
