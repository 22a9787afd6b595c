import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** Files that make a folder a package of its own. */
const manifests = [
  "package.json",
  "go.mod",
  "Cargo.toml",
  "pyproject.toml",
  "pom.xml",
  "build.gradle",
  "build.gradle.kts",
  "composer.json",
  "Gemfile",
  "mix.exs",
  "drizzle.config.ts",
  "drizzle.config.js",
  "drizzle.config.json",
];

/** The folders from a path up to the working folder, the nearest first; that alone for a path outside of it. */
export function foldersAbove(path: string, cwd: string): readonly string[] {
  if (relative(cwd, path).startsWith("..")) return [cwd];
  const folders = [path];
  while (folders.at(-1) !== cwd) folders.push(dirname(folders.at(-1)!));
  return folders;
}

/** The package that a folder of migrations belongs to: the nearest one around it, else the working folder. */
export function ownerOf(folder: string, cwd: string): string {
  const around = foldersAbove(dirname(folder), cwd);
  return around.find((place) => manifests.some((name) => existsSync(join(place, name)))) ?? cwd;
}
