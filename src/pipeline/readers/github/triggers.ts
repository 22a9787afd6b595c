import type { ChangeFilter } from "../../model.ts";
import {
  entries,
  entry,
  get,
  items,
  spanOf,
  text,
  type YamlNode,
} from "../../text/yaml-document.ts";

export interface Triggers {
  readonly names: ReadonlySet<string>;
  /** Branches of `push`; none means all. */
  readonly branches: readonly string[];
  readonly tags: boolean;
  readonly changes: ChangeFilter | undefined;
  /** Choices of `workflow_dispatch` inputs. */
  readonly inputs: ReadonlyMap<string, readonly string[]>;
  readonly said: string;
}

/** `on:` of a workflow. */
export function readTriggers(root: YamlNode): Triggers {
  const on = get(root, "on");
  const names = new Set([
    ...entries(on).map(({ key }) => key),
    ...items(on, true).flatMap((item) => text(item) ?? []),
  ]);
  const push = get(on, "push");
  const list = (key: string): string[] =>
    items(get(push, key), true).flatMap((item) => text(item) ?? []);
  const branches = list("branches");
  const tags = list("tags").length > 0;
  const inputs = new Map<string, readonly string[]>();
  for (const input of entries(get(on, "workflow_dispatch", "inputs"))) {
    const options = items(get(input.value, "options")).flatMap((item) => text(item) ?? []);
    if (options.length > 0) inputs.set(input.key, options);
  }
  const where = branches.length > 0 ? ` to ${branches.join(", ")}` : tags ? " of a tag" : "";
  const said = [...names].map((name) => (name === "push" ? `push${where}` : name)).join(", ");
  return { names, branches, tags, changes: pathsOf(push), inputs, said };
}

function pathsOf(push: YamlNode | undefined): ChangeFilter | undefined {
  const paths = entry(push, "paths");
  const ignored = entry(push, "paths-ignore");
  const found = paths ?? ignored;
  if (found === undefined) return undefined;
  const list = (of: typeof paths): string[] =>
    items(of?.value, true).flatMap((item) => text(item) ?? []);
  return {
    span: { ...spanOf(found.value), start: found.span.start },
    keyword: found.key,
    patterns: paths === undefined ? ["**"] : list(paths),
    ignored: list(ignored),
  };
}
