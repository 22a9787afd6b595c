import type { Effect } from "../effects/index.ts";
import { isOn, type RuleConfig } from "./configured.ts";
import type { Axis, CheckedStatement, Rule } from "./rule.ts";

/** What decides which rules are asked. */
type Told = Pick<CheckedStatement, "statement" | "effect">;

/** The rules that are on, by what they are asked. */
export interface AskedRules {
  /** Rules of statements that can say something about this one, in their order. */
  readonly about: (told: Told) => readonly Rule[];
  /** Rules of files that can say something about one of its statements, in their order. */
  readonly aboutFile: (told: readonly Told[]) => readonly Rule[];
}

const known = new WeakMap<readonly Rule[], { config: RuleConfig | undefined; asked: AskedRules }>();

/** The rules that are on; a check asks for the same ones for each of its files. */
export function rulesOn(rules: readonly Rule[], config: RuleConfig | undefined): AskedRules {
  const before = known.get(rules);
  if (before !== undefined && before.config === config) return before.asked;
  const on = rules.filter((rule) => isOn(rule, config));
  const ofStatements = on.filter(({ statement }) => statement !== undefined);
  const ofFiles = on.filter(({ file }) => file !== undefined);
  const [byLook, filesByLook] = [new Map<string, readonly Rule[]>(), new Map<string, boolean[]>()];
  const asked: AskedRules = {
    about: (told) => kept(byLook, lookOf(told), () => ofStatements.filter(asks(told))),
    aboutFile: (all) => {
      const looks = new Set(all.map((told) => filesByLookOf(filesByLook, told, ofFiles)));
      return ofFiles.filter((_, place) => [...looks].some((look) => look[place]));
    },
  };
  known.set(rules, { config, asked });
  return asked;
}

function filesByLookOf(looks: Map<string, boolean[]>, told: Told, rules: readonly Rule[]) {
  return kept(looks, lookOf(told), () => rules.map(asks(told)));
}

function kept<T>(map: Map<string, T>, key: string, make: () => T): T {
  let found = map.get(key);
  if (found === undefined) map.set(key, (found = make()));
  return found;
}

/** Statements of one look are shown to the same rules. */
function lookOf({ statement: { kind }, effect }: Told): string {
  let look = kind;
  for (const axis of axes) look += effect[axis].length > 0 ? "1" : "0";
  return look;
}

const axes: readonly Axis[] = ["breaks", "failures", "locks", "unknown", "work"];

function asks({ statement, effect }: Told): (rule: Rule) => boolean {
  return (rule) => isAbout(rule, statement.kind) && speaksOf(rule, effect);
}

function speaksOf({ axis }: Rule, effect: Effect): boolean {
  return axis === undefined || effect[axis].length > 0;
}

function isAbout({ kinds }: Rule, kind: string): boolean {
  return kinds === undefined || kinds.includes(kind);
}
