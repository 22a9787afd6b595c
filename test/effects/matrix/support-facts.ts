import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Effect, Failure, Work } from "../../../src/effects/index.ts";

/** What was measured of a form, readable and comparable. */
export interface Facts {
  /** Strongest mode by `role kind relation`. */
  readonly locks: Readonly<Record<string, string>>;
  /** `rewrite public.users`, `index-build public.users public.users_pkey again` … */
  readonly work: readonly string[];
  /** `on-rows 23502` … */
  readonly fails: readonly string[];
}

/** Facts that hold on some majors. */
export interface MajorFacts extends Facts {
  /** `14-18`, or `14-15,18`. */
  readonly pg: string;
}

/** By form. */
export type Measured = Readonly<Record<string, readonly MajorFacts[]>>;

export const measuredFile = join(import.meta.dirname, "measured.json");

export function readMeasured(): Measured {
  return JSON.parse(readFileSync(measuredFile, "utf8")) as Measured;
}

/** Tells an effect as facts. */
export function toFacts(effect: Effect): Facts {
  return {
    locks: Object.fromEntries(
      effect.locks
        .map(({ role, kind, relation, mode }) => [`${role} ${kind} ${relation}`, mode] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    work: [...new Set(effect.work.flatMap(workText))].sort(),
    fails: [...new Set(effect.failures.map(failureText))].sort(),
  };
}

/** Which rows are written is decided by the rows that there are, and no fact of a form. */
function workText(work: Work): readonly string[] {
  switch (work.kind) {
    case "rewrite":
      return [`rewrite ${work.relation}${work.emptied === true ? " emptied" : ""}`];
    case "scan":
      return [`scan ${work.relation}`];
    case "index-build": {
      const flags = [work.again ? " again" : "", work.concurrent ? " concurrently" : ""].join("");
      return [`index-build ${work.relation} ${work.index ?? "?"}${flags}`];
    }
    case "foreign-key-check":
      return [`foreign-key-check ${work.relation} ${work.parent}`];
    case "row-change":
      return [];
  }
}

function failureText({ when, sqlState }: Failure): string {
  return `${when} ${sqlState ?? "?"}`;
}

/** The facts of a form on one major; undefined when it was not measured there. */
export function factsOn(facts: readonly MajorFacts[], major: number): Facts | undefined {
  return facts.find(({ pg }) => majorsOf(pg).includes(major));
}

/** Facts without the majors on which they hold. */
export function plain({ locks, work, fails }: Facts): Facts {
  return { locks, work, fails };
}

/** Joins the majors on which a form did the same. */
export function mergeMajors(byMajor: ReadonlyMap<number, Facts>): readonly MajorFacts[] {
  const groups = new Map<string, number[]>();
  for (const [major, facts] of [...byMajor].sort(([a], [b]) => a - b)) {
    const key = JSON.stringify(facts);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [major]);
    else group.push(major);
  }
  return [...groups].map(([key, own]) => ({ pg: rangeOf(own), ...(JSON.parse(key) as Facts) }));
}

function rangeOf(own: readonly number[]): string {
  const runs: number[][] = [];
  for (const major of own)
    if (runs.at(-1)?.at(-1) === major - 1) runs.at(-1)!.push(major);
    else runs.push([major]);
  return runs.map((run) => (run.length === 1 ? run[0] : `${run[0]}-${run.at(-1)}`)).join(",");
}

function majorsOf(range: string): readonly number[] {
  return range.split(",").flatMap((run) => {
    const [first, last = first] = run.split("-").map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, index) => first! + index);
  });
}
