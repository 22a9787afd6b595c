/** True when the text matches a LIKE pattern: `%` is any text, `_` any character, a backslash takes the next as it is. */
export function matchesLike(text: string, pattern: string): boolean {
  const parts = partsOf(pattern);
  // The positions of the pattern that the characters so far may have come to.
  let reached = pastAny(parts, new Set([0]));
  for (const character of text) {
    const next = new Set<number>();
    for (const at of reached) {
      const part = parts[at];
      if (part === undefined) continue;
      if (part === anyText) next.add(at);
      else if (part === anyCharacter || part === character) next.add(at + 1);
    }
    reached = pastAny(parts, next);
  }
  return reached.has(parts.length);
}

const anyText = Symbol("%");
const anyCharacter = Symbol("_");

function partsOf(pattern: string): readonly (string | symbol)[] {
  const parts: (string | symbol)[] = [];
  let escaped = false;
  for (const character of pattern)
    if (escaped) {
      parts.push(character);
      escaped = false;
    } else if (character === "\\") escaped = true;
    else if (character === "%") parts.push(anyText);
    else parts.push(character === "_" ? anyCharacter : character);
  return parts;
}

function pastAny(
  parts: readonly (string | symbol)[],
  positions: ReadonlySet<number>,
): ReadonlySet<number> {
  const found = new Set(positions);
  for (const at of found) if (parts[at] === anyText) found.add(at + 1);
  return found;
}
