import { compareFindings } from "./configured.ts";
import type { Finding } from "./finding.ts";
import type { Rule } from "./rule.ts";

/**
 * Findings of several files that have one cause, told once: at the first of them, which holds the others. Rules say
 * themselves which of theirs are such (`together`); all others stay as they are, in their order.
 */
export function gatherFindings(
  findings: readonly Finding[],
  rules: readonly Rule[],
): readonly Finding[] {
  const told = new Map<Finding, Finding | undefined>();
  for (const { id, together } of rules) {
    if (together === undefined) continue;
    const [first, ...others] = findings.filter(({ rule }) => rule === id);
    if (first === undefined || others.length === 0) continue;
    for (const other of others) told.set(other, undefined);
    const { message, instead } = together(first, others);
    told.set(first, { ...first, message, wayOut: { ...first.wayOut, text: instead }, others });
  }
  if (told.size === 0) return findings;
  return findings.flatMap((finding) => (told.has(finding) ? (told.get(finding) ?? []) : [finding]));
}

/** Findings one by one, those that were told with another too, in the order in which they were before they were gathered. */
export function oneByOne(findings: readonly Finding[]): readonly Finding[] {
  return findings
    .flatMap((finding) => [finding, ...(finding.others ?? [])])
    .toSorted(compareFindings);
}
