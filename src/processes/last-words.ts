/**
 * What a program said last, its reason before all: the frames of a stack are left out.
 *
 * @param lines as it printed them
 */
export function lastWords(lines: readonly string[], most: number): string {
  const frame = /^\s+at \S/;
  const said = lines.filter((line) => !frame.test(line) && line.trim() !== "");
  return said.slice(-most).join("\n");
}
