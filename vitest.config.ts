import { existsSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Files that take long, the longest first, and about every third one that waits most of the time: for a lock, a limit, the
 * next look. They begin before all others, which vitest sorts by their bytes: so two cores have work while one file waits,
 * and none is left alone at the end.
 */
const long = [
  "plan/storefront/storefront",
  "incidents/articles-000-001",
  "backfill/signals",
  "incidents/articles-002-004",
  "plan/prove/prove",
  "backfill/replication",
  "effects/world/fold",
  "catalog/diff",
  "backfill/crew",
  "rules/cases-observed",
  "rollback/rollback",
  "backfill/run",
  "plan/property",
  "plan/operations/change-type",
  "runner/lease",
  "gate/mutation",
  "plan/prove/said",
  "runner/kill",
  "plan/prove/mutation",
  "plan/operations/add-column",
  "phases/deploy",
  "effects/fuzz/cases",
  "incidents/prisma",
  "rehearse/rehearse",
  "effects/predict/alter-table/matrix",
  "effects/matrix/measured",
  "storefront/server",
  "incidents/knex",
  "phases/harness",
  "deploy/service",
  "runner/race",
  "effects/predict/alter-table/default-partition",
  "cli/signals",
  "incidents/demo",
  "rehearse/way-back",
  "effects/observe/time-limit",
  "recording/taken-back",
  "plan/prove/taken-back",
  "phases/parked-killed",
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
    // What is waited for comes, though late where three files share two cores; by default it is given up after a second.
    expect: { poll: { timeout: 20_000 } },
    reporters: ["default", "./scripts/closing-line-reporter.mjs"],
  },
});
