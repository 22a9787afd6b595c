/**
 * The candidate closest to what was written, for "did you mean": at most two edits away, or three for
 * names longer than eight characters. Undefined when nothing is close.
 */
export function suggest(written: string, candidates: Iterable<string>): string | undefined {
  const limit = written.length > 8 ? 3 : 2;
  let best: { name: string; distance: number } | undefined;
  for (const name of candidates) {
    const distance = editDistance(written.toLowerCase(), name.toLowerCase(), limit);
    if (distance <= limit && (best === undefined || distance < best.distance))
      best = { name, distance };
  }
  return best?.name;
}

/** Infinite as soon as it is known to be more than `limit`; only what can still be within it is looked at. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return Infinity;
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  let current = Array.from(previous, () => Infinity);
  for (let row = 1; row <= a.length; row++) {
    const first = Math.max(1, row - limit);
    const last = Math.min(b.length, row + limit);
    const letter = a.charCodeAt(row - 1);
    let best = (current[first - 1] = first === 1 ? row : Infinity);
    for (let column = first; column <= last; column++) {
      const substitution = previous[column - 1]! + (letter === b.charCodeAt(column - 1) ? 0 : 1);
      const gap = Math.min(previous[column]!, current[column - 1]!) + 1;
      const distance = Math.min(substitution, gap);
      current[column] = distance;
      if (distance < best) best = distance;
    }
    if (last < b.length) current[last + 1] = Infinity;
    if (best > limit) return Infinity;
    [previous, current] = [current, previous];
  }
  return previous[b.length]!;
}
