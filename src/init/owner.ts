import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** Packages of other languages than JavaScript. */
const otherPackages = [
  "go.mod",
  "Cargo.toml",
  "pyproject.toml",
  "pom.xml",
  "build.gradle",
  "build.gradle.kts",
  "composer.json",
  "Gemfile",
  "mix.exs",
];

/** Files that make a folder a package of its own. */
const manifests = [
  "package.json",
  ...otherPackages,
  "drizzle.config.ts",
  "drizzle.config.js",
  "drizzle.config.json",
];

/** Signs of a product in another language. */
const otherManifests = [...otherPackages, "requirements.txt"];

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

/**
 * The manifest that says that the product around a folder of migrations is in another language than JavaScript, relative to
 * `cwd`. Beside a `package.json` it says so where that starts nothing: tools for tests and styles have one too.
 */
export function otherLanguage(folder: string, cwd: string): string | undefined {
  for (const place of foldersAbove(dirname(folder), cwd)) {
    const other = otherManifests.find((name) => existsSync(join(place, name)));
    const own = scriptsIn(place);
    if (own !== undefined && (other === undefined || own["start"] !== undefined)) return undefined;
    if (other !== undefined) return relative(cwd, join(place, other)).replaceAll("\\", "/");
  }
  return undefined;
}

/** The scripts of a folder's `package.json`; undefined where there is none that can be read. */
export function scriptsIn(place: string): Readonly<Record<string, string>> | undefined {
  try {
    const text = readFileSync(join(place, "package.json"), "utf8");
    const { scripts = {} } = JSON.parse(text) as { scripts?: Readonly<Record<string, string>> };
    return scripts;
  } catch {
    return undefined;
  }
}
