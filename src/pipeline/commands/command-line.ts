/** The words of a command, the program's name first, as a classifier sees them. */
export interface CommandLine {
  /** Without directory and extension: `prisma` for `./node_modules/.bin/prisma`. */
  readonly program: string;
  readonly args: readonly string[];
  /** The arguments that are no options, in order. An option's own value is among them. */
  readonly plain: readonly string[];
}

export function commandLine(words: readonly string[]): CommandLine {
  const [first = "", ...args] = words;
  if (/^(?:node|tsx|ts-node(?:-esm)?|bun)$/.test(programName(first))) {
    const file = args.findIndex((word) => /node_modules\/(?!\.bin\/)/.test(word));
    const name = /node_modules\/(?:@[\w.-]+\/)?([\w.-]+)/.exec(args[file] ?? "")?.[1];
    if (name !== undefined) return lineOf(name, args.slice(file + 1));
    const binary = args.findIndex((word) => word.includes("node_modules/.bin/"));
    if (binary !== -1) return lineOf(programName(args[binary]!), args.slice(binary + 1));
  }
  return lineOf(programName(first), args);
}

const lineOf = (program: string, args: readonly string[]): CommandLine => ({
  program,
  args,
  plain: args.filter((word) => !word.startsWith("-")),
});

/** Without folder, ending and version; `railway` for the package `@railway/cli`. */
const programName = (path: string): string =>
  (/^@([\w-]+)\/cli(?:@|$)/.exec(path)?.[1] ?? path.slice(path.lastIndexOf("/") + 1))
    .replace(/\.(?:[cm]?js|cmd|exe|py|rb)$/, "")
    .replace(/@[\w.^~-]+$/, "");

/** True when the plain words hold these in this order, other words between them allowed. */
export function inOrder(line: CommandLine, ...wanted: readonly string[]): boolean {
  let at = 0;
  for (const word of line.plain) if (word === wanted[at]) at += 1;
  return at === wanted.length;
}

export const hasFlag = (line: CommandLine, ...flags: readonly string[]): boolean =>
  line.args.some((word) => flags.some((flag) => word === flag || word.startsWith(`${flag}=`)));

/** The value of `--flag value` or `--flag=value`. */
export function flagValue(line: CommandLine, ...flags: readonly string[]): string | undefined {
  for (const [index, word] of line.args.entries()) {
    for (const flag of flags) {
      if (word === flag) return line.args[index + 1];
      if (word.startsWith(`${flag}=`)) return word.slice(flag.length + 1);
    }
  }
  return undefined;
}
