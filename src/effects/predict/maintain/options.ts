import type { Node } from "@pgsql/types";
import { valueText } from "../../world/nodes.ts";

/** True when a boolean option is given and not off, in any of the spellings of defGetBoolean (define.c). */
export function isOn(options: readonly Node[] | undefined, name: string): boolean {
  const option = (options ?? []).flatMap((node) =>
    "DefElem" in node && node.DefElem.defname === name ? [node.DefElem] : [],
  )[0];
  if (option === undefined) return false;
  const text = valueText(option.arg)?.toLowerCase();
  return text === undefined || !["0", "false", "off"].includes(text);
}

export function hasOption(options: readonly Node[] | undefined, name: string): boolean {
  return (options ?? []).some((node) => "DefElem" in node && node.DefElem.defname === name);
}

/** True when a boolean option is given as off. */
export function isOff(options: readonly Node[] | undefined, name: string): boolean {
  return hasOption(options, name) && !isOn(options, name);
}
