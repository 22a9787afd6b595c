import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { LockstepError, suggest } from "../errors/index.ts";
import type { LockstepConfig } from "./define-config.ts";
import { readModule } from "./read-module.ts";
import { configShape } from "./schema.ts";
import { check, type Problem } from "./shape.ts";

/** A config with the place it was read from. */
export interface LoadedConfig {
  readonly config: LockstepConfig;
  /** Path of the file, relative to the working folder; undefined when there is none. */
  readonly file: string | undefined;
  /** Folder that the config's paths start from. */
  readonly folder: string;
}

const names = ["ts", "mts", "js", "mjs", "json"].map((ending) => `lockstep.config.${ending}`);

/**
 * Reads and checks the config: the named file, else `lockstep.config.{ts,mts,js,mjs,json}` in the working folder. Without
 * one the config is empty: commands that need nothing of it can run on options alone.
 *
 * @throws LockstepError `config-not-found` for a named file that is not there and for one whose name is almost right,
 * `config-invalid`
 */
export async function loadConfig(options: {
  readonly cwd: string;
  readonly path?: string | undefined;
}): Promise<LoadedConfig> {
  const { cwd } = options;
  const path =
    options.path === undefined ? findConfig(cwd) : namedConfig(resolve(cwd, options.path), cwd);
  if (path === undefined) return { config: {}, file: undefined, folder: cwd };
  const file = relative(cwd, path).replaceAll("\\", "/");
  const value = await readModule(path, file);
  const problems = check(value, configShape);
  if (problems.length > 0) throw invalid(problems, path, file);
  return { config: value as LockstepConfig, file, folder: dirname(path) };
}

/** The name of the config that a folder holds, undefined when it holds none. */
export function findConfigIn(folder: string): string | undefined {
  return names.find((name) => existsSync(join(folder, name)));
}

function findConfig(cwd: string): string | undefined {
  const found = findConfigIn(cwd);
  if (found !== undefined) return join(cwd, found);
  for (const name of readdirSync(cwd)) {
    const meant = suggest(name, names);
    if (meant === undefined) continue;
    throw new LockstepError("config-not-found", {
      what: `${name} is not read: it is almost, but not quite, the name of a config`,
      expected: names.join(", "),
      found: name,
      from: name,
      why: "a config that is passed over in silence would be missed only in production",
      next: [`rename it to ${meant}`, `or name it: --config ${name}`],
    });
  }
  return undefined;
}

function namedConfig(path: string, cwd: string): string {
  if (existsSync(path)) return path;
  const file = relative(cwd, path).replaceAll("\\", "/");
  const folder = dirname(path);
  const beside = existsSync(folder) ? names.filter((name) => existsSync(join(folder, name))) : [];
  throw new LockstepError("config-not-found", {
    what: `there is no config file ${file}`,
    expected: `the file named by --config, or ${names[0]} (.mts, .js, .mjs, .json) in the working folder`,
    found: beside.length === 0 ? "no such file" : `in that folder: ${beside.join(", ")}`,
    from: "--config",
    why: "the name is misspelt, or the command was run in another folder than usual",
    next: [
      beside.length === 0
        ? "correct --config, or run the command in the folder of the config"
        : `--config ${relative(cwd, join(folder, beside[0]!)).replaceAll("\\", "/")}`,
    ],
  });
}

function invalid(problems: readonly Problem[], path: string, file: string): LockstepError {
  const { path: key, unknownKey, expected, found } = problems[0]!;
  const others = problems.length === 1 ? "" : ` (and ${problems.length - 1} more)`;
  return new LockstepError("config-invalid", {
    what:
      unknownKey !== undefined
        ? `${file}: there is no key "${key}"${others}`
        : `${file}: ${key === "" ? "the config" : `"${key}"`} is not right${others}`,
    expected,
    found,
    from: placeOf(key, path, file),
    why:
      unknownKey !== undefined
        ? "a misspelt key would be passed over in silence, so it is refused"
        : "it was mistyped, or what it is computed from is not set here",
    next: problems.map((problem) => `${placeOf(problem.path, path, file)}: ${problem.fix}`),
  });
}

/** The line of a key, found by looking for its parts one after the other; the file alone when it is computed. */
function placeOf(key: string, path: string, file: string): string {
  const text = readFileSync(path, "utf8");
  let at = 0;
  for (const part of key.split(".").map((each) => each.replace(/\[\d+\]$/, ""))) {
    const found = text
      .slice(at)
      .search(new RegExp(`(?<![\\w$])["']?${escape(part)}["']?\\s*[:,}]`));
    if (part === "" || found === -1) return file;
    at += found;
  }
  return `${file}:${text.slice(0, at).split("\n").length}`;
}

function escape(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
