import { classify, type Classified } from "./commands/classify.ts";
import { commandLine, hasFlag } from "./commands/command-line.ts";
import { scriptRun } from "./commands/script-runs.ts";
import { peel } from "./commands/wrappers.ts";
import type { Packages } from "./repository/packages.ts";
import { folderOf, nameOf, type Repository } from "./repository/repository.ts";
import { propagates, within, type Fate } from "./shell/fate.ts";
import { readShell } from "./shell/read-shell.ts";
import type { Guard, ShellCommand, ShellOptions, ShellWord } from "./shell/shell-command.ts";
import { joinPath } from "./shell/shell-state.ts";
import { fileScript, type Script } from "./text/script.ts";
import type { SourceFile, Span } from "./text/source-file.ts";
import { scriptOf, type Malformed } from "./text/yaml-document.ts";

/** A place on the way from the pipeline to a command. */
export interface Via {
  /** `script "db:migrate"`, `scripts/deploy.sh`. */
  readonly what: string;
  /** The command that leads there. */
  readonly span: Span;
  /** Its words. */
  readonly text: string;
}

/** A command of interest, wherever it stands, as the pipeline runs it. */
export type Action = Classified & {
  readonly span: Span;
  readonly words: readonly ShellWord[];
  /** What becomes of its failure, at the end of the step that runs it. */
  readonly fate: Fate;
  readonly guards: readonly Guard[];
  readonly variables: ReadonlyMap<string, ShellWord>;
  /** `undefined` when it is computed. */
  readonly directory: string | undefined;
  /** From the outside in. */
  readonly via: readonly Via[];
  /** Through `ssh` or a console of the platform. */
  readonly onServer: boolean;
  /** True when nothing is run behind it but what fills a database: what was started is over then. */
  readonly isLast: boolean;
};

export interface ExpandContext {
  readonly directory: string | undefined;
  readonly variables: ReadonlyMap<string, ShellWord>;
  readonly options: ShellOptions;
  readonly onServer?: boolean;
  readonly via?: readonly Via[];
  readonly fate?: Fate;
  readonly guards?: readonly Guard[];
  /** Words behind the last command: `npm run x -- these`. */
  readonly args?: readonly ShellWord[];
  /** False when something runs behind the script, or beside it. */
  readonly isLast?: boolean;
}

/** Commands of a script with everything that they lead to. */
export interface Expanded {
  readonly actions: readonly Action[];
  /** Files that were read on the way. */
  readonly files: ReadonlySet<string>;
  readonly malformed: readonly Malformed[];
  /** Commands that speak of migrations and that are not understood. */
  readonly mentions: readonly Span[];
}

const strict: ShellOptions = { errexit: false, pipefail: false };
const maximumDepth = 12;

/** Follows commands through package scripts and shell files of one repository. */
export class Expander {
  readonly #repository: Repository;
  readonly #packages: Packages;
  #byName: Map<string, string[]> | undefined;

  constructor(repository: Repository, packages: Packages) {
    this.#repository = repository;
    this.#packages = packages;
  }

  expand(script: Script, context: ExpandContext): Expanded {
    const actions: Action[] = [];
    const files = new Set<string>();
    const malformed: Malformed[] = [];
    const mentions: Span[] = [];
    this.#script(script, context, { actions, files, malformed, mentions });
    return { actions, files, malformed, mentions };
  }

