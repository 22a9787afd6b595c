import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../errors/index.ts";

/** The page of a rule, Markdown, from Lockstep's own package; undefined for what is no rule. */
export function rulePage(id: string): string | undefined {
  const file = join(packageRoot(), "docs", "rules", `${id}.md`);
  return /^[a-z-]+$/.test(id) && existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

/**
 * How a reader gets to the page that a finding names: a path of the package's is none of their repository's.
 *
 * @param docs of a finding: a path in the package, or a URL
 */
export function pageCommand(docs: string): string {
  const rule = /^docs\/rules\/([a-z-]+)\.md$/.exec(docs)?.[1];
  return rule === undefined ? docs : `lockstep explain ${rule}`;
}
