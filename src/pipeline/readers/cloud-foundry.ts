import type { Pipeline, Replicas } from "../model.ts";
import { folderOf, nameOf } from "../repository/repository.ts";
import { get, items, scriptOf, spanOf, text, type YamlNode } from "../text/yaml-document.ts";
import { commandOf } from "./platforms.ts";
import type { Reading } from "./reading.ts";

/** Start commands of Cloud Foundry's manifests: of an app, and of each of its processes (docs.cloudfoundry.org, "App manifest"). */
export function readCloudFoundry(reading: Reading): Pipeline[] {
  const paths = reading.repository.paths.filter(
    (path) =>
      /^manifest(?:[-._][\w-]+)*\.ya?ml$/.test(nameOf(path)) &&
      /^applications:/m.test(reading.repository.read(path)?.text ?? ""),
  );
  return paths.flatMap((path) =>
    reading
      .yaml(path, "Cloud Foundry manifest")
      .flatMap((root) => items(get(root, "applications")))
      .flatMap((app) => [app, ...items(get(app, "processes"))])
      .flatMap((started) => startOf(reading, started, path)),
  );
}

function startOf(reading: Reading, started: YamlNode, path: string): Pipeline[] {
  const command = get(started, "command");
  if (command === undefined) return [];
  const name = text(get(started, "type")) ?? text(get(started, "name")) ?? "web";
  const what = `Cloud Foundry process "${name}"`;
  const replicas = replicasOf(get(started, "instances"));
  const of = { role: "start", what, name, span: spanOf(command), replicas } as const;
  return commandOf(reading, scriptOf(command), of, folderOf(path));
}

/** A variable `((web_instances))` says no number. */
function replicasOf(node: YamlNode | undefined): Replicas | undefined {
  const count = Number(text(node));
  return node === undefined || Number.isNaN(count) ? undefined : { count, span: spanOf(node) };
}
