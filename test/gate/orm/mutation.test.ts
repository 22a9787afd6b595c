import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import {
  drizzleProject,
  kyselyProject,
  ormProjects,
  type OrmProject,
} from "../../contract/orm-projects.ts";
import { runOrmMutations, type OpenMapper } from "./run.ts";
import { openDrizzle } from "./drizzle.ts";
import { openKysely } from "./kysely.ts";
import { openMikroOrm } from "./mikro-orm.ts";
import { openSequelize } from "./sequelize.ts";
import { openTypeorm } from "./typeorm.ts";

/**
 * A few changes for one of the ORMs, as loading each takes seconds; `LOCKSTEP_ORM_MUTATIONS=300` runs the full number for all. A seed
 * of one's own, `LOCKSTEP_SEED`, draws others.
 */
const full = process.env["LOCKSTEP_ORM_MUTATIONS"];
const count = Number(full ?? 8);
const projects =
  full === undefined
    ? ormProjects.slice(0, 1)
    : [drizzleProject, ...ormProjects, await kyselyProject()];
const seed = Number(process.env["LOCKSTEP_SEED"] ?? 11);

const opened: Readonly<Record<OrmProject["source"]["kind"], OpenMapper>> = {
  typeorm: openTypeorm,
  sequelize: openSequelize,
  "mikro-orm": openMikroOrm,
  kysely: openKysely,
  drizzle: openDrizzle,
};

let scratch: Scratch;
const { TZ } = process.env;
beforeAll(async () => {
  scratch = await startScratch();
  // A clock that is not the server's: what shifts moments shows.
  process.env["TZ"] = "America/New_York";
}, 300_000);
afterAll(async () => {
  if (TZ === undefined) delete process.env["TZ"];
  else process.env["TZ"] = TZ;
  await scratch.close();
});

describe.each(projects)("$title", (project) => {
  it(`has the gate closed for each of ${count} changes that break its calls, and for no other`, async () => {
    const report = await runOrmMutations(scratch, project, opened[project.source.kind], {
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
  }, 3_600_000);
});
