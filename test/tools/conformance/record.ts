/**
 * Runs the real tools and writes what they do and record to `recorded/`. Not part of the suite: the tools are programs in
 * many languages. From the repository's root:
 *
 *     LOCKSTEP_TOOLS=/a/folder node --import jiti/register test/tools/conformance/record.ts [TOOL…]
 *
 * The folder holds programs in `bin`, npm packages in `node_modules`, and Flyway's jars in `flyway`. Another line of a tool's releases
 * is recorded beside the first, under the version that is said:
 *
 *     LOCKSTEP_TOOLS=/older RECORD_AS=6.19.3 node --import jiti/register test/tools/conformance/record.ts prisma
 *
 * With RECORD_ONLY=planned only that is recorded anew, and the rest stays as it was.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { betweenPhases } from "./between-phases.ts";
import type { ConformanceCase, Files, Recorded } from "./case.ts";
import { cases } from "./cases.ts";
import { shapeOf } from "./ledger-rows.ts";
import { RealProject } from "./real-project.ts";

const { LOCKSTEP_TOOLS: tools, RECORD_AS: asked, RECORD_ONLY: only } = process.env;
if (tools === undefined) throw new Error("LOCKSTEP_TOOLS names no folder");

async function record(one: ConformanceCase, scratch: Scratch): Promise<Recorded> {
  const [first, second, third] = one.migrations;
  const open = async (...files: readonly Files[]) => {
    const project = await RealProject.open(one, scratch, tools!);
    for (const each of files) project.write(each);
    return project;
  };
  await using project = await open(first.files, second.files);
  const applied = await project.run();
  const columns = await shapeOf(project.session, one.ledger);
  project.write(third.files);
  const failure = await project.lockstep();
  if (failure !== undefined) throw failure;
  const afterLockstep = await project.run();

  const openAfterFirst = async (files: Files) => {
    const project = await open(first.files);
    await project.run();
    project.write(files);
    return project;
  };
  await using failing = await openAfterFirst(one.failing.files);
  const failed = await failing.run();

  await using half = await openAfterFirst(one.halves.files);
  const failedHalves = await half.run();
  const again = await half.run();

  await using flying = await open(first.files, one.halves.files);
  if ((await flying.lockstep()) === undefined) throw new Error("the second half did not fail");
  const inFlight = await flying.run();

  await using edits = await open(first.files, second.files);
  await edits.run();
  edits.write(one.edited);
  const edited = await edits.run();

  await using merged = await open(first.files, second.files);
  await merged.run();
  merged.write(one.late.files);
  const late = await merged.run();
  const { rows } = await merged.session.query(
    "SELECT to_regclass('public.late') IS NOT NULL AS ran",
  );
  const { tool, version: usual, shown: command } = one;
  const version = asked ?? usual;
  const ran = rows[0]?.["ran"] === true;
  return {
    tool,
    version,
    command,
    columns,
    applied,
    afterLockstep,
    failed,
    failedHalves,
    again,
    inFlight,
    edited,
    late: { ...late, ran },
    planned: await betweenPhases(one, scratch, tools!),
  };
}

await using scratch = await startScratch();
const wanted = process.argv.slice(2);
for (const one of cases) {
  if (wanted.length > 0 && !wanted.includes(one.tool)) continue;
  const name = asked === undefined ? one.tool : `${one.tool}-${asked.split(" ", 1)[0]}`;
  const file = new URL(`recorded/${name}.json`, import.meta.url);
  const recorded =
    only === "planned"
      ? {
          ...(JSON.parse(readFileSync(file, "utf8")) as Recorded),
          planned: await betweenPhases(one, scratch, tools),
        }
      : await record(one, scratch);
  writeFileSync(file, `${JSON.stringify(recorded, undefined, 2)}\n`);
}
