import type { Pipeline, Replicas } from "../model.ts";
import { environmentNamed } from "../environment.ts";
import { folderOf, nameOf } from "../repository/repository.ts";
import {
  entries,
  get,
  isList,
  items,
  scriptOf,
  spanOf,
  text,
  type YamlNode,
} from "../text/yaml-document.ts";
import { startRole, wordsAsScript } from "./dockerfile.ts";
import type { Reading } from "./reading.ts";
import { singlePipeline } from "./single-job.ts";
import { variablesOf, wordOf } from "./variables.ts";

/** Start commands of Compose services. A Compose file is for a developer's machine unless its name says otherwise. */
export function readCompose(reading: Reading): Pipeline[] {
  const paths = reading.repository.paths.filter((path) =>
    /^(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml$/.test(nameOf(path)),
  );
  return paths.flatMap((path) =>
    reading.yaml(path, "Compose file").flatMap((root) =>
      entries(get(root, "services")).flatMap(({ key, value, span }) => {
        const script =
          commandScript(get(value, "entrypoint")) ?? commandScript(get(value, "command"));
        if (script === undefined) return [];
        const expanded = reading.keep(
          reading.expander.expand(script, {
            directory: folderOf(path),
            variables: variablesOf(get(value, "environment")),
            options: { errexit: false, pipefail: false },
          }),
        );
        const name = nameOf(path).replace(/^docker-compose|\.ya?ml$/g, "");
        const named = environmentNamed(name);
        const kind = named === "lower" && /dev/i.test(name) ? "unknown" : named;
        const environment = { kind, because: `Compose file "${path}"` } as const;
        const single = {
          role: startRole(expanded),
          what: `service "${key}"`,
          name: key,
          span,
          environment,
        } as const;
        return [singlePipeline({ ...single, replicas: replicasOf(value) }, expanded)];
      }),
    ),
  );
}

/** A command as a string, or as a list of words. */
export function commandScript(
  ...nodes: readonly (YamlNode | undefined)[]
): ReturnType<typeof scriptOf> {
  const lists = nodes.filter((node) => node !== undefined);
  const [first] = lists;
  if (first === undefined) return undefined;
  if (!lists.some((node) => isList(node))) return scriptOf(first);
  return wordsAsScript(
    lists.flatMap((node) => items(node, true)).flatMap((item) => wordOf(item) ?? []),
  );
}

function replicasOf(service: YamlNode): Replicas | undefined {
  const node = get(service, "deploy", "replicas");
  const count = Number(text(node));
  return node === undefined || Number.isNaN(count) ? undefined : { count, span: spanOf(node) };
}
