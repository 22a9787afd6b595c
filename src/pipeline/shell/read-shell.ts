import { parse } from "unbash";
import type { Malformed } from "../text/yaml-document.ts";
import { spanIn, type Script } from "../text/script.ts";
import { propagates } from "./fate.ts";
import type { ShellCommand, ShellOptions } from "./shell-command.ts";
import { newState } from "./shell-state.ts";
import { StatementWalk } from "./statement-walk.ts";

export interface ReadShell {
  readonly commands: readonly ShellCommand[];
  readonly malformed: readonly Malformed[];
}

/**
 * The simple commands of a script in the order in which they are written (functions where they are called), each
 * with what becomes of its failure. Never throws: what is no shell is in `malformed`, and the commands before it are kept.
 */
export function readShell(script: Script, options: ShellOptions): ReadShell {
  const source = maskExpressions(script.text);
  const parsed = parse(source);
  const shebang = /^#!\S*sh\s+-(\w+)/.exec(source);
  const state = newState({
    errexit: options.errexit || shebang?.[1]?.includes("e") === true,
    pipefail: options.pipefail,
  });
  const walk = new StatementWalk({ ...script, text: source });
  walk.list(parsed.commands, state, {
    soft: propagates,
    stop: propagates,
    leave: propagates,
    errexitCounts: true,
    guards: [],
    depth: 0,
    calling: [],
    retries: false,
  });
  const [error] = parsed.errors ?? [];
  return {
    commands: walk.commands,
    malformed:
      error === undefined
        ? []
        : [{ span: spanIn(script, error.pos, error.pos + 1), message: error.message }],
  };
}

/**
 * GitHub and others put the value in before a shell sees the text, so `${{ secrets.URL }}` is no shell syntax. It is
 * replaced by a word of the same length that still holds the name.
 */
function maskExpressions(source: string): string {
  return source.replace(/\$\{\{.*?\}\}|\{\{.*?\}\}/gs, (expression) =>
    expression.replace(/[^\w.\n-]/g, "_"),
  );
}
