import type { Expanded } from "../expand.ts";
import type { Pipeline } from "../model.ts";
import { folderOf, nameOf } from "../repository/repository.ts";
import type { ShellWord } from "../shell/shell-command.ts";
import { fileScript, sliceScript, type Script } from "../text/script.ts";
import type { SourceFile } from "../text/source-file.ts";
import type { Reading } from "./reading.ts";
import { deployedAs, singlePipeline, type Single } from "./single-job.ts";

/** One instruction of a Dockerfile: its keyword in capitals and what follows it. */
export interface Instruction {
  readonly keyword: string;
  readonly start: number;
  /** Continued lines joined: backslash, line break, comment lines and empty lines are blanks. */
  readonly rest: Script;
}

/**
 * Instructions of a Dockerfile, after "Dockerfile reference", Format: comment lines, parser directive `escape`, line
 * continuation (comment and empty lines inside it are dropped), and the bodies of here-documents, which are passed over.
 */
export function readDockerfile(file: SourceFile): Instruction[] {
  const escape = /^#\s*escape\s*=\s*`/im.test(file.text.slice(0, 200)) ? "`" : "\\";
  const found: Instruction[] = [];
  let at = 0;
  while (at < file.text.length) {
    const lineEnd = endOfLine(file.text, at);
    const keyword = /^[ \t]*([A-Za-z]+)(?=\s|$)/.exec(file.text.slice(at, lineEnd));
    if (keyword === null) {
      at = lineEnd + 1;
      continue;
    }
    const { text, end } = joined(file.text, at, escape);
    const from = keyword[0].length;
    const whole = fileScript(file, at, Math.min(end, file.text.length));
    const rest = sliceScript({ ...whole, text }, from, text.length);
    found.push({ keyword: keyword[1]!.toUpperCase(), start: at + from - keyword[1]!.length, rest });
    at = afterHeredocs(file.text, text, end + 1);
  }
  return found;
}

function endOfLine(source: string, at: number): number {
  const end = source.indexOf("\n", at);
  return end === -1 ? source.length : end;
}

