import { posix } from "node:path";
import type { CheckReport } from "../../check/index.ts";

/** A file of the report as it is named from the root of the checkout. */
export function fromRoot({ workingFolder }: CheckReport, file: string): string {
  return posix.join(workingFolder, file);
}
