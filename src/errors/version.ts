import { createRequire } from "node:module";

/** Lockstep's own version, from its package; recorded with every run. */
export function version(): string {
  const manifest = createRequire(import.meta.url)("../../package.json") as { version: string };
  return manifest.version;
}
