import type { Pipeline } from "../model.ts";
import { folderOf, nameOf } from "../repository/repository.ts";
import { fileScript, type Script } from "../text/script.ts";
import type { SourceFile, Span } from "../text/source-file.ts";
import {
  entries,
  get,
  items,
  scriptOf,
  spanOf,
  text,
  type YamlNode,
} from "../text/yaml-document.ts";
import { startRole } from "./dockerfile.ts";
import type { Reading } from "./reading.ts";
import { deployedAs, singlePipeline, type Single } from "./single-job.ts";

/** Commands that hosting platforms run: before a release, in a build, at each start. */
export function readPlatforms(reading: Reading): Pipeline[] {
  return reading.repository.paths.flatMap((path) => {
    const name = nameOf(path);
    if (name === "Procfile") return procfile(reading, path);
    if (name === "vercel.json") return vercel(reading, path);
    if (/^fly(?:\.[\w-]+)?\.toml$/.test(name)) return toml(reading, path, "fly.toml", flyKeys);
    if (name === "railway.toml") return toml(reading, path, "railway.toml", railwayKeys);
    if (name === "railway.json") return railwayJson(reading, path);
    if (/^render\.ya?ml$/.test(name)) return render(reading, path);
    if (name === "app.json") return appJson(reading, path);
    if (name === "heroku.yml") return herokuYml(reading, path);
    return [];
  });
}

/** What a platform's file starts, in one job. */
export function commandOf(
  reading: Reading,
  script: Script | undefined,
  of: Pick<Single, "role" | "what" | "name" | "span" | "replicas">,
  folder: string,
): Pipeline[] {
  if (script === undefined) return [];
  const expanded = reading.keep(
    reading.expander.expand(script, {
      directory: folder,
      variables: new Map(),
      options: { errexit: false, pipefail: false },
    }),
  );
  const environment = deployedAs(of.span.file.path, "file");
  const role = of.role === "start" ? startRole(expanded) : of.role;
  return [singlePipeline({ ...of, role, environment }, expanded)];
}

/**
 * `process: command` lines. Heroku runs `release` once before the new version starts, Scalingo `postdeploy` once before the new
 * version gets requests (doc.scalingo.com, "Post-deployment hook").
 */
function procfile(reading: Reading, path: string): Pipeline[] {
  const file = reading.repository.read(path);
  if (file === undefined) return [];
  reading.files.set(path, "Procfile");
  return [...file.text.matchAll(/^([\w-]+):[ \t]*(.+)$/gm)].flatMap((line) => {
    const end = line.index + line[0].length;
    const start = end - line[2]!.length;
    const role = line[1] === "release" || line[1] === "postdeploy" ? "release" : "start";
    const span = { file, start: line.index, end };
    const of = { role, what: `Procfile process "${line[1]}"`, name: line[1]!, span } as const;
    return commandOf(reading, fileScript(file, start, end), of, folderOf(path));
  });
}

/** `buildCommand`, or the `vercel-build` or `build` script that Vercel runs without it. */
function vercel(reading: Reading, path: string): Pipeline[] {
  const [root] = reading.yaml(path, "vercel.json");
  const folder = folderOf(path);
  const scripts = reading.packages.byFolder.get(folder)?.scripts;
  const build = get(root, "buildCommand") ?? scripts?.get("vercel-build") ?? scripts?.get("build");
  return fromNode(reading, build, "build", "Vercel build", folder);
}

function fromNode(
  reading: Reading,
  node: YamlNode | undefined,
  role: Pipeline["role"],
  what: string,
  folder: string,
): Pipeline[] {
  if (node === undefined) return [];
  return commandOf(reading, scriptOf(node), { role, what, name: what, span: spanOf(node) }, folder);
}

const flyKeys: readonly TomlKey[] = [
  { section: "deploy", key: "release_command", role: "release", what: "Fly release_command" },
  { section: "processes", key: undefined, role: "start", what: "Fly process" },
];
const railwayKeys: readonly TomlKey[] = [
  { section: "deploy", key: "preDeployCommand", role: "release", what: "Railway preDeployCommand" },
  { section: "deploy", key: "startCommand", role: "start", what: "Railway startCommand" },
  { section: "build", key: "buildCommand", role: "build", what: "Railway buildCommand" },
];

