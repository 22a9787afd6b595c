import type { Difference } from "../catalog/index.ts";

/**
 * What the facets of an object say that its own line does not: `row security enabled true`.
 * @param side the one that is described
 */
export function facetWords(differences: readonly Difference[], side: "before" | "after"): string {
  return differences
    .filter(({ kind }) => kind.endsWith("-changed"))
    .map(({ kind, before, after }) => {
      const [own, other] = side === "before" ? [before, after] : [after, before];
      const name = kind.replace(/-changed$/, "").replaceAll("-", " ");
      return `${name}: ${valueWords(own, other)}`;
    })
    .join("; ");
}

function valueWords(own: unknown, other: unknown): string {
  if (own === null || own === undefined) return "none";
  if (typeof own === "string") return own.replaceAll(/\s+/g, " ").trim();
  if (Array.isArray(own))
    return own.every((one) => typeof one === "string") ? own.join(", ") : JSON.stringify(own);
  if (typeof own !== "object") return JSON.stringify(own);
  const theirs = (other ?? {}) as Readonly<Record<string, unknown>>;
  const parts = Object.entries(own).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(theirs[name]),
  );
  if (parts.length === 0) return "none";
  return parts
    .map(([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
}
