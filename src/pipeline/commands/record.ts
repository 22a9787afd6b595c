import type { ShellCommand } from "../shell/shell-command.ts";
import type { CommandLine } from "./command-line.ts";

const recordFile =
  /(?:last[-_.]?(?:successful[-_.]?)?deploy|deployed[-_.]?(?:sha|commit|version|revision|at)|last[-_.]?(?:schema|migration|release)[-_.]?(?:sha|commit|push|success))/i;

const commit = /GITHUB_SHA|github\.sha|CI_COMMIT|GIT_COMMIT|rev-parse|\bSHA\b|COMMIT|VERSION|date/i;

/** `git tag deployed/…`, or a file that later deploys read as "this commit is live". */
export function recordOf(line: CommandLine, command: ShellCommand): string | undefined {
  if (line.program === "git" && line.plain[0] === "tag") {
    const tag = line.plain.find((word) => /deploy|released|live/i.test(word));
    if (tag !== undefined) return `git tag ${tag}`;
  }
  if (!["echo", "printf", "git", "date"].includes(line.program)) return undefined;
  const file = command.writes.find((word) => recordFile.test(word.text));
  const says = line.args.some((word) => commit.test(word)) || line.program !== "echo";
  return file !== undefined && says ? file.text : undefined;
}
