import { existsSync } from "node:fs";
import { join } from "node:path";
import { isLockstepError } from "../errors/index.ts";
import type { SourceFile } from "./source-file.ts";

/**
 * Checked files that are not run as they are written: a proven plan carries them. By file, with the plan's folder.
 * A plan that cannot be read carries nothing: `lockstep migrate` says what is wrong with it.
 */
export async function plannedFiles(
  cwd: string,
  sources: readonly SourceFile[],
): Promise<ReadonlyMap<string, string>> {
  // Looked at first: most repositories have none, and the code that reads them is not small.
  if (sources.length === 0 || !existsSync(join(cwd, "lockstep", "plans"))) return new Map();
  const { isProven, readPlans } = await import("../plan/index.ts");
  const plans = await readPlans(cwd).catch((error: unknown) => {
    if (isLockstepError(error)) return [];
    throw error;
  });
  const planned = new Map<string, string>();
  for (const plan of plans.filter(isProven)) {
    const { file, checksum } = plan.manifest.migration;
    const own = sources.find((source) => source.file === file);
    if (own?.checksum === checksum) planned.set(file, plan.path);
  }
  return planned;
}
