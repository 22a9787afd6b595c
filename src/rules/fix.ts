import type { Edit, Finding } from "./finding.ts";

export interface Fixed {
  readonly text: string;
  readonly fixed: readonly Finding[];
  /**
   * Those with edits of which one touches another finding's edit, and those of a statement that another finding has
   * changed, which may have been their cause: they can be fixed in a second round.
   */
  readonly left: readonly Finding[];
}

/**
 * Applies the edits of findings to the text of their file: of each finding all or none. Edits are placed by their
 * offsets into the given text; findings later in the list wait when an edit of theirs overlaps one that was taken.
 * Two findings that want exactly the same edit get it once. Line ends are those of the file.
 */
export function applyFixes(text: string, file: string, findings: readonly Finding[]): Fixed {
  const taken: Edit[] = [];
  const fixed: Finding[] = [];
  const left: Finding[] = [];
  const changed = new Set<string>();
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  for (const finding of findings) {
    const edits = (finding.wayOut.edits ?? []).filter((edit) => edit.file === file);
    if (edits.length === 0) continue;
    const fresh = edits.filter((edit) => !taken.some((other) => same(edit, other)));
    const statement = statementOf(finding);
    if (fresh.length > 0 && changed.has(statement)) left.push(finding);
    else if (fresh.some((edit) => taken.some((other) => overlaps(edit, other)))) left.push(finding);
    else {
      taken.push(...fresh);
      fixed.push(finding);
      if (statement !== "") changed.add(statement);
    }
  }
  let result = text;
  for (const { start, end, text: replacement } of taken.toSorted(lastFirst))
    result = result.slice(0, start) + replacement.replaceAll("\n", newline) + result.slice(end);
  return { text: result, fixed, left };
}

/** Where the finding's statement stands; empty when that is not known exactly. */
function statementOf({ line, column, endLine, endColumn }: Finding): string {
  return column === undefined ? "" : [line, column, endLine, endColumn].join(":");
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
