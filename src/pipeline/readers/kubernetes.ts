import type { Condition, Pipeline, Replicas } from "../model.ts";
import { folderOf, nameOf } from "../repository/repository.ts";
import type { SourceFile, Span } from "../text/source-file.ts";
import {
  entries,
  entry,
  get,
  items,
  readYaml,
  spanOf,
  text,
  type YamlNode,
} from "../text/yaml-document.ts";
import { commandScript } from "./compose.ts";
import type { Reading } from "./reading.ts";
import { deployedAs, singlePipeline } from "./single-job.ts";
import { variablesOf } from "./variables.ts";

const workload =
  /^\s*kind:\s*["']?(?:Deployment|StatefulSet|DaemonSet|ReplicaSet|Job|CronJob|HorizontalPodAutoscaler|ScaledObject|Rollout)\b/m;

interface Manifest {
  readonly node: YamlNode;
  readonly kind: string;
  readonly name: string;
  /** Chart values, for templates: those of production, then the chart's own. */
  readonly values: readonly YamlNode[];
}

/** Containers of manifests and charts: what each instance starts, and jobs that run once. */
export function readKubernetes(reading: Reading): Pipeline[] {
  const manifests = reading.repository.paths
    .filter((path) => /\.ya?ml$/.test(path) && !path.startsWith(".github/"))
    .flatMap((path) => {
      const file = reading.repository.read(path);
      return file !== undefined && workload.test(file.text) ? manifestsOf(reading, file) : [];
    });
  const scaled = new Set(
    manifests
      .filter(({ kind }) => kind === "HorizontalPodAutoscaler" || kind === "ScaledObject")
      .flatMap(({ node }) => text(get(node, "spec", "scaleTargetRef", "name")) ?? []),
  );
  return manifests.flatMap((manifest) => pipelinesOf(reading, manifest, scaled));
}

/** The one image that serves, with the number of its instances when a manifest starts it as it is. */
export function withInstances(pipelines: Pipeline[], counts: readonly Replicas[]): Pipeline[] {
  const isServing = ({ role, what, jobs }: Pipeline): boolean =>
    role === "start" && what.endsWith("of the image") && jobs[0]?.environment.kind === "production";
  const images = new Set(pipelines.filter(isServing).map(({ file }) => file));
  const [most] = counts.toSorted((one, other) => weight(other) - weight(one));
  if (images.size !== 1 || most === undefined) return pipelines;
  return pipelines.map((each) => (isServing(each) ? { ...each, replicas: most } : each));
}

const weight = ({ count }: Replicas): number => (count === "autoscaled" ? Infinity : count);

/** The documents of a manifest. A template is read with its `{{ }}` blanked out: the places stay what they were. */
function manifestsOf(reading: Reading, file: SourceFile): Manifest[] {
  const template = file.text.includes("{{");
  const read = readYaml(template ? { path: file.path, text: blankTemplates(file.text) } : file);
  if (read.malformed.length > 0) {
    const span = { ...read.malformed[0]!.span, file };
    if (template)
      reading.notUnderstood.push({ span, text: "The template could not be read as YAML." });
    else reading.malformed.push({ span, message: read.malformed[0]!.message });
    return [];
  }
  reading.files.set(file.path, template ? "Helm template" : "Kubernetes manifest");
  const values = template ? chartValues(reading, file.path) : [];
  return read.documents.map((document) => ({
    node: document,
    kind: text(get(document, "kind")) ?? "",
    name: text(get(document, "metadata", "name")) ?? file.path,
    values,
  }));
}

/** Template actions alone on a line become blanks; others become letters, so that the line stays YAML. */
function blankTemplates(source: string): string {
  const alone = source.replace(/^[ \t]*(?:\{\{(?:(?!\}\})[\s\S])*\}\}[ \t]*)+$/gm, (lines) =>
    lines.replace(/[^\n]/g, " "),
  );
  return alone.replace(/\{\{(?:(?!\}\})[\s\S])*\}\}/g, (action) =>
    action.replace(/[^\w.\n]/g, "_"),
  );
}

