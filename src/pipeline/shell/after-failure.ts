import type { CompoundList, PipelineNode, Statement, SyntaxNode } from "unbash";
import type { ShellState } from "./shell-state.ts";
import { contains } from "./words.ts";

/** What a command does when it runs because another one failed. */
export type Reaction = "stops" | "goes-on" | "unknown";

/** Commands that only say something. */
const talkers = new Set(["echo", "printf", "true", ":", "logger", "date"]);

const wordsOf = (node: SyntaxNode): string[] =>
  node.type !== "Command" || node.name === undefined
    ? []
    : [node.name.value, ...node.args.map((word) => word.text)];

/** `exit`, `return` or `false` with a status other than 0; without one they pass the failure on. */
function isStop(node: SyntaxNode, state: ShellState, depth: number): boolean {
  const [name, status] = wordsOf(node);
  if (name === undefined) return false;
  if (name === "exit" || name === "return") return status !== "0";
  if (name === "false") return true;
  const called = state.functions.get(name);
  return called !== undefined && depth < 10 && stopsSomewhere(called.body, state, depth + 1);
}

export const stopsSomewhere = (node: SyntaxNode, state: ShellState, depth = 0): boolean =>
  contains(node, (inner) => isStop(inner, state, depth));

function isTalk(node: PipelineNode | Statement["command"]): boolean {
  if (node.type === "BraceGroup" || node.type === "Subshell") return onlyTalks(node.body);
  if (node.type === "Redirected") return isTalk(node.command);
  const [name, status] = wordsOf(node);
  if (name === undefined) return false;
  return talkers.has(name) || ((name === "exit" || name === "return") && status === "0");
}

const onlyTalks = (list: CompoundList): boolean =>
  list.commands.every((statement) => !statement.background && isTalk(statement.command));

/** What the right side of `||` does. */
export function reactionOf(node: PipelineNode, state: ShellState): Reaction {
  if (stopsSomewhere(node, state)) return "stops";
  return isTalk(node) ? "goes-on" : "unknown";
}

/** What a branch of `if` does. */
export function reactionOfList(list: CompoundList, state: ShellState): Reaction {
  if (stopsSomewhere(list, state)) return "stops";
  return onlyTalks(list) ? "goes-on" : "unknown";
}

/** True when the branch leaves, so that what follows it is the other case. */
export const leaves = (list: CompoundList): boolean =>
  contains(list, (node) => {
    const [name] = wordsOf(node);
    return name !== undefined && ["exit", "exec", "return", "break", "continue"].includes(name);
  });

export const assigns = (list: CompoundList): boolean =>
  contains(list, (node) => node.type === "Assignment");
