import { existsSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Files that take long although they are short, the longest first. Vitest begins with the files of the most bytes; these
 * begin before them, lest one of them is left alone at the end.
 */
const long = [
  "plan/storefront/storefront",
  "incidents/articles-000-001",
  "incidents/articles-002-004",
  "effects/world/fold",
  "rules/cases-observed",
  "plan/property",
  "gate/mutation",
  "plan/prove/mutation",
  "effects/fuzz/cases",
  "incidents/prisma",
  "effects/predict/alter-table/matrix",
  "effects/matrix/measured",
  "incidents/knex",
  "phases/harness",
  "runner/race",
  "effects/predict/alter-table/default-partition",
  "incidents/demo",
  "effects/observe/time-limit",
  "rehearse/way-back",
  "phases/parked-killed",
  "recording/taken-back",
  "plan/prove/taken-back",
  "phases/killed-step",
  "rehearse/copy",
  "rules/recipes-16",
  "rules/recipes-14",
  "rules/recipes-15",
  "rules/recipes-17",
  "rules/recipes-18",
].map((name) => join(import.meta.dirname, "test", `${name}.test.ts`));

for (const file of long)
  if (!existsSync(file)) throw new Error(`vitest.config.ts names ${file}, which is not there`);

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = long.indexOf(moduleId);
      return at === -1 ? long.length : at;
    };
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["**/node_modules/**"],
    // Every file that needs one boots its own server, and waits for it much of the time: three of them fill two cores.
    maxWorkers: 3,
    // A file leaves nothing behind in its process that another would see; loading all modules anew for each took a third of the CPU.
    isolate: false,
    sequence: { sequencer: LongFirst },
    globalSetup: ["./test/support/scratch-home.ts"],
    setupFiles: ["./test/support/property-seed.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ["default", "./scripts/closing-line-reporter.mjs"],
  },
});
