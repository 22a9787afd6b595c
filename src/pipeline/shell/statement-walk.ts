import type {
  AndOr,
  CommandNode,
  CompoundList,
  Elif,
  If,
  Pipeline,
  PipelineNode,
  Statement,
} from "unbash";
import { spanIn, type Script } from "../text/script.ts";
import type { Span } from "../text/source-file.ts";
import { assigns, leaves, reactionOf, reactionOfList } from "./after-failure.ts";
import { handled, unknownFate, type Fate, type Ignored } from "./fate.ts";
import type { Guard, ShellCommand } from "./shell-command.ts";
import { forkState, type ShellState } from "./shell-state.ts";
import { simpleCommand } from "./simple-command.ts";

/**
 * What surrounds a list of commands. The rules are those of POSIX 2018, `set -e`, and were measured with bash 5.2 and
 * dash: errexit does not count in the condition of `if` and `while`, before `&&` and `||`, and after `!`; a failure
 * inside `a && b` where `a` fails ends a subshell or function with that status, but not the script around it.
 */
export interface Surroundings {
  /** Fate when the list ends with a failure that errexit did not act on. */
  readonly soft: Fate;
  /** Fate when errexit or `exit` ends the shell here. */
  readonly stop: Fate;
  /** Fate of `return`. */
  readonly leave: Fate;
  readonly errexitCounts: boolean;
  readonly guards: readonly Guard[];
  readonly depth: number;
  /** In a loop that is left by some of its commands: a failure may lead to another try. */
  readonly retries: boolean;
  /** Functions that are being called, outermost first. */
  readonly calling: readonly string[];
}

/** A script that is deeper or longer than this is none that a person wrote. */
const maximumDepth = 40;
const maximumCommands = 20_000;

/** One pass over a script; `commands` fills up as it goes. */
export class StatementWalk {
  readonly script: Script;
  readonly commands: ShellCommand[] = [];

  constructor(script: Script) {
    this.script = script;
  }

  list(statements: readonly Statement[], state: ShellState, around: Surroundings): void {
    if (around.depth > maximumDepth || this.commands.length > maximumCommands) return;
    for (const [index, statement] of statements.entries()) {
      const soft = this.#soft(statements, index, around);
      this.#statement(statement, statements[index + 1], state, { ...around, soft });
    }
  }

  span(node: { readonly pos: number; readonly end: number }): Span {
    return spanIn(this.script, node.pos, node.end);
  }

  ignored(how: Ignored, node: { readonly pos: number; readonly end: number }): Fate {
    return { kind: "ignored", how, at: this.span(node) };
  }

