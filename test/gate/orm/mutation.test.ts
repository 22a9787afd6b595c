import { describe, expect, it } from "vitest";
import { startScratch } from "../../../src/scratch/index.ts";
import { ormProjects, type OrmProject } from "../../contract/orm-projects.ts";
import { runOrmMutations, type OpenMapper } from "./run.ts";
import { openSequelize } from "./sequelize.ts";
import { openTypeorm } from "./typeorm.ts";

/** `LOCKSTEP_ORM_MUTATIONS=300` runs the full number; a seed of one's own, `LOCKSTEP_SEED`, draws others. */
const count = Number(process.env["LOCKSTEP_ORM_MUTATIONS"] ?? 10);
const seed = Number(process.env["LOCKSTEP_SEED"] ?? 11);

const opened: Readonly<Partial<Record<OrmProject["source"]["kind"], OpenMapper>>> = {
  typeorm: openTypeorm,
  sequelize: openSequelize,
};

describe.each(ormProjects.filter(({ source }) => source.kind in opened))("$title", (project) => {
  it(`has the gate closed for each of ${count} changes that break its calls, and for no other`, async () => {
    await using scratch = await startScratch();
    const report = await runOrmMutations(scratch, project, opened[project.source.kind]!, {
      seed,
      count,
    });
    expect(report.wrong).toEqual([]);
    expect(report.runtime).toEqual([]);
    expect(report.breaking).toBeGreaterThan(count / 6);
    expect(report.harmless).toBeGreaterThan(count / 6);
    const { breaking, harmless, dataDependent, kinds, calls } = report;
    const drawn = Object.values(dataDependent).reduce((sum, one) => sum + one.drawn, 0);
    process.stdout.write(
      `${project.title}: ${breaking} breaking, ${harmless} harmless, ${drawn} data-dependent, ${Object.keys(kinds).length} kinds, ${calls} calls\n`,
    );
  }, 600_000);
});
