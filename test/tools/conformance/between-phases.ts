import { introspect } from "../../../src/catalog/index.ts";
import { carry } from "../../../src/phases/index.ts";
import { makePlan, readPlans, writePlan } from "../../../src/plan/index.ts";
import { Session } from "../../../src/pg/index.ts";
import type { Scratch } from "../../../src/scratch/index.ts";
import { prove } from "../../phases/support.ts";
import type { BetweenPhases, ConformanceCase } from "./case.ts";
import { rowsOf } from "./ledger-rows.ts";
import { RealProject } from "./real-project.ts";

/**
 * Has the tool apply the first migration, carries a plan of another one up to its contract phase, and runs the tool's own
 * command there.
 * @param tools the folder that LOCKSTEP_TOOLS names
 */
export async function betweenPhases(
  one: ConformanceCase,
  scratch: Scratch,
  tools: string,
): Promise<BetweenPhases> {
  await using project = await RealProject.open(one, scratch, tools);
  const { folder, session, url } = project;
  project.write(one.migrations[0].files);
  const first = await project.run();
  if (first.exitCode !== 0) throw new Error(`${one.tool}: ${first.says}`);
  project.write(one.planned.files);
  await plan(project, scratch);
  const { carried } = await carry({
    url,
    folder: await project.read(),
    plans: await readPlans(folder.path),
    environment: "test",
    instanceTtlMs: 60_000,
    emit: () => {},
  });
  if (carried[0]?.phase !== "ready") throw new Error(`${one.tool}: no plan is between its phases`);

  const seen = async () =>
    JSON.stringify([await introspect(session), await rowsOf(session, one.ledger)]);
  const before = await seen();
  const outcome = await project.run();
  return { ...outcome, isUntouched: (await seen()) === before };
}

/** Makes the plan of the last migration, as `lockstep plan` does. */
async function plan(project: RealProject, scratch: Scratch): Promise<void> {
  const { migrations } = await project.read();
  const { id, file, sql, checksum } = migrations.at(-1)!;
  const { url } = await scratch.createDatabase();
  await using session = await Session.open({ url, applicationName: "record" });
  await session.batch(migrations[0]!.sql);
  await session.close();
  const { major } = scratch;
  const made = await makePlan({ id: "renamed", url, major, file, sql });
  const { notes, remains, exemptions } = made.plan!;
  writePlan(project.folder.path, made.plan!, {
    version: 1,
    id: "renamed",
    migration: { id, file, checksum },
    major,
    searchPath: made.searchPath,
    start: made.start,
    notes,
    remains,
    exemptions,
  });
  await prove(project.folder.path, "renamed", major);
}
