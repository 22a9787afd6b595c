import type { Effect } from "../effects/index.ts";
import { isOn, type RuleConfig } from "./evaluate-findings.ts";
import type { Rule } from "./rule.ts";

/** The rules that are on, by what they are asked. */
export interface AskedRules {
  /** Rules of statements that can say something about this kind, in their order. */
  readonly about: (kind: string) => readonly Rule[];
  /** Rules of files, in their order. */
  readonly ofFiles: readonly Rule[];
}

const known = new WeakMap<readonly Rule[], { config: RuleConfig | undefined; asked: AskedRules }>();

/** The rules that are on; a check asks for the same ones for each of its files. */
export function rulesOn(rules: readonly Rule[], config: RuleConfig | undefined): AskedRules {
  const before = known.get(rules);
  if (before !== undefined && before.config === config) return before.asked;
  const on = rules.filter((rule) => isOn(rule, config));
  const ofStatements = on.filter(({ statement }) => statement !== undefined);
  const byKind = new Map<string, readonly Rule[]>();
  const asked: AskedRules = {
    about(kind) {
      let about = byKind.get(kind);
      if (about === undefined)
        byKind.set(kind, (about = ofStatements.filter((rule) => isAbout(rule, kind))));
      return about;
    },
    ofFiles: on.filter(({ file }) => file !== undefined),
  };
  known.set(rules, { config, asked });
  return asked;
}

/** True when the rule can say something about such a statement. */
export function looksAt(rule: Rule, kind: string, effect: Effect): boolean {
  return isAbout(rule, kind) && speaksOf(rule, effect);
}

/** True when the effect has something in the part that the rule speaks of. */
export function speaksOf({ axis }: Rule, effect: Effect): boolean {
  return axis === undefined || effect[axis].length > 0;
}

function isAbout({ kinds }: Rule, kind: string): boolean {
  return kinds === undefined || kinds.includes(kind);
}
