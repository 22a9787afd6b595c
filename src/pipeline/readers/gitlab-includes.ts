import { joinPath } from "../shell/shell-state.ts";
import {
  entries,
  entry,
  get,
  isList,
  isMapping,
  items,
  tagOf,
  text,
  type YamlEntry,
  type YamlNode,
} from "../text/yaml-document.ts";
import type { Reading } from "./reading.ts";

/** All top-level entries of the configuration, those of local includes first, a later one over an earlier one. */
export function configuration(reading: Reading, path: string, depth = 0): Map<string, YamlEntry> {
  const found = new Map<string, YamlEntry>();
  for (const root of reading.yaml(path, "GitLab pipeline")) {
    for (const include of items(get(root, "include"), true)) {
      const local = text(include) ?? text(get(include, "local"));
      if (local === undefined || /^https?:/.test(local) || depth > 10) {
        const span = { file: root.file, start: include.node.range[0], end: include.node.range[1] };
        reading.notUnderstood.push({ span, text: "An include from elsewhere was not read." });
        continue;
      }
      const wanted = joinPath(".", local);
      const matching = wanted.includes("*")
        ? reading.repository.paths.filter((each) => globLike(wanted).test(each))
        : [wanted];
      for (const each of matching) {
        for (const [key, value] of configuration(reading, each, depth + 1)) found.set(key, value);
      }
    }
    for (const each of entries(root)) found.set(each.key, each);
  }
  return found;
}

const globLike = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, "\\$&")
      .replaceAll("**", "\0")
      .replaceAll("*", "[^/]*")
      .replaceAll("\0", ".*")}$`,
  );

/** The job and what it extends, itself first. "extends": a key of the job wins over the same key of its parents. */
export function inherited(
  name: string,
  all: ReadonlyMap<string, YamlEntry>,
  seen: readonly string[] = [],
): YamlNode[] {
  const job = all.get(name)?.value;
  if (job === undefined || seen.includes(name) || seen.length > 11) return [];
  const parents = items(get(job, "extends"), true).flatMap((item) => text(item) ?? []);
  return [job, ...parents.reverse().flatMap((parent) => inherited(parent, all, [...seen, name]))];
}

/** The first of these that has the key. */
export function setting(
  levels: readonly (YamlNode | undefined)[],
  key: string,
): YamlEntry | undefined {
  for (const level of levels) {
    const found = entry(level, key);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The lines of `script:` and the like: lists in lists, and `!reference [job, key]` followed. */
export function scriptLines(
  node: YamlNode | undefined,
  all: ReadonlyMap<string, YamlEntry>,
  depth = 0,
): YamlNode[] {
  if (node === undefined || depth > 10) return [];
  if (tagOf(node) === "!reference") {
    const [job, ...keys] = items(node).flatMap((item) => text(item) ?? []);
    const target = job === undefined ? undefined : get(all.get(job)?.value, ...keys);
    return scriptLines(target, all, depth + 1);
  }
  if (isList(node)) return items(node).flatMap((item) => scriptLines(item, all, depth + 1));
  return isMapping(node) ? [] : [node];
}
