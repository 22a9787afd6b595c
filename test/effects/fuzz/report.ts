import type { Difference, FuzzResult } from "./run.ts";

/** Differences of one kind: the same statement, with the same outcome, up to names and numbers. */
function kindOf({ sql, what }: Difference): string {
  const command = sql.split(/\s+/).slice(0, 2).join(" ");
  const outcome = what
    .replaceAll(/"(?:[^"]|"")*"/g, "…")
    .replaceAll(/\b(?:public|other)\.[^\s:,;]+/g, "…")
    .replaceAll(/\d+/g, "n");
  return `${command}: ${outcome}`;
}

/** The outcome of a run as text, differences by kind, the most frequent first, each with two examples. */
export function reportText(result: FuzzResult): string {
  const groups = new Map<string, Difference[]>();
  for (const difference of result.differences) {
    const key = kindOf(difference);
    groups.set(key, [...(groups.get(key) ?? []), difference]);
  }
  const sorted = [...groups].sort(([, a], [, b]) => b.length - a.length);
  const unknown = [...result.unknown].sort(([, a], [, b]) => b.count - a.count);
  return [
    `${result.compared} statements compared, of which ${result.succeeded} succeeded and ${result.notKnown} are predicted in part; ${result.differences.length} differences of ${groups.size} kinds`,
    ...sorted.flatMap(([key, list]) => [
      `## ${list.length} × ${key}`,
      ...list
        .slice(0, 2)
        .map(({ schema, step, sql, what }) => `[schema ${schema}, ${step}] ${sql}\n    ${what}`),
    ]),
    ...unknown.map(([reason, { count, sql }]) => `unknown ${count} × ${reason}: ${sql}`),
  ].join("\n");
}
