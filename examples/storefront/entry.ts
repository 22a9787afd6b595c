import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Whether this module was started as a program, and not imported. */
export function isEntry(moduleUrl: string): boolean {
  const started = process.argv[1];
  return started !== undefined && realpathSync(started) === fileURLToPath(moduleUrl);
}
