import type { ShellWord } from "../shell/shell-command.ts";
import { entries, scriptOf, spanOf, text, type YamlNode } from "../text/yaml-document.ts";

/** `env:` or `variables:` mappings, a later one over an earlier one. */
export function variablesOf(
  ...mappings: readonly (YamlNode | undefined)[]
): ReadonlyMap<string, ShellWord> {
  const found = new Map<string, ShellWord>();
  for (const mapping of mappings) {
    for (const { key, value } of entries(mapping)) {
      const word = wordOf(value);
      if (word !== undefined) found.set(key, word);
    }
  }
  return found;
}

/** A scalar as a word of a command line. */
export function wordOf(node: YamlNode): ShellWord | undefined {
  const said = text(node);
  const script = scriptOf(node);
  if (said === undefined || script === undefined) return undefined;
  return { text: said, literal: !/\$\{\{|\$\w|\$\{/.test(said), span: spanOf(node), script };
}
