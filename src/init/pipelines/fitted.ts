import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { scriptsIn } from "../owner.ts";
import type { ProjectDatabase } from "../project.ts";
import type { PipelineExample } from "./example.ts";

/** What the examples are made for. */
const example = { product: "storefront", chart: "chart" } as const;

/**
 * An example in a project's own names: its config, the variable of its URL, its product, and the folder of its Helm chart, whose
 * Chart.yaml stays as it is.
 *
 * @param files of the repository, relative to `cwd`
 */
export function fitted(
  { id, platform, does, files: proposed }: PipelineExample,
  { config, newConfig, urlEnv }: Pick<ProjectDatabase, "config" | "newConfig" | "urlEnv">,
  files: readonly string[],
  cwd: string,
): Omit<PipelineExample, "sign"> {
  const chart = chartOf(files, cwd);
  const product = chart?.name ?? productOf(cwd);
  const file = config ?? newConfig;
  const isFound = /^lockstep\.config\.\w+$/.test(file);
  const own = (text: string) =>
    text
      .replaceAll(example.product, product)
      .replaceAll(
        /\blockstep (?:check|deploy|migrate|gate|contract build)\b/g,
        isFound ? "$&" : `$& -c ${file}`,
      )
      // A command as a list.
      .replaceAll(/\blockstep, (?:migrate|gate)\b/g, isFound ? "$&" : `$&, -c, ${file}`)
      .replaceAll("DATABASE_URL", urlEnv.value);
  const inChart = `${example.chart}/`;
  const placed = (path: string) =>
    chart !== undefined && path.startsWith(inChart)
      ? `${chart.folder}${path.slice(inChart.length)}`
      : path;
  return {
    id,
    platform,
    does: own(does),
    files: proposed
      .map(({ path, text }) => ({
        path: placed(path.replaceAll(example.product, product)),
        text: withOwnProcesses(path, own(text), cwd),
      }))
      .filter(({ path }) => !/(?:^|\/)Chart\.ya?ml$/.test(path) || !files.includes(path)),
  };
}

/** What the project itself starts and builds stays: of a Procfile all but the release process, of package.json its scripts. */
function withOwnProcesses(path: string, text: string, cwd: string): string {
  if (path === "Procfile") {
    const processes = read(join(cwd, path))
      .split("\n")
      .filter((line) => /^\w[\w-]*:/.test(line) && !line.startsWith("release:"));
    return processes.length === 0 ? text : text.replace(/^web: .*\n/m, `${processes.join("\n")}\n`);
  }
  if (path !== "package.json") return text;
  const { start, build } = scriptsIn(cwd) ?? {};
  return text
    .replace(/"start": ".*"/, (own) =>
      start === undefined ? own : `"start": ${JSON.stringify(start)}`,
    )
    .replace(/"build": "tsc && /, (own) =>
      build === undefined ? own : `"build": ${JSON.stringify(`${build} && `).slice(0, -1)}`,
    );
}

interface Chart {
  /** With a slash at its end; empty for the working folder. */
  readonly folder: string;
  readonly name: string;
}

/** The chart that has the product's name, else the first of the outermost. */
function chartOf(files: readonly string[], cwd: string): Chart | undefined {
  const charts = files
    .filter((file) => /(?:^|\/)Chart\.ya?ml$/.test(file))
    .flatMap((file): Chart[] => {
      const name = labelOf(/^name: *["']?([\w.-]+)/m.exec(read(join(cwd, file)))?.[1] ?? "");
      const folder = dirname(file) === "." ? "" : `${dirname(file)}/`;
      return name === undefined ? [] : [{ folder, name }];
    })
    .toSorted((a, b) => a.folder.split("/").length - b.folder.split("/").length);
  const product = productOf(cwd);
  return charts.find(({ name }) => name === product) ?? charts[0];
}

/** The name of the repository's package, else of its folder. */
function productOf(cwd: string): string {
  return labelOf(packageName(cwd)) ?? labelOf(basename(cwd)) ?? example.product;
}

/** Without its scope; empty where there is no package, or one without a name. */
function packageName(cwd: string): string {
  try {
    const { name } = JSON.parse(read(join(cwd, "package.json"))) as { readonly name?: unknown };
    return typeof name === "string" ? name.replace(/^@[^/]*\//, "") : "";
  } catch {
    return "";
  }
}

/** As hosts, services and objects of Kubernetes may be called. */
function labelOf(name: string): string | undefined {
  const label = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 40)
    .replaceAll(/^[\d-]+|-+$/g, "");
  return label === "" ? undefined : label;
}

/** Empty for a file that is not there. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
