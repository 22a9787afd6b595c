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
function scriptIn(cwd: string, wanted: RegExp): readonly string[] | undefined {
  const text = textOf(join(cwd, "package.json"));
  if (text === undefined) return undefined;
  let scripts: unknown;
  try {
    ({ scripts } = JSON.parse(text) as { scripts?: unknown });
  } catch {
    // A manifest that npm refuses too names nothing.
    return undefined;
  }
  const own = Object.entries((scripts ?? {}) as Record<string, unknown>).find(
    ([, line]) => typeof line === "string" && wanted.test(line) && !/&&|;|\|/.test(line),
  );
  return own === undefined ? undefined : ["npm", "run", own[0]];
}

/** The first of these files, in the folder or above it. */
export function fileAround(folder: string, names: readonly string[]): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const found = names.map((name) => join(at, name)).find((path) => existsSync(path));
    if (found !== undefined) return found;
    if (dirname(at) === at) return undefined;
  }
}