  /** Fate of a statement that fails without errexit: the next one runs, unless it looks at the status. */
  #soft(statements: readonly Statement[], index: number, around: Surroundings): Fate {
    const next = statements[index + 1];
    if (next === undefined) return around.soft;
    const source = this.#source(next);
    if (source.includes("PIPESTATUS") || /^\s*wait\b/.test(source)) return handled;
    if (/\$\?|\$\{\?\}/.test(source)) {
      return /^\s*(echo|printf)\b/.test(source) ? this.ignored("next-command", next) : handled;
    }
    return around.retries ? unknownFate : this.ignored("next-command", next);
  }

  #source(node: { readonly pos: number; readonly end: number }): string {
    return this.script.text.slice(node.pos, node.end);
  }

  #statement(
    statement: Statement,
    next: Statement | undefined,
    state: ShellState,
    around: Surroundings,
  ): void {
    if (statement.background) {
      const fate =
        next !== undefined && /\bwait\b|\$!/.test(this.script.text.slice(next.pos))
          ? unknownFate
          : this.ignored("background", statement);
      const inside = { ...around, soft: fate, stop: fate, leave: fate, errexitCounts: false };
      this.#node(statement.command, forkState(state), inside);
      return;
    }
    this.#node(statement.command, state, around);
  }

  #node(node: PipelineNode | AndOr, state: ShellState, around: Surroundings): void {
    if (node.type === "AndOr") this.#andOr(node, state, around);
    else if (node.type === "Pipeline") this.#pipeline(node, state, around);
    else this.#command(node, state, around);
  }

  #andOr(node: AndOr, state: ShellState, around: Surroundings): void {
    let guards = around.guards;
    for (const [index, part] of node.commands.entries()) {
      const last = index === node.commands.length - 1;
      if (last && node.operators[index - 1] !== undefined) {
        this.#node(part, state, { ...around, guards });
        return;
      }
      const fate = this.#whenFails(node, index, state, around);
      const stop = fate.kind === "ignored" && fate.how !== "and-list" ? fate : around.stop;
      this.#node(part, state, { ...around, soft: fate, stop, errexitCounts: false, guards });
      guards = [...guards, this.#guard(part, node.operators[index] === "&&")];
    }
  }

  /** Fate of the part at `index` of `a && b || c`, which is not the last. */
  #whenFails(node: AndOr, index: number, state: ShellState, around: Surroundings): Fate {
    const or = node.operators.indexOf("||", index);
    if (or === -1) {
      if (around.soft.kind !== "ignored" || around.soft.how !== "next-command") return around.soft;
      return state.errexit && around.errexitCounts ? this.ignored("and-list", node) : around.soft;
    }
    const handler = node.commands[or + 1]!;
    const reaction = reactionOf(handler, state);
    if (reaction === "stops") return this.#stops(handler, state, around);
    const more = or + 1 < node.commands.length - 1;
    if (reaction === "unknown" || more || around.retries) return unknownFate;
    const silent = /^(true|:)$/.test(this.#source(handler).trim());
    const place = { pos: this.#operatorBefore(handler.pos), end: handler.end };
    return this.ignored(silent ? "or-true" : "or-message", place);
  }

  #operatorBefore(at: number): number {
    const found = this.script.text.lastIndexOf("||", at);
    return found === -1 ? at : found;
  }

  /** A handler that ends in a failure: of the shell, or of the subshell that it is. */
  #stops(handler: PipelineNode, state: ShellState, around: Surroundings): Fate {
    if (handler.type === "Subshell") return this.#hard(state, around);
    return /\breturn\b/.test(this.#source(handler)) ? around.leave : around.stop;
  }

  #hard(state: ShellState, around: Surroundings): Fate {
    return state.errexit && around.errexitCounts ? around.stop : around.soft;
  }

  #pipeline(node: Pipeline, state: ShellState, around: Surroundings): void {
    const negated = node.prefixes.some((prefix) => prefix.type === "Negation");
    const whole = negated ? unknownFate : this.#hard(state, around);
    if (node.commands.length === 1) {
      const inside = negated
        ? { ...around, soft: unknownFate, stop: unknownFate, errexitCounts: false }
        : around;
      this.#command(node.commands[0]!, state, inside);
      return;
    }
    for (const [index, command] of node.commands.entries()) {
      const last = index === node.commands.length - 1;
      const lost = !last && !state.pipefail && whole.kind !== "handled";
      const bar = this.script.text.indexOf("|", command.end);
      const pipe = { pos: bar === -1 ? command.end : bar, end: node.end };
      const fate = lost ? this.ignored("pipe", pipe) : whole;
      const inside = { ...around, soft: fate, stop: fate, leave: fate };
      this.#command(command, forkState(state), inside);
    }
  }

  #command(node: CommandNode, state: ShellState, around: Surroundings): void {
    const deeper = { ...around, depth: around.depth + 1 };
    switch (node.type) {
      case "Command":
        simpleCommand(this, node, state, around, this.#hard(state, around));
        return;
      case "Subshell": {
        const fate = this.#hard(state, around);
        const inside = { ...deeper, soft: fate, stop: fate };
        this.list(node.body.commands, forkState(state), inside);
        return;
      }
      case "BraceGroup":
        this.list(node.body.commands, state, deeper);
        return;
      case "Redirected":
        this.#command(node.command, state, deeper);
        return;
      case "If":
        this.#if(node, state, deeper);
        return;
      case "For":
      case "ArithmeticFor":
      case "Select":
        this.list(node.body.commands, state, this.#inLoop(node.body, deeper));
        return;
      case "While":
        this.#condition(node.clause, unknownFate, state, deeper);
        this.list(node.body.commands, state, this.#inLoop(node.body, deeper));
        return;
      case "Case":
        for (const item of node.items) {
          const guard = this.#guard(node.word, true, item.pattern);
          const guards = [...around.guards, guard];
          this.list(item.body.commands, state, { ...deeper, guards });
        }
        return;
      case "Function":
        state.functions.set(node.name.value, node);
        return;
      case "Coproc":
      case "TestCommand":
      case "ArithmeticCommand":
    }
  }

  #inLoop(body: CompoundList, around: Surroundings): Surroundings {
    const retries = around.retries || leaves(body) || assigns(body);
    return { ...around, soft: unknownFate, retries };
  }

  #if(node: If, state: ShellState, around: Surroundings): void {
    const branches: readonly Pick<Elif, "clause" | "then">[] = [node, ...node.elif];
    let guards = around.guards;
    for (const [index, branch] of branches.entries()) {
      const otherwise = branches[index + 1] === undefined ? node.else : undefined;
      const further = branches[index + 1] !== undefined;
      const fate = further ? unknownFate : this.#elseFate(node, branch.then, otherwise, state);
      const whole = negatedCondition(branch.clause) ? this.#branchFate(branch.then, state) : fate;
      this.#condition(branch.clause, whole, state, { ...around, guards });
      const holds = this.#guard(branch.clause, true);
      this.list(branch.then.commands, state, { ...around, guards: [...guards, holds] });
      guards = [...guards, { ...holds, holds: false }];
    }
    if (node.else !== undefined) this.list(node.else.commands, state, { ...around, guards });
  }

  /** Fate of a failing condition whose failure leads to this branch. */
  #branchFate(branch: CompoundList, state: ShellState): Fate {
    const reaction = reactionOfList(branch, state);
    if (reaction === "stops") return handled;
    return reaction === "goes-on" ? this.ignored("else-goes-on", branch) : unknownFate;
  }

  #elseFate(
    node: If,
    then: CompoundList,
    otherwise: CompoundList | undefined,
    state: ShellState,
  ): Fate {
    if (otherwise !== undefined) return this.#branchFate(otherwise, state);
    return leaves(then) || assigns(then) ? unknownFate : this.ignored("else-goes-on", node);
  }

  #condition(clause: CompoundList, fate: Fate, state: ShellState, around: Surroundings): void {
    const lastFate = { ...around, soft: fate, stop: fate, errexitCounts: false };
    const before = { ...lastFate, soft: unknownFate, stop: unknownFate };
    for (const [index, statement] of clause.commands.entries()) {
      const last = index === clause.commands.length - 1;
      const bare = withoutNegation(statement);
      this.#node(bare, state, last ? lastFate : before);
    }
  }

  #guard(
    node: { readonly pos: number; readonly end: number },
    holds: boolean,
    pattern: readonly { readonly text: string }[] = [],
  ): Guard {
    const words = pattern.map((word) => word.text).join("|");
    const text = this.#source(node);
    return { text: words === "" ? text : `${text} = ${words}`, span: this.span(node), holds };
  }
}

const isNegated = (node: Statement["command"]): node is Pipeline =>
  node.type === "Pipeline" && node.prefixes.some((prefix) => prefix.type === "Negation");

function negatedCondition(clause: CompoundList): boolean {
  const last = clause.commands.at(-1);
  return last !== undefined && isNegated(last.command);
}

function withoutNegation(statement: Statement): Statement["command"] {
  const { command } = statement;
  return isNegated(command) ? { ...command, prefixes: [] } : command;
}
