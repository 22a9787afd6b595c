import { describe, expect, it } from "vitest";
import { startScratch, supportedMajors } from "../../src/scratch/index.ts";
import { runMutations } from "./mutation-run.ts";

/**
 * Changes on the newest major and, a fifth as many, on the oldest; on those between where `LOCKSTEP_TEST_MAJORS` names any
 * (`npm run test:full`). `LOCKSTEP_MUTATIONS=1000` runs the full number; a seed of one's
 * own, `LOCKSTEP_SEED`, draws others.
 */
const full = Number(process.env["LOCKSTEP_MUTATIONS"] ?? 150);
const seed = Number(process.env["LOCKSTEP_SEED"] ?? 4);

/** What the runtime module does not look at: it would have to evaluate expressions at every start. */
const leftToTheGate = new Set([
  "key default becomes a constant",
  "check loses a value",
  "add check that refuses a value",
]);

const majors =
  process.env["LOCKSTEP_TEST_MAJORS"] === undefined ? [18, 14] : supportedMajors.toReversed();

describe.each(majors)("single changes of a live schema on Postgres %i", (major) => {
  const count = major === 18 ? full : Math.ceil(full / 5);

  it(`closes the gate for each of ${count} that breaks the code, and for no other`, async () => {
    await using scratch = await startScratch({ major });
    const report = await runMutations(scratch, { seed: seed + major, tables: 64, count });
    expect(report.wrong).toEqual([]);
    const otherwise = report.runtime.filter(
      ({ kind, runtime }) => runtime.length > 0 || !leftToTheGate.has(kind),
    );
    expect(otherwise).toEqual([]);
    expect(report.scenarios).toBeGreaterThan(800);
    expect(report.breaking).toBeGreaterThan(count / 6);
    expect(report.harmless).toBeGreaterThan(count / 6);
    process.stdout.write(
      `Postgres ${major}: ${report.breaking} breaking, ${report.harmless} harmless, data-dependent ${JSON.stringify(report.dataDependent)}, ${Object.keys(report.kinds).length} kinds, ${report.scenarios} scenarios\n`,
    );
  }, 600_000);
});
