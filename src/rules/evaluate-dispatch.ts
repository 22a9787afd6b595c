import type { Effect, Work } from "../effects/index.ts";
import { isOn, type RuleConfig } from "./configured.ts";
import type { CheckedStatement, Rule } from "./rule.ts";

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

/** What statements of one look are shown to. */
interface Askable {
  readonly rules: readonly Rule[];
  /** Places of the rules of files. */
  readonly files: readonly number[];
}

/** The rules that are on; a check asks for the same ones for each of its files. */
export function rulesOn(rules: readonly Rule[], config: RuleConfig | undefined): AskedRules {
  const before = known.get(rules);
  if (before !== undefined && before.config === config) return before.asked;
  const on = rules.filter((rule) => isOn(rule, config));
  const ofStatements = on.filter(({ statement }) => statement !== undefined);
  const ofFiles = on.filter(({ file }) => file !== undefined);
  const byKind = new Map<string, Map<number, Askable>>();
  const askable = (told: Told): Askable => {
    const { kind } = told.statement;
    let byLook = byKind.get(kind);
    if (byLook === undefined) byKind.set(kind, (byLook = new Map()));
    const look = lookOf(told.effect);
    let found = byLook.get(look);
    if (found === undefined) {
      const asked = asks(told);
      const files = ofFiles.flatMap((rule, place) => (asked(rule) ? [place] : []));
      byLook.set(look, (found = { rules: ofStatements.filter(asked), files }));
    }
    return found;
  };
  const asked: AskedRules = {
    about: (told) => askable(told).rules,
    aboutFile: (all) => {
      const wanted = new Uint8Array(ofFiles.length);
      for (let index = 0; index < all.length; index++) {
        const { files } = askable(all[index]!);
        for (let place = 0; place < files.length; place++) wanted[files[place]!] = 1;
      }
      return ofFiles.filter((_, place) => wanted[place] === 1);
    },
  };
  known.set(rules, { config, asked });
  return asked;
}

/** Statements of one kind and one look are shown to the same rules. */
function lookOf({ breaks, failures, locks, unknown, work }: Effect): number {
  let look = 0;
  if (breaks.length > 0) look |= 1;
  if (failures.length > 0) look |= 2;
  if (locks.length > 0) look |= 4;
  if (unknown.length > 0) look |= 8;
  for (let index = 0; index < work.length; index++) look |= workBits[work[index]!.kind];
  return look;
}

const workBits: Readonly<Record<Work["kind"], number>> = {
  rewrite: 16,
  scan: 32,
  "index-build": 64,
  "foreign-key-check": 128,
  "row-change": 256,
};

function asks({ statement, effect }: Told): (rule: Rule) => boolean {
  return (rule) => isAbout(rule, statement.kind) && speaksOf(rule, effect);
}

function speaksOf({ axis, work }: Rule, effect: Effect): boolean {
  if (work !== undefined) return effect.work.some(({ kind }) => work.includes(kind));
  return axis === undefined || effect[axis].length > 0;
}

function isAbout({ kinds }: Rule, kind: string): boolean {
  return kinds === undefined || kinds.includes(kind);
}
