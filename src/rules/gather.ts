import type { Finding, Place } from "./finding.ts";
import type { Rule } from "./rule.ts";

/**
 * Findings of several files that have one cause, told once: at the first of them, with the places of the others. Rules say
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
    told.set(first, { ...first, ...together(first, others), others: others.map(placeOf) });
  }
  if (told.size === 0) return findings;
  return findings.flatMap((finding) => (told.has(finding) ? (told.get(finding) ?? []) : [finding]));
}

function placeOf({ file, line, column }: Finding): Place {
  return { file, line, ...(column === undefined ? {} : { column }) };
}
