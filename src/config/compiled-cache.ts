import { accessSync, constants, existsSync, lstatSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/**
 * A folder for compiled configs, which saves about 100 ms a run: `node_modules/.cache/lockstep` of the project, else a
 * private folder of this user's among the temporary files. False when neither can be written: then nothing is kept.
 *
 * Never the temporary folder that jiti would share with every user of the machine: what lies there is run.
 */
export function compiledCache(folder: string): string | false {
  const modules = nearestModules(folder);
  if (modules !== undefined) {
    const cache = join(modules, ".cache", "lockstep");
    if (isOurs(cache)) return cache;
  }
  const cache = join(tmpdir(), `lockstep-cache-${process.getuid?.() ?? "user"}`);
  return isOurs(cache) ? cache : false;
}

function nearestModules(folder: string): string | undefined {
  const modules = join(folder, "node_modules");
  if (existsSync(modules)) return modules;
  const parent = dirname(folder);
  return parent === folder ? undefined : nearestModules(parent);
}

/** Makes the folder if need be; true when nobody else can have put anything into it. */
function isOurs(cache: string): boolean {
  try {
    mkdirSync(cache, { recursive: true, mode: 0o700 });
    const { uid, mode } = lstatSync(cache);
    accessSync(cache, constants.W_OK);
    if (process.getuid === undefined) return true;
    return lstatSync(cache).isDirectory() && uid === process.getuid() && (mode & 0o022) === 0;
  } catch {
    return false;
  }
}
