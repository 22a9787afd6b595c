import { expect, it } from "vitest";
import { startScratch } from "../../src/scratch/index.ts";
import { runMutations } from "./mutation-run.ts";

/** `LOCKSTEP_QUERY_MUTATIONS=300` runs the full number; a seed of one's own, `LOCKSTEP_SEED`, draws others. */
const count = Number(process.env["LOCKSTEP_QUERY_MUTATIONS"] ?? 12);
const seed = Number(process.env["LOCKSTEP_SEED"] ?? 23);

it(`closes the gate for each of ${count} changes that break recorded statements, and for no other`, async () => {
  await using scratch = await startScratch();
  const tables = count > 100 ? 40 : 8;
  const report = await runMutations(scratch, { seed, tables, count, from: "queries" });
  expect(report.wrong).toEqual([]);
  expect(report.breaking).toBeGreaterThan(count / 6);
  expect(report.harmless).toBeGreaterThan(count / 6);
  const { breaking, harmless, kinds, scenarios } = report;
  process.stdout.write(
    `Recorded statements: ${breaking} breaking, ${harmless} harmless, ${Object.keys(kinds).length} kinds, ${scenarios} scenarios\n`,
  );
}, 3_600_000);
