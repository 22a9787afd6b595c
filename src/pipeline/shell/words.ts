import { forEachChild, type ParsedScript, type SyntaxNode, type Word } from "unbash";
import { sliceScript, spanIn, type Script } from "../text/script.ts";
import type { ShellWord } from "./shell-command.ts";

const expansions = new Set<string>([
  "SimpleExpansion",
  "ParameterExpansion",
  "CommandExpansion",
  "ArithmeticExpansion",
  "ProcessSubstitution",
]);

/** True when some node below `of` fits. */
export function contains(of: SyntaxNode, fits: (node: SyntaxNode) => boolean): boolean {
  if (fits(of)) return true;
  let found = false;
  forEachChild(of, (child) => {
    found ||= contains(child, fits);
  });
  return found;
}

export function shellWord(script: Script, word: Word): ShellWord {
  const span = spanIn(script, word.pos, word.end);
  const source = span.file.text.slice(span.start, span.end);
  const only = word.parts?.length === 1 ? word.parts[0] : undefined;
  const quoted = only?.type === "DoubleQuoted" || only?.type === "SingleQuoted";
  return {
    text: word.value,
    literal: !source.includes("${{") && !contains(word, (node) => expansions.has(node.type)),
    span,
    script: quoted
      ? inside(script, word, only.type === "DoubleQuoted")
      : sliceScript(script, word.pos, word.end),
  };
}

/** The text between the quotes; in double quotes a backslash before `"`, `$`, a backquote and itself goes away. */
function inside(script: Script, word: Word, double: boolean): Script {
  const raw = sliceScript(script, word.pos + 1, word.end - 1);
  if (!double || !raw.text.includes("\\")) return raw;
  const dropped = new Set<number>();
  for (let at = 0; at < raw.text.length - 1; at++) {
    if (raw.text[at] === "\\" && '"$`\\'.includes(raw.text[at + 1]!)) dropped.add(at++);
  }
  const indexes = Array.from(raw.offsets, (_, index) => index).filter(
    (index) => index < raw.text.length && !dropped.has(index),
  );
  return {
    file: raw.file,
    text: indexes.map((index) => raw.text[index]!).join(""),
    offsets: [...indexes, raw.text.length].map((index) => raw.offsets[index]!),
  };
}

/** Scripts of `$( )` and the like inside a node; those of escaped backticks have no place of their own and are left out. */
export function substitutions(of: SyntaxNode): ParsedScript[] {
  const found: ParsedScript[] = [];
  const visit = (node: SyntaxNode): void => {
    if (node.type === "Script") {
      if (node.source === undefined) found.push(node);
      return;
    }
    forEachChild(node, visit);
  };
  visit(of);
  return found;
}
