import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { introspect, type Catalog } from "../../src/catalog/index.ts";
import { Session } from "../../src/pg/index.ts";
import {
  makePlan,
  readPlan,
  writeManifest,
  writePlan,
  type Made,
  type PlanFolder,
  type Proof,
} from "../../src/plan/index.ts";
import { readMigrations, type MigrationFolder } from "../../src/tools/index.ts";
import type { Carried } from "../../src/phases/marks.ts";
import type { Scratch } from "../../src/scratch/index.ts";
import { temporaryFolder, type TemporaryFolder } from "../support/folder.ts";

/** A project with one migration that made the base, one that is planned, and a database that has the first. */
export interface Project extends Disposable {
  readonly root: TemporaryFolder;
  readonly migrations: MigrationFolder;
  readonly plan: PlanFolder;
  readonly made: Made;
  readonly carries: Carried;
  /** Catalog before the plan, and that of the naive migration. */
  readonly start: Catalog;
  readonly goal: Catalog;
  /** A database as it is before the plan. */
  database(): Promise<string>;
}

export interface ProjectSource {
  readonly base: string;
  readonly naive: string;
  readonly id?: string;
}

/** What a plan's manifest says of a proof that found nothing wrong. */
export const proofOf = (server: string): Proof => ({
  catalogEqual: true,
  dataEqual: true,
  oldContractHolds: true,
  newContractHolds: true,
  online: true,
  maxLock: null,
  steps: [],
  reversible: true,
  repeatable: true,
  failures: [],
  remarks: [],
  counted: { points: 0, statements: 0, rows: 0, aborts: 0, repeats: 0 },
  server,
});

/** Makes a plan, writes it to a folder as `lockstep plan` does, and reads it back. */
export async function project(
  scratch: Scratch,
  { base, naive, id = "p1" }: ProjectSource,
): Promise<Project> {
  const root = temporaryFolder({
    "migrations/0001_base.sql": base,
    [`migrations/0002_${id}.sql`]: naive,
  });
  const template = await scratch.template(`operation ${base}`, async (url) => {
    await using session = await Session.open({ url, applicationName: "base" });
    await session.batch(base);
    await session.query("CREATE SCHEMA IF NOT EXISTS lockstep");
  });
  const database = async () => (await scratch.createDatabase({ template })).url;
  const migrations = await readMigrations({ folder: "migrations", cwd: root.path });
  const migration = migrations.migrations[1]!;
  const made = await makePlan({
    id,
    url: await database(),
    major: scratch.major,
    file: migration.file,
    sql: naive,
  });
  if (made.plan === undefined)
    throw new Error(
      `refused: ${JSON.stringify(made.parts.filter(({ kind }) => kind === "refused"))}`,
    );
  writePlan(root.path, made.plan, {
    version: 1,
    id,
    migration: { id: migration.id, file: migration.file, checksum: migration.checksum },
    major: scratch.major,
    searchPath: made.searchPath,
    start: made.start,
    notes: made.plan.notes,
    remains: made.plan.remains,
    exemptions: made.plan.exemptions,
  });
  await prove(root.path, id, scratch.major);
  const plan = await readPlan(join(root.path, "lockstep", "plans", id), root.path);
  return {
    root,
    migrations,
    plan,
    made,
    carries: { migrations, migration },
    start: made.naive.start,
    goal: made.naive.goal,
    database,
    [Symbol.dispose]: () => root[Symbol.dispose](),
  };
}

/** Says in the manifest that the files as they are now were proven. */
export async function prove(root: string, id: string, major: number): Promise<void> {
  const folder = join(root, "lockstep", "plans", id);
  const { manifest, checksum } = await readPlan(folder, root);
  writeManifest(folder, {
    ...manifest,
    proof: { files: checksum, at: new Date(0).toISOString(), result: proofOf(`${major}.0`) },
  });
}

/** Writes one of a plan's files anew, as a person who edits it. */
export function edit(root: string, id: string, file: string, text: string): void {
  writeFileSync(join(root, "lockstep", "plans", id, file), text);
}

export async function catalogOf(url: string): Promise<Catalog> {
  await using session = await Session.open({ url, applicationName: "test" });
  return await introspect(session);
}

/** Rows of one query on a session of its own. */
export async function ask<Row extends Record<string, unknown>>(
  url: string,
  sql: string,
): Promise<readonly Row[]> {
  await using session = await Session.open({ url, applicationName: "test" });
  return (await session.query<Row>(sql)).rows;
}