/** The instruction's lines as one text of the same length, what joins them blanked out. */
function joined(source: string, start: number, escape: string): { text: string; end: number } {
  let text = "";
  let at = start;
  let continues = true;
  while (continues && at < source.length) {
    const end = endOfLine(source, at);
    const line = source.slice(at, end);
    const comment = at > start && (/^\s*#/.test(line) || line.trim() === "");
    const trimmed = line.trimEnd();
    continues = comment || trimmed.endsWith(escape);
    text += comment
      ? " ".repeat(line.length)
      : continues
        ? trimmed.slice(0, -1).padEnd(line.length)
        : line;
    at = end + 1;
    if (continues && at < source.length) text += " ";
  }
  return { text, end: start + text.length };
}

function afterHeredocs(source: string, instruction: string, from: number): number {
  let at = from;
  for (const [, dash, word] of instruction.matchAll(/<<(-?)["']?(\w+)["']?/g)) {
    while (at < source.length) {
      const end = endOfLine(source, at);
      const line = source.slice(at, end);
      at = end + 1;
      if ((dash === "-" ? line.trimStart() : line) === word) break;
    }
  }
  return at;
}

/** The words of the JSON form `["a", "b"]`; `undefined` for the shell form. */
export function jsonForm(rest: Script): ShellWord[] | undefined {
  const source = rest.text.trim();
  if (!source.startsWith("[")) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(source);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parsed) || !parsed.every((item) => typeof item === "string")) return undefined;
  let at = rest.text.indexOf("[") + 1;
  return parsed.map((item) => {
    const start = rest.text.indexOf('"', at);
    const end = start + JSON.stringify(item).length;
    at = end;
    const script = sliceScript(rest, start + 1, end - 1);
    const span = { file: rest.file, start: rest.offsets[start]!, end: rest.offsets[end]! };
    return { text: item, literal: true, span, script };
  });
}

/** A command of words as one line that a shell reads the same way, each word where it stands in the file. */
export function wordsAsScript(words: readonly ShellWord[]): Script | undefined {
  const [first] = words;
  if (first === undefined) return undefined;
  let text = "";
  const offsets: number[] = [];
  for (const word of words) {
    const quoted = /^[\w./:=@%+,-]+$/.test(word.text)
      ? word.text
      : `'${word.text.replaceAll("'", "_")}'`;
    const lead = quoted.length === word.text.length ? 0 : 1;
    for (let i = 0; i < quoted.length; i++) {
      const inside = Math.max(0, Math.min(i - lead, word.script.text.length));
      offsets.push(word.script.offsets[inside] ?? word.span.start);
    }
    text += `${quoted} `;
    offsets.push(word.span.end);
  }
  offsets.push(words.at(-1)!.span.end);
  return { file: first.span.file, text, offsets };
}

/** What an image starts: `ENTRYPOINT` and `CMD` of its last stage, in the folder of the last `WORKDIR`. */
export function readDockerfiles(reading: Reading): Pipeline[] {
  const paths = reading.repository.paths.filter((path) =>
    /^(?:(?:Docker|Container)file(?:\.[\w-]+)?|[\w-]+\.(?:Docker|docker|Container)file)$/.test(
      nameOf(path),
    ),
  );
  return paths.flatMap((path) => {
    const file = reading.repository.read(path);
    if (file === undefined || nameOf(path).endsWith(".dockerignore")) return [];
    reading.files.set(path, "Dockerfile");
    return startOf(reading, file);
  });
}

/** What a stage starts; a stage begins with what the one has that it is made from. */
interface Start {
  readonly entrypoint?: Instruction;
  readonly command?: Instruction;
}

function startOf(reading: Reading, file: SourceFile): Pipeline[] {
  const stages = new Map<string, Start>();
  const defaults = new Map<string, string>();
  let name = "";
  let start: Start = {};
  let isOwnCommand = false;
  const builds: Instruction[] = [];
  for (const each of readDockerfile(file)) {
    if (each.keyword === "ARG") {
      const [, variable, value] = /^\s*(\w+)=["']?([^\s"']*)/.exec(each.rest.text) ?? [];
      if (variable !== undefined && value !== undefined) defaults.set(variable, value);
    }
    if (each.keyword === "FROM") {
      const stage = stageOf(each.rest.text, defaults);
      start = stages.get(stage.from) ?? {};
      name = stage.name;
      isOwnCommand = false;
    }
    // An ENTRYPOINT of its own ends a CMD that the stage was made with.
    if (each.keyword === "ENTRYPOINT") start = { ...(isOwnCommand ? start : {}), entrypoint: each };
    if (each.keyword === "CMD") {
      start = { ...start, command: each };
      isOwnCommand = true;
    }
    if (each.keyword === "RUN") builds.push(each);
    if (name !== "") stages.set(name, start);
  }
  const { entrypoint, command } = start;
  const starts = [entrypoint, command].flatMap((each) => each ?? []);
  return [
    ...builds.flatMap((each) => instructionPipeline(reading, file, each)),
    ...starts.flatMap((each) => instructionPipeline(reading, file, each)),
  ];
}

/** `FROM --platform=… image AS name`, with the defaults of its build arguments. */
function stageOf(
  text: string,
  defaults: ReadonlyMap<string, string>,
): { readonly from: string; readonly name: string } {
  const [from = "", as, name = ""] = text
    .trim()
    .split(/\s+/)
    .filter((word) => !word.startsWith("--"));
  const image = from.replace(
    /\$(?:(\w+)|\{(\w+)(?::?-([^}]*))?\})/g,
    (_, plain: string | undefined, braced: string | undefined, otherwise: string | undefined) =>
      defaults.get(plain ?? braced ?? "") ?? otherwise ?? "",
  );
  return { from: image.toLowerCase(), name: /^as$/i.test(as ?? "") ? name.toLowerCase() : "" };
}

/** A `RUN` reaches whatever database the build machine sees: what it changes is not known. */
function instructionPipeline(
  reading: Reading,
  file: SourceFile,
  instruction: Instruction,
): Pipeline[] {
  const words = jsonForm(instruction.rest);
  const script = words === undefined ? instruction.rest : wordsAsScript(words);
  if (script === undefined) return [];
  const build = instruction.keyword === "RUN";
  const expanded = reading.expander.expand(script, {
    directory: packageFolder(reading, file),
    variables: new Map(),
    options: { errexit: false, pipefail: false },
  });
  if (build && expanded.actions.length + expanded.mentions.length === 0) return [];
  if (!build) reading.keep(expanded);
  const { start, keyword } = instruction;
  const single: Single = {
    role: build ? "build" : startRole(expanded),
    what: `${keyword} of the image`,
    name: file.path,
    span: { file, start, end: start + keyword.length },
    environment: build
      ? { kind: "unknown", because: "an image build reaches the database of its machine" }
      : deployedAs(file.path, "image"),
  };
  return [singlePipeline(single, expanded)];
}

/** What ends when it has migrated serves nobody: something runs it once. */
export function startRole({ actions }: Expanded): "release" | "start" {
  const migrates = actions.some(({ kind, isLast }) => kind === "migrate" && isLast);
  return migrates ? "release" : "start";
}

/** The folder of the repository that the image's own folder most likely is: the Dockerfile's, when a package is there. */
function packageFolder(reading: Reading, file: SourceFile): string | undefined {
  const folder = folderOf(file.path);
  return reading.packages.byFolder.has(folder) ? folder : undefined;
}
