import { describe, expect, it } from "vitest";
import { startScratch } from "../../src/scratch/index.ts";
import { runHarness } from "./harness.ts";
import { renameCase } from "./rename-case.ts";

/** In full by scripts/plan-harness.mjs. */
const killEvery = Number(process.env["LOCKSTEP_HARNESS_KILL_EVERY"] ?? 12);
const majors = (process.env["LOCKSTEP_TEST_MAJORS"] ?? "14,18").split(",").map(Number);

describe.each(majors)(
  "start, abort, start, finish under both releases, on Postgres %i",
  (major) => {
    it(`kill -9 at every ${killEvery}th moment leaves nothing lost and nothing over`, async () => {
      await using scratch = await startScratch({ major });
      const row = await runHarness(scratch, renameCase, { killEvery });
      process.stdout.write(
        `${row.name} on ${major}: ${row.kills} kills, ${row.written} statements\n`,
      );
      expect(row.failures).toEqual([]);
      expect(row.kills).toBeGreaterThan(2);
    }, 600_000);
  },
);
