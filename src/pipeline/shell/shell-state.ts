import type { Function as ShellFunction } from "unbash";
import type { ShellOptions, ShellWord } from "./shell-command.ts";

/** What a shell remembers from one command to the next. */
export interface ShellState {
  errexit: boolean;
  pipefail: boolean;
  /** Relative to the start; `undefined` when it is computed. */
  directory: string | undefined;
  variables: Map<string, ShellWord>;
  functions: Map<string, ShellFunction>;
}

export function newState(options: ShellOptions): ShellState {
  return { ...options, directory: ".", variables: new Map(), functions: new Map() };
}

/** What a subshell starts with: changes inside it are not seen outside. */
export function forkState(state: ShellState): ShellState {
  return {
    ...state,
    variables: new Map(state.variables),
    functions: new Map(state.functions),
  };
}

/** `set -euo pipefail`, `set +e`, `set -o errexit` and the like. POSIX 2018, `set`; pipefail: Bash manual, "Pipelines". */
export function applySet(state: ShellState, words: readonly string[]): void {
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const on = word.startsWith("-");
    if ((!on && !word.startsWith("+")) || word === "--") return;
    if (word.includes("e") && !word.startsWith("--")) state.errexit = on;
    if (word.includes("o")) {
      const name = words[i + 1];
      if (name === "errexit") state.errexit = on;
      if (name === "pipefail") state.pipefail = on;
      i += 1;
    }
  }
}

/** Where `cd` leads; a computed directory is unknown from then on, but an absolute one is known again. */
export function changeDirectory(state: ShellState, target: ShellWord | undefined): void {
  if (target === undefined || !target.literal || target.text === "-" || /^[~/]/.test(target.text)) {
    state.directory = undefined;
    return;
  }
  if (state.directory === undefined) return;
  state.directory = joinPath(state.directory, target.text);
}

/** Joins two relative paths and resolves `.` and `..`; leading `..` stay. */
export function joinPath(base: string, path: string): string {
  const parts: string[] = [];
  for (const part of `${base}/${path}`.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else parts.push(part);
  }
  return parts.length === 0 ? "." : parts.join("/");
}
