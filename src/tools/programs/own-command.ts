import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { LockstepError } from "../../errors/index.ts";
import { textOf } from "../tool-of.ts";

/** How a tool's own command is found. */
interface OwnCommand {
  readonly tool: string;
  /** What a script of package.json has in it that runs it. */
  readonly script: RegExp;
  /** What a person would type; undefined where it cannot be known. */
  readonly usual: (cwd: string) => readonly string[] | undefined;
}

/**
 * The command that applies what is pending: the configured one, else the script of package.json that does so, else the one
 * of the tool's manual.
 * @throws LockstepError `config-invalid` when none can be known
 */
export function ownCommand(
  configured: string | readonly string[] | undefined,
  { tool, script, usual }: OwnCommand,
  cwd: string,
): string | readonly string[] {
  const command = configured ?? scriptIn(cwd, script) ?? usual(cwd);
  if (command !== undefined) return command;
  throw new LockstepError("config-invalid", {
    what: `it is not known by which command this project runs its migrations of ${tool}`,
    expected: "migrations.command in lockstep.config, or a script of package.json that does it",
    found: "neither",
    from: cwd,
    why: `${tool} has no command of its own that runs them without being told where its settings are`,
    next: ['migrations: { …, command: "node migrate.js" } in lockstep.config'],
  });
}

/** `npm run NAME` for the first script that runs the tool and nothing else. */
export function scriptIn(cwd: string, wanted: RegExp): readonly string[] | undefined {
  const own = scriptsOf(cwd).find(([, line]) => wanted.test(line) && isAlone(line));
  return own === undefined ? undefined : ["npm", "run", own[0]];
}

/** `npm run NAME -- …` for the first script that runs the tool and leaves to the caller what it is to do. */
export function openScript(
  cwd: string,
  wanted: RegExp,
  ...rest: readonly string[]
): readonly string[] | undefined {
  const own = scriptsOf(cwd).find(([, line]) => wanted.test(line) && isAlone(line));
  return own === undefined ? undefined : ["npm", "run", own[0], "--", ...rest];
}

function isAlone(line: string): boolean {
  return !/&&|;|\|/.test(line);
}

/** A command as a line; of a script of package.json, what stands there. */
export function lineOf(command: string | readonly string[], cwd: string): string {
  const words = typeof command === "string" ? command.split(/\s+/) : command;
  const at = words.findIndex(
    (word, index) => word === "run" && /^(?:npm|pnpm|yarn)$/.test(words[index - 1] ?? ""),
  );
  const script = at === -1 ? undefined : scriptsOf(cwd).find(([name]) => name === words[at + 1]);
  return script === undefined ? words.join(" ") : [script[1], ...words.slice(at + 2)].join(" ");
}

/** The scripts of package.json. */
function scriptsOf(cwd: string): readonly (readonly [string, string])[] {
  const text = textOf(join(cwd, "package.json"));
  if (text === undefined) return [];
  try {
    const { scripts } = JSON.parse(text) as { scripts?: unknown };
    return Object.entries((scripts ?? {}) as Record<string, unknown>).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    );
  } catch {
    // A manifest that npm refuses too names nothing.
    return [];
  }
}

/** The first of these files, in the folder or above it. */
export function fileAround(folder: string, names: readonly string[]): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const found = names.map((name) => join(at, name)).find((path) => existsSync(path));
    if (found !== undefined) return found;
    if (dirname(at) === at) return undefined;
  }
}
