import { glob } from "tinyglobby";
import { LockstepError } from "../errors/index.ts";

/**
 * Files that the config names, absolute, in the order of the names; `*` and `**` are understood.
 * @throws LockstepError `config-invalid` when a name finds no file
 */
export async function filesNamed(
  names: string | readonly string[],
  folder: string,
  key: string,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of typeof names === "string" ? [names] : names) {
    const files = await glob(name, { cwd: folder, absolute: true, expandDirectories: false });
    if (files.length === 0)
      throw new LockstepError("config-invalid", {
        what: `${key} names no file`,
        expected: `a file that matches ${name}`,
        found: `none below ${folder}`,
        from: `"${key}" of the config`,
        why: "the path is relative to the config file",
        next: [`correct "${key}"`],
      });
    found.push(...files.toSorted());
  }
  return [...new Set(found)];
}
