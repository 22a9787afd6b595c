import type { Command, Word } from "unbash";
import { sliceScript } from "../text/script.ts";
import { handled, type Fate } from "./fate.ts";
import type { ShellWord } from "./shell-command.ts";
import { applySet, changeDirectory, forkState, type ShellState } from "./shell-state.ts";
import type { StatementWalk, Surroundings } from "./statement-walk.ts";
import { shellWord, substitutions } from "./words.ts";

/** Builtins that only change the shell. */
const declarations = new Set(["export", "declare", "typeset", "local", "readonly"]);

/** A simple command: its effect on the shell, the commands in its substitutions, and itself. */
export function simpleCommand(
  walk: StatementWalk,
  node: Command,
  state: ShellState,
  around: Surroundings,
  fate: Fate,
): void {
  const { script } = walk;
  substituted(walk, node, state, around, fate);
  const assigned = new Map<string, ShellWord>();
  for (const part of [...node.prefix, ...node.suffix]) {
    if (part.type === "Assignment" && part.value.type === "Word") {
      assigned.set(part.name, shellWord(script, part.value));
    }
  }
  const name = node.name?.value;
  if (name === undefined || declarations.has(name)) {
    for (const [variable, value] of assigned) state.variables.set(variable, value);
    return;
  }
  const words = [node.name!, ...node.args].map((part) =>
    part.type === "Word" ? shellWord(script, part) : assignmentWord(walk, part),
  );
  if (name === "set" || name === "shopt") {
    applySet(
      state,
      words.slice(1).map((word) => word.text),
    );
    return;
  }
  if (name === "trap") {
    if (words.at(-1)?.text === "ERR") state.errexit = true;
    return;
  }
  if (name === "cd" || name === "pushd") {
    changeDirectory(
      state,
      words.find((word, index) => index > 0 && !/^-./.test(word.text)),
    );
    return;
  }
  if (name === "popd") state.directory = undefined;
  const called = state.functions.get(name);
  if (called !== undefined) {
    if (around.calling.includes(name)) return;
    const body = called.body.type === "Redirected" ? called.body.command : called.body;
    if ("body" in body && body.type !== "ArithmeticCommand") {
      walk.list(body.body.commands, state, {
        ...around,
        soft: fate,
        leave: fate,
        calling: [...around.calling, name],
        depth: around.depth + 1,
      });
    }
    return;
  }
  const heredoc = node.redirects.find((part) => part.type === "HereDoc");
  walk.commands.push({
    words,
    variables: new Map([...state.variables, ...assigned]),
    span: walk.span({ pos: node.name!.pos, end: node.end }),
    fate: name === "exec" ? around.stop : fate,
    guards: around.guards,
    directory: state.directory,
    input:
      heredoc === undefined ? undefined : sliceScript(script, heredoc.body.pos, heredoc.body.end),
    writes: node.redirects.flatMap((part) =>
      part.type === "Redirect" && part.operator.startsWith(">") && part.target !== undefined
        ? [shellWord(script, part.target)]
        : [],
    ),
  });
}

function assignmentWord(
  walk: StatementWalk,
  part: { readonly text: string; readonly pos: number; readonly end: number },
): ShellWord {
  const { text, pos, end } = part;
  const word: Word = { type: "Word", text, value: text, pos, end };
  return shellWord(walk.script, word);
}

/** `x=$(migrate)` has the status of `migrate`; in an argument, or after `export`, it is lost. */
function substituted(
  walk: StatementWalk,
  node: Command,
  state: ShellState,
  around: Surroundings,
  fate: Fate,
): void {
  const inner =
    node.name === undefined
      ? fate
      : fate.kind === "handled"
        ? handled
        : walk.ignored("substitution", node);
  for (const script of substitutions(node)) {
    walk.list(script.commands, forkState(state), {
      ...around,
      soft: inner,
      stop: inner,
      leave: inner,
      depth: around.depth + 1,
    });
  }
}
