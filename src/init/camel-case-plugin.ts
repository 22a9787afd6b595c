import { readFileSync } from "node:fs";
import { dirname, relative, resolve, sep } from "node:path";
import { listFiles } from "../check/index.ts";
import type { Known } from "./project.ts";

/** Options of Kysely's CamelCasePlugin that change the names which it sends. */
const options = [
  "upperCase",
  "underscoreBeforeDigits",
  "underscoreBetweenUppercaseLetters",
] as const;

/** `contract.camelCase`: `true`, or those of the options that are switched on. */
export type CamelCaseProposal = true | Readonly<Partial<Record<(typeof options)[number], true>>>;

/**
 * Whether the code of a package maps names by Kysely's CamelCasePlugin, and with which options, as far as they are written out.
 *
 * @param owner folder of the package, absolute
 */
export async function camelCaseIn(
  owner: string,
  cwd: string,
): Promise<Known<CamelCaseProposal> | undefined> {
  const files = await listFiles(cwd, [".ts", ".mts", ".js", ".mjs", ".cjs"]);
  for (const path of files) {
    const file = resolve(cwd, path);
    if (dirname(file) !== owner && !file.startsWith(`${owner}${sep}`)) continue;
    const text = textOf(file);
    const found = /\bnew\s+CamelCasePlugin\s*\(([^)]*)\)/.exec(text);
    if (found === null) continue;
    const line = text.slice(0, found.index).split("\n").length;
    const on = options.filter((name) => new RegExp(`\\b${name}\\s*:\\s*true\\b`).test(found[1]!));
    return {
      value: on.length === 0 ? true : Object.fromEntries(on.map((name) => [name, true])),
      because: `${relative(cwd, file).replaceAll("\\", "/")}:${line}`,
    };
  }
  return undefined;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
