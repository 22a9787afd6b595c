import { relative } from "node:path";
import { readModule, type LoadedConfig, type Probe, type ProbeModule } from "../config/index.ts";
import { LockstepError } from "../errors/index.ts";
import { filesNamed } from "./paths.ts";

/**
 * The probes of the modules that the config names, in their order.
 * @throws LockstepError `config-invalid` for a module that cannot be loaded or exports no probes
 */
export async function readProbes(
  names: string | readonly string[] | undefined,
  loaded: LoadedConfig,
): Promise<readonly Probe[]> {
  if (names === undefined) return [];
  const probes: Probe[] = [];
  for (const path of await filesNamed(names, loaded.folder, "deploy.probes")) {
    const file = relative(loaded.folder, path);
    const module = (await readModule(path, file)) as Partial<ProbeModule> | undefined;
    if (!Array.isArray(module?.probes))
      throw invalid(
        file,
        module === undefined ? "no default export" : "a default export without a list `probes`",
      );
    for (const [index, probe] of (module.probes as readonly Partial<Probe>[]).entries())
      if (typeof probe?.name !== "string" || typeof probe.run !== "function")
        throw invalid(
          file,
          `probes[${index}] without ${probe?.name === undefined ? "a name" : "a function run"}`,
        );
    probes.push(...module.probes);
  }
  return probes;
}

function invalid(file: string, found: string): LockstepError {
  return new LockstepError("config-invalid", {
    what: `${file} exports no probes`,
    expected: "export default defineProbes({ probes: [{ name, run }, … ] })",
    found,
    from: file,
    next: [`correct ${file}`],
  });
}
