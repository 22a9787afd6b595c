import type { SourceFile, Span } from "./source-file.ts";

/** Text that a shell is given, and where each of its characters stands in a file. */
export interface Script {
  readonly file: SourceFile;
  readonly text: string;
  /** Offset in the file of each character of `text`, and of its end. */
  readonly offsets: ArrayLike<number>;
}

/** A whole file as a script, from `start` on. */
export function fileScript(file: SourceFile, start = 0, end = file.text.length): Script {
  const offsets = Uint32Array.from({ length: end - start + 1 }, (_, index) => start + index);
  return { file, text: file.text.slice(start, end), offsets };
}

/** Part of a script. */
export function sliceScript(script: Script, start: number, end: number): Script {
  const from = Math.max(0, Math.min(start, script.text.length));
  const to = Math.max(from, Math.min(end, script.text.length));
  const offsets = Uint32Array.from({ length: to - from + 1 }, (_, i) => script.offsets[from + i]!);
  return { file: script.file, text: script.text.slice(from, to), offsets };
}

/** Scripts one after the other with a line break between them, as CI systems join lists of commands. */
export function joinScripts(scripts: readonly Script[]): Script | undefined {
  const [first] = scripts;
  if (first === undefined) return undefined;
  const offsets: number[] = [];
  for (const script of scripts) {
    for (let i = 0; i <= script.text.length; i++) offsets.push(script.offsets[i]!);
  }
  const text = scripts.map((script) => script.text).join("\n");
  return { file: first.file, text, offsets };
}

/** The part of the file that `start`…`end` of the script came from. */
export function spanIn(script: Script, start: number, end: number): Span {
  const last = script.offsets.length - 1;
  const clamp = (at: number): number => Math.max(0, Math.min(at, last));
  const from = script.offsets[clamp(start)]!;
  const to = end > start ? script.offsets[clamp(end - 1)]! + 1 : from;
  return { file: script.file, start: from, end: Math.max(from, to) };
}
