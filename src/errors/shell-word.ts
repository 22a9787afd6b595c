/** Texts that every shell takes as one word as they are. */
const plain = /^[\w@%+=:,./-]+$/;

/** A text as one word of a shell's command line. */
export function shellWord(text: string): string {
  return plain.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * Quotes names for the shell wherever they stand as words of lines that say what to run.
 * @param names that are known; those which need no quotes are left as they are
 */
export function quoteNames(text: string, names: Iterable<string>): string {
  const odd = [...names].filter((name) => !plain.test(name));
  if (odd.length === 0) return text;
  const longestFirst = odd
    .toSorted((a, b) => b.length - a.length)
    .map((name) => name.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`));
  const isWord = new RegExp(`(?<=^|[ (])(?:${longestFirst.join("|")})(?=$|[ ,;)]|:(?!\\d))`, "gm");
  return text.replaceAll(isWord, shellWord);
}