  /** A script inside a word is quoted once more than its text shows, so its syntax is not judged. */
  #quoted(script: Script, context: ExpandContext, into: Sink): void {
    this.#script(script, context, { ...into, malformed: [] });
  }

  #script(script: Script, context: ExpandContext, into: Sink): void {
    if ((context.via?.length ?? 0) > maximumDepth) return;
    into.files.add(script.file.path);
    const read = readShell(script, context.options);
    into.malformed.push(...read.malformed);
    const end = read.commands.findLastIndex(({ words }) => !seeds(wordsText(words)));
    const alone = context.isLast !== false && !read.commands.some(isBackground);
    for (const [index, command] of read.commands.entries()) {
      const last = index === read.commands.length - 1;
      const words = last ? [...command.words, ...(context.args ?? [])] : command.words;
      this.#command({ ...command, words }, { ...context, isLast: alone && index >= end }, into);
    }
  }

  #command(command: ShellCommand, outer: ExpandContext, into: Sink): void {
    const peeled = peel(command.words);
    if (peeled.words.length === 0) return;
    const directory =
      outer.directory === undefined || command.directory === undefined
        ? undefined
        : joinPath(outer.directory, command.directory);
    const context: ExpandContext = {
      directory,
      variables: new Map([...outer.variables, ...command.variables, ...peeled.variables]),
      options: strict,
      onServer: outer.onServer ?? false,
      isLast: outer.isLast !== false,
      via: outer.via ?? [],
      fate: within(command.fate, outer.fate ?? propagates),
      guards: [...(outer.guards ?? []), ...command.guards],
    };
    if (this.#nested(peeled.words, command, context, into)) return;
    if (this.#packageScript(peeled.words, command, context, into)) return;
    if (this.#shellFile(peeled.words, command, context, into)) return;
    this.#classified(peeled.words, command, context, into);
  }

  #classified(
    words: readonly ShellWord[],
    command: ShellCommand,
    context: ExpandContext,
    into: Sink,
  ): void {
    const found = classify(words, command, context.variables, context.onServer === true);
    if (found === undefined) {
      const said = words.map((word) => word.text).join(" ");
      const { program } = commandLine(words.map((word) => word.text));
      if (/migrat|lockstep/i.test(said) && !silent.has(program)) into.mentions.push(command.span);
      return;
    }
    into.actions.push({
      ...found,
      span: command.span,
      words,
      fate: context.fate ?? propagates,
      guards: context.guards ?? [],
      variables: context.variables,
      directory: context.directory,
      via: context.via ?? [],
      onServer: context.onServer === true,
      isLast: context.isLast === true,
    });
  }

  /** `sh -c '…'`, `ssh host '…'`, a here-document for `ssh` or `bash`, `fly ssh console -C '…'`. */
  #nested(
    words: readonly ShellWord[],
    command: ShellCommand,
    context: ExpandContext,
    into: Sink,
  ): boolean {
    const line = commandLine(words.map((word) => word.text));
    if (/^(?:ba|da|z|a)?sh$/.test(line.program)) {
      const at = words.findIndex((word) => /^-[a-z]*c$/.test(word.text));
      const options = shellOptions(line.args);
      const given = at === -1 ? undefined : words[at + 1]?.script;
      const script = given ?? (line.plain.length === 0 ? command.input : undefined);
      if (script === undefined) return false;
      this.#quoted(script, { ...context, options }, into);
      return true;
    }
    if (line.program === "ssh") {
      const given = command.input ?? remoteCommand(words);
      if (given === undefined) return false;
      this.#quoted(given, { ...context, directory: undefined, onServer: true }, into);
      return true;
    }
    const console = line.program === "fly" || line.program === "flyctl";
    const at = console ? words.findIndex((word) => /^(?:-C|--command)$/.test(word.text)) : -1;
    const inside = at === -1 ? undefined : words[at + 1]?.script;
    if (inside === undefined) return false;
    this.#quoted(inside, { ...context, onServer: true }, into);
    return true;
  }

  #packageScript(
    words: readonly ShellWord[],
    command: ShellCommand,
    context: ExpandContext,
    into: Sink,
  ): boolean {
    const several = severalScripts(words);
    if (several !== undefined) {
      const end = several.names.findLastIndex((name) => !seeds(name));
      for (const [index, name] of several.names.entries()) {
        const isLast = context.isLast === true && several.oneByOne && index >= end;
        this.#namedScript(name, [], undefined, command, { ...context, isLast }, into);
      }
      return true;
    }
    const run = scriptRun(words, context.directory, this.#packages);
    if (run === undefined) return false;
    if (run.kind === "binary") {
      this.#classified(peel(run.words).words, command, context, into);
      return true;
    }
    if (run.packages.length === 0) {
      if (/migrat/i.test(run.name)) into.mentions.push(command.span);
      return true;
    }
    for (const each of run.packages) {
      this.#namedScript(run.name, run.args, each.folder, command, context, into);
    }
    return true;
  }

  /** A script with its `pre` and `post` scripts, in the shell that npm starts: `sh -c`, without `-e`. */
  #namedScript(
    name: string,
    args: readonly ShellWord[],
    folder: string | undefined,
    command: ShellCommand,
    context: ExpandContext,
    into: Sink,
  ): void {
    const from = folder ?? context.directory ?? ".";
    const owner = this.#packages.byFolder.get(from);
    if (owner === undefined) return;
    for (const each of [`pre${name}`, name, `post${name}`]) {
      const script = scriptOf(owner.scripts.get(each));
      if (script === undefined) continue;
      const step = { what: `script "${each}"`, span: command.span, text: wordsText(command.words) };
      if (cameThrough(context, step)) continue;
      const via = [...(context.via ?? []), step];
      const isLast = context.isLast === true && (each !== `pre${name}` || !owner.scripts.has(name));
      const inside = { ...context, directory: owner.folder, options: strict, via, isLast };
      this.#script(script, each === name ? { ...inside, args } : inside, into);
    }
  }

  #shellFile(
    words: readonly ShellWord[],
    command: ShellCommand,
    context: ExpandContext,
    into: Sink,
  ): boolean {
    const texts = words.map((word) => word.text);
    const line = commandLine(texts);
    const interpreter = /^(?:(?:ba|da|z|a)?sh|source|\.)$/.test(line.program) || texts[0] === ".";
    const path = interpreter ? line.plain[0] : texts[0];
    const file = path === undefined ? undefined : this.#findFile(path, context.directory);
    if (file === undefined) return false;
    if (!interpreter && !/\.(?:ba)?sh$/.test(file.path) && !/^#!.*sh\b/.test(file.text))
      return false;
    const via = [
      ...(context.via ?? []),
      { what: file.path, span: command.span, text: wordsText(words) },
    ];
    if (via.filter((step) => step.what === file.path).length > 1) return true;
    const options = interpreter ? shellOptions(line.args) : strict;
    this.#script(fileScript(file), { ...context, options, via }, into);
    return true;
  }

  #named(name: string): readonly string[] {
    if (this.#byName === undefined) {
      this.#byName = new Map();
      for (const path of this.#repository.paths) {
        const same = this.#byName.get(nameOf(path));
        if (same === undefined) this.#byName.set(nameOf(path), [path]);
        else same.push(path);
      }
    }
    return this.#byName.get(name) ?? [];
  }

  /** A path as the shell sees it, or the same below the root: images keep the repository's layout, not its place. */
  #findFile(path: string, directory: string | undefined): SourceFile | undefined {
    const bare = path.replace(/^(?:\$\{?[A-Za-z_]\w*\}?|_+\w*[\w.]*_+)\//, "");
    const tries = [joinPath(directory ?? ".", bare), joinPath(".", bare)];
    for (const each of tries) {
      const found = this.#repository.read(each);
      if (found !== undefined) return found;
    }
    const tail = bare
      .replace(/^(?:\.{1,2}\/)+|^\/(?:app|usr\/src\/app|workspace|src|usr\/local\/bin|opt)\//, "")
      .replace(/^\//, "");
    if (!/\.(?:ba)?sh$|entrypoint/.test(tail)) return undefined;
    const ends = this.#named(nameOf(tail)).filter(
      (each) => each === tail || each.endsWith(`/${tail}`),
    );
    const near = ends.filter((each) => folderOf(each).startsWith(directory ?? ""));
    const only = near.length === 1 ? near : ends;
    return only.length === 1 ? this.#repository.read(only[0]!) : undefined;
  }
}