interface TomlKey {
  readonly section: string;
  /** `undefined`: each key of the section. */
  readonly key: string | undefined;
  readonly role: Pipeline["role"];
  readonly what: string;
}

/** One-line strings of a TOML file (TOML 1.0: tables, basic and literal strings); other values are passed over. */
function toml(reading: Reading, path: string, kind: string, keys: readonly TomlKey[]): Pipeline[] {
  const file = reading.repository.read(path);
  if (file === undefined) return [];
  reading.files.set(path, kind);
  return tomlStrings(file).flatMap(({ section, key, start, end, span }) => {
    const known = keys.find((each) => each.section === section && (each.key ?? key) === key);
    if (known === undefined) return [];
    const of = { role: known.role, what: known.what, name: known.what, span };
    return commandOf(reading, fileScript(file, start, end), of, folderOf(path));
  });
}

function tomlStrings(
  file: SourceFile,
): { section: string; key: string; start: number; end: number; span: Span }[] {
  const found = [];
  let section = "";
  let at = 0;
  for (const line of file.text.split("\n")) {
    const table = /^\s*\[+\s*([\w.-]+)\s*\]+/.exec(line);
    if (table !== null) section = table[1]!;
    const pair = /^\s*([\w-]+)\s*=\s*\[?\s*("(?:[^"\\]|\\.)*"|'[^']*')/.exec(line);
    if (pair !== null) {
      const value = at + pair[0].length - pair[2]!.length;
      const end = at + pair[0].length;
      found.push({
        section,
        key: pair[1]!,
        start: value + 1,
        end: end - 1,
        span: { file, start: at + line.indexOf(pair[1]!), end },
      });
    }
    at += line.length + 1;
  }
  return found;
}

function railwayJson(reading: Reading, path: string): Pipeline[] {
  const [root] = reading.yaml(path, "railway.json");
  const folder = folderOf(path);
  const before = items(get(root, "deploy", "preDeployCommand"), true)[0];
  return [
    ...fromNode(reading, before, "release", "Railway preDeployCommand", folder),
    ...fromNode(
      reading,
      get(root, "deploy", "startCommand"),
      "start",
      "Railway startCommand",
      folder,
    ),
    ...fromNode(
      reading,
      get(root, "build", "buildCommand"),
      "build",
      "Railway buildCommand",
      folder,
    ),
  ];
}

function render(reading: Reading, path: string): Pipeline[] {
  const [root] = reading.yaml(path, "render.yaml");
  return items(get(root, "services")).flatMap((service) => {
    const within = text(get(service, "rootDir"));
    const folder =
      within === undefined ? folderOf(path) : within.replace(/^\.\//, "").replace(/\/$/, "") || ".";
    return [
      ...fromNode(
        reading,
        get(service, "preDeployCommand"),
        "release",
        "Render preDeployCommand",
        folder,
      ),
      ...fromNode(reading, get(service, "startCommand"), "start", "Render startCommand", folder),
      ...fromNode(reading, get(service, "buildCommand"), "build", "Render buildCommand", folder),
    ];
  });
}

/** Heroku's `postdeploy` runs once for a review app, not for production: it tells that migrations are known, no more. */
function appJson(reading: Reading, path: string): Pipeline[] {
  const [root] = reading.yaml(path, "app.json");
  const script = get(root, "scripts", "postdeploy");
  const node = text(script) === undefined ? get(script, "command") : script;
  return fromNode(reading, node, "release", "Heroku review app", folderOf(path)).map(
    (pipeline) => ({
      ...pipeline,
      jobs: pipeline.jobs.map((job) => ({
        ...job,
        environment: { kind: "lower", because: "postdeploy runs for review apps" },
      })),
    }),
  );
}

/** Heroku's `heroku.yml`: `release.command` runs once before the new version starts, each entry of `run` is a process. */
function herokuYml(reading: Reading, path: string): Pipeline[] {
  const [root] = reading.yaml(path, "heroku.yml");
  const folder = folderOf(path);
  const commands = (node: YamlNode | undefined): readonly YamlNode[] =>
    items(get(node, "command"), true);
  return [
    ...commands(get(root, "release")).flatMap((command) =>
      fromNode(reading, command, "release", "Heroku release phase", folder),
    ),
    ...entries(get(root, "run")).flatMap(({ key, value }) => {
      const [own] = commands(value);
      return fromNode(reading, own ?? value, "start", `Heroku process "${key}"`, folder);
    }),
  ];
}
