import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Lockstep's own version, from its package; recorded with every run. */
export function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** The folder of Lockstep's package. Sources, compiled modules and the bundle all lie two folders below it. */
export function packageRoot(): string {
  return fileURLToPath(new URL("../..", import.meta.url));
}