/** The same call further out: scripts that call one another end here. */
const cameThrough = ({ via }: ExpandContext, { what, span }: Via): boolean =>
  via?.some(
    (step) => step.what === what && step.span.start === span.start && step.span.file === span.file,
  ) === true;

/** Words as a person would write them again. */
export const wordsText = (words: readonly ShellWord[]): string => words.map(written).join(" ");

/** A word with `${{ }}` in it is taken from the file: what a shell was shown of it is no text to paste. */
function written({ text, span }: ShellWord): string {
  const source = span.file.text.slice(span.start, span.end);
  if (source.includes("${{")) return source;
  return /^[\w./:=@%+,${}~-]+$/.test(text) ? text : `"${text.replaceAll('"', '\\"')}"`;
}

interface Sink {
  readonly actions: Action[];
  readonly files: Set<string>;
  readonly malformed: Malformed[];
  readonly mentions: Span[];
}

/** Programs whose arguments are words to be shown. */
const silent = new Set([
  "echo",
  "printf",
  "cat",
  "ls",
  "rm",
  "cp",
  "mv",
  "mkdir",
  "grep",
  "touch",
  "test",
  "[",
  "curl",
  "tar",
  "which",
  "chmod",
  "git",
  "sleep",
  "export",
]);

function shellOptions(args: readonly string[]): ShellOptions {
  const short = args.filter((word) => /^-[a-z]+$/.test(word)).join("");
  return { errexit: short.includes("e"), pipefail: args.includes("pipefail") };
}

/** The command of `ssh [options] host command…`: the last word, when the command is quoted as one. */
function remoteCommand(words: readonly ShellWord[]): Script | undefined {
  const last = words.at(-1);
  return last !== undefined && words.length > 2 && /\s/.test(last.text) ? last.script : undefined;
}

interface SeveralScripts {
  readonly names: readonly string[];
  readonly oneByOne: boolean;
}

/** `run-s a b`, `npm-run-all a b`, `concurrently "npm:a"`. */
function severalScripts(words: readonly ShellWord[]): SeveralScripts | undefined {
  const line = commandLine(words.map((word) => word.text));
  if (/^(?:run-s|run-p|npm-run-all2?)$/.test(line.program))
    return {
      names: line.plain,
      oneByOne: line.program !== "run-p" && !hasFlag(line, "-p", "--parallel"),
    };
  if (line.program === "concurrently") {
    const named = line.plain.filter((word) => word.startsWith("npm:"));
    return named.length === 0
      ? undefined
      : { names: named.map((word) => word.slice(4)), oneByOne: false };
  }
  return undefined;
}

/** True for a command or script that fills a database. */
const seeds = (text: string): boolean => /\bseeds?\b/i.test(text);

const isBackground = ({ fate }: ShellCommand): boolean =>
  fate.kind === "ignored" && fate.how === "background";
