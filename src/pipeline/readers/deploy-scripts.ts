import { firstSaying } from "../environment.ts";
import type { Expanded } from "../expand.ts";
import type { Environment, Pipeline } from "../model.ts";
import { nameOf } from "../repository/repository.ts";
import { fileScript } from "../text/script.ts";
import { spanOf, scriptOf } from "../text/yaml-document.ts";
import type { Span } from "../text/source-file.ts";
import type { Reading } from "./reading.ts";
import { singlePipeline } from "./single-job.ts";

const deployName = /(?:^|[-_.])(?:deploy|release)(?:[-_.]|$)/i;
const deployScript = /^(?:deploy|release)(?::|$)/;

/**
 * Deploys that a person starts: shell files and package scripts with such a name that no pipeline calls. Read last, so
 * that what a pipeline calls is known.
 */
export function readDeployScripts(reading: Reading): Pipeline[] {
  const files = reading.repository.paths.filter(
    (path) =>
      /^(?:(?:scripts?|bin|deploy(?:ment)?|ops|infra|\.?ci|tools)\/)?[^/]+\.(?:ba)?sh$/.test(
        path,
      ) &&
      deployName.test(nameOf(path)) &&
      !reading.files.has(path),
  );
  return [...files.flatMap((path) => shellFile(reading, path)), ...packageScripts(reading)];
}

function shellFile(reading: Reading, path: string): Pipeline[] {
  const file = reading.repository.read(path);
  if (file === undefined || reading.files.has(path)) return [];
  const expanded = reading.expander.expand(fileScript(file), start("."));
  const span = { file, start: 0, end: endOfLine(file.text) };
  return keepWhenItDeploys(reading, expanded, { what: "deploy script", name: path, span });
}

function packageScripts(reading: Reading): Pipeline[] {
  const root = reading.packages.byFolder.get(".");
  if (root === undefined || reading.files.has(root.file.path)) return [];
  return [...root.scripts].flatMap(([name, node]) => {
    const script = deployScript.test(name) ? scriptOf(node) : undefined;
    if (script === undefined) return [];
    const expanded = reading.expander.expand(script, start("."));
    return keepWhenItDeploys(reading, expanded, {
      what: `script "${name}"`,
      name,
      span: spanOf(node),
    });
  });
}

const start = (directory: string) => ({
  directory,
  variables: new Map(),
  options: { errexit: false, pipefail: false },
  onServer: true,
});

const endOfLine = (text: string): number => {
  const end = text.indexOf("\n");
  return end === -1 ? text.length : end;
};

/** A script of such a name that deploys nothing publishes a package, or is something else. */
function keepWhenItDeploys(
  reading: Reading,
  expanded: Expanded,
  of: { readonly what: string; readonly name: string; readonly span: Span },
): Pipeline[] {
  if (!expanded.actions.some(({ kind }) => kind === "deploy")) return [];
  reading.keep(expanded);
  const named = firstSaying([{ name: of.name, what: "script" }]);
  const environment: Environment =
    named.kind === "unknown"
      ? { kind: "production", because: `${of.what} deploys and names no other environment` }
      : named;
  return [singlePipeline({ ...of, role: "script", environment }, expanded)];
}
