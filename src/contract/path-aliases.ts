import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { createJiti, type JitiOptions } from "jiti";
import { parseExpression } from "@babel/parser";
import { child, nameOf, nodes, type SyntaxNode } from "./source-modules.ts";

/**
 * How a loader is to follow the `paths` of the project's tsconfig.json. One that extends a file which is not there (images
 * for production leave development packages out) speaks for itself alone: what it inherits are mostly no paths.
 */
export function pathAliases(root: string): Pick<JitiOptions, "tsconfigPaths" | "alias"> {
  try {
    createJiti(join(root, "lockstep-schema.js"), { tsconfigPaths: true });
    return { tsconfigPaths: true };
  } catch {
    return { alias: ownPaths(root) };
  }
}

function ownPaths(root: string): Record<string, string> {
  const file = tsconfigAround(root);
  if (file === undefined) return {};
  const options = valueOf(jsonOf(file), "compilerOptions");
  const paths = valueOf(options, "paths");
  if (paths === undefined) return {};
  const baseUrl = nameOf(valueOf(options, "baseUrl")) ?? ".";
  const aliases: Record<string, string> = {};
  for (const one of nodes(paths["properties"])) {
    const name = nameOf(child(one, "key"));
    const [first] = nodes(child(one, "value")?.["elements"]);
    const target = nameOf(first);
    if (name === undefined || target === undefined) continue;
    aliases[name.replace(/\*$/, "")] = resolve(
      dirname(file),
      baseUrl,
      target.replace(/\*$/, ""),
    ).concat(target.endsWith("/*") ? "/" : "");
  }
  return aliases;
}

function tsconfigAround(root: string): string | undefined {
  for (let at = root; ; at = dirname(at)) {
    const file = join(at, "tsconfig.json");
    if (existsSync(file)) return file;
    if (dirname(at) === at) return undefined;
  }
}

/** A file of JSON with comments. */
function jsonOf(file: string): SyntaxNode | undefined {
  try {
    return parseExpression(readFileSync(file, "utf8")) as unknown as SyntaxNode;
  } catch {
    return undefined;
  }
}

function valueOf(object: SyntaxNode | undefined, name: string): SyntaxNode | undefined {
  const property = nodes(object?.["properties"]).find((one) => nameOf(child(one, "key")) === name);
  return property && child(property, "value");
}
