import { expect, it } from "vitest";
import { startScratch } from "../../../src/scratch/index.ts";
import { runPrismaMutations } from "./run.ts";

/** `LOCKSTEP_PRISMA_MUTATIONS=300` runs the full number; a seed of one's own, `LOCKSTEP_SEED`, draws others. */
const count = Number(process.env["LOCKSTEP_PRISMA_MUTATIONS"] ?? 10);
const seed = Number(process.env["LOCKSTEP_SEED"] ?? 11);

it(`closes the gate for each of ${count} changes that break the Prisma client, and for no other`, async () => {
  await using scratch = await startScratch();
  const report = await runPrismaMutations(scratch, { seed, count });
  expect(report.wrong).toEqual([]);
  expect(report.runtime).toEqual([]);
  expect(report.breaking).toBeGreaterThan(count / 6);
  expect(report.harmless).toBeGreaterThan(count / 6);
  const { breaking, harmless, dataDependent, kinds, calls } = report;
  const drawn = Object.values(dataDependent).reduce((sum, one) => sum + one.drawn, 0);
  process.stdout.write(
    `Prisma: ${breaking} breaking, ${harmless} harmless, ${drawn} data-dependent, ${Object.keys(kinds).length} kinds, ${calls} calls\n`,
  );
}, 3_600_000);
