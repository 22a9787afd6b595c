import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type Document,
  type ParsedNode,
  type Scalar,
} from "yaml";
import { alignScalar } from "./align-scalar.ts";
import type { Script } from "./script.ts";
import type { SourceFile, Span } from "./source-file.ts";

/** A node of a YAML or JSON file; aliases and merge keys are resolved when it is read. */
export interface YamlNode {
  readonly file: SourceFile;
  readonly node: ParsedNode;
  readonly document: Document.Parsed;
}

/** A place where a file is not what its format says. */
export interface Malformed {
  readonly span: Span;
  readonly message: string;
}

export interface YamlFile {
  readonly documents: readonly YamlNode[];
  readonly malformed: readonly Malformed[];
}

/**
 * Every document of a YAML file (JSON is YAML: spec 1.2.2, section 1.2). Never throws: what cannot be read is in
 * `malformed`, and as much of the rest as the parser could keep is in `documents`. Unknown tags are kept as they are.
 */
export function readYaml(file: SourceFile): YamlFile {
  const documents: YamlNode[] = [];
  const malformed: Malformed[] = [];
  const parsed = parseAllDocuments(file.text, {
    lineCounter: new LineCounter(),
    merge: true,
    uniqueKeys: false,
    strict: false,
    logLevel: "silent",
    prettyErrors: false,
  });
  if (!Array.isArray(parsed)) return { documents, malformed };
  for (const document of parsed) {
    for (const error of document.errors) {
      const [start, end] = error.pos;
      malformed.push({ span: { file, start, end }, message: firstSentence(error.message) });
    }
    if (document.contents !== null) documents.push({ file, node: document.contents, document });
  }
  return { documents, malformed };
}

const firstSentence = (message: string): string => message.split("\n")[0]!.trim();

function resolved(of: YamlNode, depth = 0): YamlNode | undefined {
  if (!isAlias(of.node)) return of;
  if (depth > 20) return undefined;
  const target = of.node.resolve(of.document) as ParsedNode | undefined;
  return target === undefined ? undefined : resolved({ ...of, node: target }, depth + 1);
}

export interface YamlEntry {
  readonly key: string;
  /** Of the key. */
  readonly span: Span;
  readonly value: YamlNode;
}

/** The entries of a mapping; those of `<<` come first, so that a later one of the same name wins. */
export function entries(of: YamlNode | undefined, depth = 0): YamlEntry[] {
  const map = of === undefined ? undefined : resolved(of);
  if (map === undefined || !isMap(map.node) || depth > 20) return [];
  const merged: YamlEntry[] = [];
  const own: YamlEntry[] = [];
  for (const pair of map.node.items) {
    if (pair.value === null) continue;
    const key = String(isScalar(pair.key) ? pair.key.value : pair.key);
    const value: YamlNode = { ...map, node: pair.value };
    if (key === "<<") {
      for (const part of items(value, true)) merged.push(...entries(part, depth + 1));
    } else {
      const range = pair.key.range;
      own.push({ key, span: { file: map.file, start: range[0], end: range[1] }, value });
    }
  }
  return [...merged, ...own];
}

/** The last entry of that name. */
export function entry(of: YamlNode | undefined, key: string): YamlEntry | undefined {
  return entries(of).findLast((candidate) => candidate.key === key);
}

/** The value below a path of keys. */
export function get(of: YamlNode | undefined, ...path: readonly string[]): YamlNode | undefined {
  let at = of;
  for (const key of path) at = entry(at, key)?.value;
  return at;
}

/** The items of a list; with `orSelf` a lone value counts as a list of one. */
export function items(of: YamlNode | undefined, orSelf = false): YamlNode[] {
  const list = of === undefined ? undefined : resolved(of);
  if (list === undefined) return [];
  if (isSeq(list.node)) {
    return list.node.items.flatMap((item) => {
      const node = item as ParsedNode | null;
      return node === null ? [] : [{ ...list, node }];
    });
  }
  return orSelf && !(isScalar(list.node) && list.node.value === null) ? [list] : [];
}

/** The text of a scalar: numbers and booleans as they are written. */
export function text(of: YamlNode | undefined): string | undefined {
  const scalar = of === undefined ? undefined : resolved(of);
  if (scalar === undefined || !isScalar(scalar.node)) return undefined;
  const { value } = scalar.node;
  if (value === null || value === undefined) return undefined;
  return typeof value === "string" ? value : String(scalar.node.source ?? value);
}

export function isMapping(of: YamlNode | undefined): boolean {
  const map = of === undefined ? undefined : resolved(of);
  return map !== undefined && isMap(map.node);
}

export function isList(of: YamlNode | undefined): boolean {
  const list = of === undefined ? undefined : resolved(of);
  return list !== undefined && isSeq(list.node);
}

/** The tag that is written before a node, such as GitLab's `!reference`. */
export function tagOf(of: YamlNode): string | undefined {
  return of.node.tag ?? undefined;
}

/** Where a node stands, without the comments and blanks behind it. */
export function spanOf(of: YamlNode): Span {
  const [start, end] = of.node.range;
  return { file: of.file, start, end: trimEnd(of.file.text, start, end) };
}

function trimEnd(source: string, start: number, end: number): number {
  let at = end;
  while (at > start && /\s/.test(source[at - 1]!)) at -= 1;
  return at;
}

/** A scalar as a script, each character with its place in the file. */
export function scriptOf(of: YamlNode | undefined): Script | undefined {
  const scalar = of === undefined ? undefined : resolved(of);
  const value = text(scalar);
  if (scalar === undefined || value === undefined) return undefined;
  const node = scalar.node as Scalar.Parsed;
  const [start, end] = node.range;
  const style =
    node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED"
      ? "block"
      : node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE"
        ? "quoted"
        : "plain";
  const offsets = alignScalar(scalar.file.text, start, end, value, style);
  return { file: scalar.file, text: value, offsets };
}
