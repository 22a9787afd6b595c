/** GitHub's and GitLab's path filters: `*` and `?` stay in a folder, `**` does not. */
export function globMatches(pattern: string, path: string): boolean {
  const source = pattern
    .replace(/^\.?\//, "")
    .replace(/[.+^${}()|\\]/g, "\\$&")
    .replace(/\*\*\/?|\*|\?/g, (wild) =>
      wild === "**/" ? "(?:.*/)?" : wild === "**" ? ".*" : wild === "*" ? "[^/]*" : "[^/]",
    );
  try {
    return new RegExp(`^${source}$`).test(path);
  } catch {
    return true;
  }
}

/** Whether a changed file starts it: the last pattern that fits decides, `!` turns it round. */
export function startedBy(
  patterns: readonly string[],
  ignored: readonly string[],
  path: string,
): boolean {
  if (ignored.some((pattern) => globMatches(pattern, path))) return false;
  let starts = false;
  for (const pattern of patterns) {
    const negative = pattern.startsWith("!");
    if (globMatches(negative ? pattern.slice(1) : pattern, path)) starts = !negative;
  }
  return starts;
}
