import type { ShellCommand, ShellWord } from "../shell/shell-command.ts";
import { commandLine, type CommandLine } from "./command-line.ts";
import { deployTools, isComposeUp } from "./deploy.ts";
import { migrateTools, namesAnotherDatabase, ownMigration, type RunnerLock } from "./migrate.ts";
import { pushTools } from "./push.ts";
import { recordOf } from "./record.ts";

/** What a command is for. A command of no interest has no kind. */
export type Classified =
  | { readonly kind: "migrate"; readonly tool: string; readonly lock: RunnerLock }
  | { readonly kind: "push"; readonly tool: string; readonly instead: string }
  | {
      readonly kind: "deploy";
      readonly tool: string;
      readonly target: "production" | "lower" | undefined;
    }
  | { readonly kind: "record"; readonly tool: string }
  | { readonly kind: "checks-changes" | "starts-services"; readonly tool: string };

/** `words` are those of the command after its wrappers (`npx`, `sudo`, …) are taken off. */
export function classify(
  words: readonly ShellWord[],
  command: ShellCommand,
  variables: ReadonlyMap<string, ShellWord>,
  onServer: boolean,
): Classified | undefined {
  const line = commandLine(words.map((word) => word.text));
  return (
    schemaCommand(line, variables) ??
    deployCommand(line, onServer) ??
    changesCommand(line) ??
    recordCommand(line, command)
  );
}

function schemaCommand(
  line: CommandLine,
  variables: ReadonlyMap<string, ShellWord>,
): Classified | undefined {
  if (line.args.some((word) => word === "--help" || word === "--version")) return undefined;
  const fits = (tool: { programs: readonly string[]; matches: (line: CommandLine) => boolean }) =>
    tool.programs.includes(line.program) && tool.matches(line);
  const migrate = migrateTools.find(fits) ?? ownMigration(line);
  if (migrate !== undefined) {
    if (namesAnotherDatabase(line, variables)) return undefined;
    return { kind: "migrate", tool: migrate.tool, lock: migrate.lock };
  }
  const push = pushTools.find(fits);
  return push && { kind: "push", tool: push.tool, instead: push.instead };
}

function deployCommand(line: CommandLine, onServer: boolean): Classified | undefined {
  if (line.program === "lockstep" && line.plain[0] === "deploy") {
    return { kind: "migrate", tool: "lockstep deploy", lock: "own" };
  }
  if (onServer && isComposeUp(line)) {
    return { kind: "deploy", tool: "docker compose up", target: undefined };
  }
  if (startsServices(line)) return { kind: "starts-services", tool: line.program };
  if (
    onServer &&
    line.program === "systemctl" &&
    /^(?:restart|reload)$/.test(line.plain[0] ?? "")
  ) {
    return { kind: "deploy", tool: "systemctl restart", target: undefined };
  }
  const tool = deployTools.find(
    (candidate) => candidate.programs.includes(line.program) && candidate.matches(line),
  );
  return tool && { kind: "deploy", tool: tool.tool, target: tool.target?.(line) };
}

/** A database that lives as long as the job. */
const startsServices = (line: CommandLine): boolean =>
  isComposeUp(line) ||
  (line.program === "supabase" && line.plain[0] === "start") ||
  (line.program === "docker" && line.plain[0] === "run" && /postgres/.test(line.plain.join(" "))) ||
  (/^(?:pg_ctl|pg_ctlcluster|service|systemctl)$/.test(line.program) &&
    /start/.test(line.plain.join(" ")));

function changesCommand(line: CommandLine): Classified | undefined {
  return line.program === "git" && line.plain[0] === "diff"
    ? { kind: "checks-changes", tool: "git diff" }
    : undefined;
}

function recordCommand(line: CommandLine, command: ShellCommand): Classified | undefined {
  const tool = recordOf(line, command);
  return tool === undefined ? undefined : { kind: "record", tool };
}