function chartValues(reading: Reading, path: string): YamlNode[] {
  const chart = /^(.*?)\/?templates\//.exec(path)?.[1];
  if (chart === undefined) return [];
  const folder = chart === "" ? "." : chart;
  const paths = reading.repository.paths.filter((each) => folderOf(each) === folder);
  const production = paths.filter((each) =>
    /^values[-_.](?:prod|production|prd)\.ya?ml$/.test(nameOf(each)),
  );
  const own = paths.filter((each) => nameOf(each) === "values.yaml");
  return [...production, ...own].flatMap((each) => reading.yaml(each, "Helm values")[0] ?? []);
}

function pipelinesOf(
  reading: Reading,
  manifest: Manifest,
  scaled: ReadonlySet<string>,
): Pipeline[] {
  const { node, kind } = manifest;
  const pod =
    kind === "CronJob"
      ? get(node, "spec", "jobTemplate", "spec", "template", "spec")
      : get(node, "spec", "template", "spec");
  if (pod === undefined) return [];
  const once = kind === "Job";
  const replicas = once || kind === "CronJob" ? undefined : replicasOf(manifest, scaled);
  const containers = [...items(get(pod, "initContainers")), ...items(get(pod, "containers"))];
  return containers.flatMap((container) => {
    const script = commandScript(get(container, "command"), get(container, "args"));
    if (script === undefined) {
      const image = text(get(container, "image")) ?? "";
      // A name that is computed is that of an image that the deploy has built.
      if (replicas !== undefined && /[_$]/.test(image)) reading.ownImages.push(replicas);
      return [];
    }
    const expanded = reading.keep(
      reading.expander.expand(script, {
        directory: undefined,
        variables: variablesOf(),
        options: { errexit: false, pipefail: false },
      }),
    );
    const name = text(get(container, "name")) ?? manifest.name;
    const span = atCommand(container);
    const known = manifest.name.includes("__") ? nameOf(span.file.path) : manifest.name;
    const environment = deployedAs(`${folderOf(span.file.path)}/${known}`, "manifest");
    const what = `${kind || "manifest"} container "${name}"`;
    return [
      singlePipeline(
        {
          role: once ? "release" : "start",
          what,
          name,
          span,
          environment,
          replicas,
          behind: once ? hookBehind(node) : undefined,
        },
        expanded,
      ),
    ];
  });
}

/** Names of hooks that run when the new manifests are applied (helm.sh/docs, "Chart Hooks"; Argo CD, "Resource Hooks"). */
const hooks: Readonly<Record<string, { readonly ahead: RegExp; readonly behind: RegExp }>> = {
  "helm.sh/hook": { ahead: /^pre-(?:install|upgrade)$/, behind: /^post-(?:install|upgrade)$/ },
  "argocd.argoproj.io/hook": { ahead: /^(?:PreSync|Sync)$/, behind: /^PostSync$/ },
};

/** The annotation by which a job is started behind the new instances, and at no time before them. */
function hookBehind(manifest: YamlNode): Condition | undefined {
  const annotations = get(manifest, "metadata", "annotations");
  if (annotations === undefined) return undefined;
  for (const [key, { ahead, behind }] of Object.entries(hooks)) {
    const found = entry(annotations, key);
    const said = text(get(annotations, key));
    if (found === undefined || said === undefined) continue;
    const names = said.split(",").map((name) => name.trim());
    if (names.some((name) => behind.test(name)) && !names.some((name) => ahead.test(name)))
      return { text: `${key}: ${said}`, span: found.span };
  }
  return undefined;
}

function atCommand(container: YamlNode): Span {
  const found = entry(container, "command") ?? entry(container, "args") ?? entries(container)[0];
  return found?.span ?? spanOf(container);
}

const isGiven = (value: string | undefined): boolean => value !== undefined;

function replicasOf(manifest: Manifest, scaled: ReadonlySet<string>): Replicas | undefined {
  const node = get(manifest.node, "spec", "replicas");
  if (scaled.has(manifest.name)) {
    return { count: "autoscaled", span: spanOf(node ?? manifest.node) };
  }
  const said = text(node);
  if (node === undefined || said === undefined) return undefined;
  const path = /\.Values\.([\w.]+?)_*$/.exec(said)?.[1];
  const value =
    path === undefined
      ? said
      : manifest.values.map((each) => text(get(each, ...path.split(".")))).find(isGiven);
  const count = Number(value);
  return value === undefined || Number.isNaN(count) ? undefined : { count, span: spanOf(node) };
}
