import type { Script } from "../text/script.ts";
import type { Span } from "../text/source-file.ts";
import type { Fate } from "./fate.ts";

/** One word of a command, expansions as they are written (`$URL`). */
export interface ShellWord {
  readonly text: string;
  /** False when an expansion makes up a part of it. */
  readonly literal: boolean;
  readonly span: Span;
  /** The inside of the word when it is quoted as a whole: what `sh -c` is given. */
  readonly script: Script;
}

/** A condition under which a command runs: an `if`, `case`, loop or `&&` around it. */
export interface Guard {
  readonly text: string;
  readonly span: Span;
  /** False in an `else` or after `||`. */
  readonly holds: boolean;
}

/** A simple command where it stands in its script. */
export interface ShellCommand {
  readonly words: readonly ShellWord[];
  /** Variables set on the command or before it in the script. */
  readonly variables: ReadonlyMap<string, ShellWord>;
  readonly span: Span;
  readonly fate: Fate;
  readonly guards: readonly Guard[];
  /** The directory that `cd` has led to, relative to where the script starts; `undefined` when it is computed. */
  readonly directory: string | undefined;
  /** What is given on standard input by a here-document. */
  readonly input: Script | undefined;
  /** Files that its output is written to. */
  readonly writes: readonly ShellWord[];
}

/** The options a script starts with. */
export interface ShellOptions {
  readonly errexit: boolean;
  readonly pipefail: boolean;
}
