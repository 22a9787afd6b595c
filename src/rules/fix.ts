import type { Edit, Finding } from "./finding.ts";

export interface Fixed {
  readonly text: string;
  readonly fixed: readonly Finding[];
  /** Those with edits of which one touches another finding's edit; they can be fixed in a second round. */
  readonly left: readonly Finding[];
}

/**
 * Applies the edits of findings to the text of their file: of each finding all or none. Edits are placed by their
 * offsets into the given text; findings later in the list wait when an edit of theirs overlaps one that was taken.
 * Two findings that want exactly the same edit get it once.
 */
export function applyFixes(text: string, file: string, findings: readonly Finding[]): Fixed {
  const taken: Edit[] = [];
  const fixed: Finding[] = [];
  const left: Finding[] = [];
  for (const finding of findings) {
    const edits = (finding.wayOut.edits ?? []).filter((edit) => edit.file === file);
    if (edits.length === 0) continue;
    const fresh = edits.filter((edit) => !taken.some((other) => same(edit, other)));
    if (fresh.some((edit) => taken.some((other) => overlaps(edit, other)))) left.push(finding);
    else {
      taken.push(...fresh);
      fixed.push(finding);
    }
  }
  let result = text;
  for (const { start, end, text: replacement } of taken.toSorted(lastFirst))
    result = result.slice(0, start) + replacement + result.slice(end);
  return { text: result, fixed, left };
}

function same(a: Edit, b: Edit): boolean {
  return a.start === b.start && a.end === b.end && a.text === b.text;
}

/** Two insertions at one place overlap too: their order would be a guess. */
function overlaps(a: Edit, b: Edit): boolean {
  return a.start === b.start || (a.start < b.end && b.start < a.end);
}

function lastFirst(a: Edit, b: Edit): number {
  return b.start - a.start || b.end - a.end;
}
