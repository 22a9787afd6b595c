import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/** One command that a platform runs for a deploy, and the shell it runs it with. */
export interface PlatformStep {
  readonly shell: readonly string[];
  readonly script: string;
}

/** What a platform reads of a repository, and what it then runs for one deploy, in its order; a step that fails ends it. */
export type Platform = (folder: string) => readonly PlatformStep[];

const read = (folder: string, path: string) => readFileSync(join(folder, path), "utf8");

const sh = (script: string): PlatformStep => ({ shell: ["sh", "-c"], script });

/** As `bash` of the runner does (workflow syntax, `jobs.<id>.steps[*].shell`). */
const workflow: Platform = (folder) => {
  const { jobs } = parse(read(folder, ".github/workflows/deploy.yml")) as {
    jobs: { deploy: { steps: { run?: string; env?: Record<string, string> }[] } };
  };
  return jobs.deploy.steps.flatMap(({ run, env = {} }) => {
    if (run === undefined) return [];
    const set = Object.keys(env).map((name) => `export ${name}="\${SECRET_${name}-}"`);
    return [
      {
        shell: ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"],
        script: [...set, run].join("\n"),
      },
    ];
  });
};

const gitlab: Platform = (folder) => {
  const pipeline = parse(read(folder, ".gitlab-ci.yml")) as {
    default: { before_script: string[] };
    check: { script: string[] };
    deploy: { script: string[] };
  };
  return [pipeline.check, pipeline.deploy].map(({ script }) => ({
    shell: ["bash", "-eo", "pipefail", "-c"],
    script: [...pipeline.default.before_script, ...script].join("\n"),
  }));
};

const heroku: Platform = (folder) => {
  const processes = new Map(
    read(folder, "Procfile")
      .trim()
      .split("\n")
      .map((line) => line.split(": ", 2) as [string, string]),
  );
  return [sh("npm run build"), sh(processes.get("release")!), sh(processes.get("web")!)];
};

const fly: Platform = (folder) => {
  const text = read(folder, "fly.toml");
  const value = (table: string, key: string) =>
    new RegExp(`^\\[${table}\\]\n(?:.+\n)*?${key} = "(.*)"$`, "m").exec(text)![1]!;
  const commands = [value("deploy", "release_command"), value("processes", "app")];
  return [sh("npm run build"), ...commands.map(sh)];
};

const render: Platform = (folder) => {
  const { services } = parse(read(folder, "render.yaml")) as {
    services: [{ buildCommand: string; preDeployCommand: string; startCommand: string }];
  };
  const [{ buildCommand, preDeployCommand, startCommand }] = services;
  return [sh(buildCommand), sh(preDeployCommand), sh(startCommand)];
};

/** An array is run without a shell. */
const exec = (command: readonly string[]): PlatformStep => ({
  shell: ["sh", "-c"],
  script: command.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(" "),
});

const dockerCompose: Platform = (folder) => {
  const dockerfile = read(folder, "Dockerfile");
  const instruction = (name: string) =>
    [...dockerfile.matchAll(new RegExp(`^${name} (.*)$`, "gm"))].map(([, text]) => text!);
  const { services } = parse(read(folder, "compose.yaml")) as {
    services: { migrate: { command: string } };
  };
  return [
    ...instruction("RUN").map(sh),
    sh(services.migrate.command),
    exec(JSON.parse(instruction("CMD").at(-1)!) as string[]),
  ];
};

interface Container {
  readonly command: readonly string[];
}

const cluster =
  (folderOf: string): Platform =>
  (folder) => {
    const spec = (file: string) =>
      (
        parse(read(folder, join(folderOf, file))) as {
          spec: { template: { spec: { initContainers?: Container[]; containers: Container[] } } };
        }
      ).spec.template.spec;
    const pods = [spec("migrate.yaml"), spec("storefront.yaml")];
    return [
      sh("npm run build"),
      ...pods
        .flatMap(({ initContainers = [], containers }) => [...initContainers, ...containers])
        .map(({ command }) => exec(command)),
    ];
  };

/** By the names of examples/pipelines. */
export const platforms: Readonly<Record<string, Platform>> = {
  vercel: workflow,
  fly,
  render,
  heroku,
  "docker-compose": dockerCompose,
  kubernetes: cluster("k8s"),
  helm: cluster("chart/templates"),
  "github-actions": workflow,
  "gitlab-ci": gitlab,
  "pm2-over-ssh": workflow,
};
