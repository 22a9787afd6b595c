import { join, resolve } from "node:path";
import { effectReport, replayBefore, type Before } from "../../check/index.ts";
import { loadConfig, type LoadedConfig } from "../../config/index.ts";
import { LockstepError } from "../../errors/index.ts";
import {
  makePlan,
  isEdited,
  planId,
  plansFolder,
  provePlan,
  readPlan,
  writeManifest,
  writePlan,
  type Made,
  type Manifest,
  type Plan,
  type PlanFolder,
  type Proof,
} from "../../plan/index.ts";
import { planJson, renderPlan } from "../../report/index.ts";
import type { Context } from "../context.ts";
import { commandOutput } from "../output.ts";
import { readFolderIfNamed, scratchOptions, type CommonOptions } from "../settings.ts";

export interface PlanOptions extends CommonOptions {
  readonly folder?: string;
  readonly base?: string;
  readonly pg?: string;
  readonly id?: string;
  readonly dryRun?: boolean;
  /** A folder that was edited. */
  readonly prove?: string;
}

/** `lockstep plan`: exit code 1 when there is no way, or the plan is not proven. */
export async function planCommand(
  migration: string | undefined,
  options: PlanOptions,
  context: Context,
): Promise<number> {
  const loaded = await loadConfig({ cwd: context.cwd, path: options.config });
  const output = commandOutput(options, context);
  const edited =
    options.prove === undefined
      ? undefined
      : await readPlan(resolve(context.cwd, options.prove), context.cwd);
  const before = await openBefore(nameOf(migration, edited), edited, options, loaded, context);
  await using _history = before.history;
  const id = edited?.manifest.id ?? options.id ?? planId(before.source.id);
  requireSame(edited, before);
  if (edited === undefined && options.dryRun !== true) requireUnedited(id, before, context);
  const made = await makeOn(before, id);
  const written =
    edited ??
    (made.plan === undefined || options.dryRun === true
      ? undefined
      : await readPlan(
          resolve(context.cwd, writePlan(context.cwd, made.plan, manifestOf(id, before, made))),
          context.cwd,
        ));
  const plan = written?.plan ?? made.plan;
  const proof = plan === undefined ? undefined : await prove(plan, before, made, context);
  if (written !== undefined && proof !== undefined)
    storeProof(written, made, proof, edited === undefined, context);
  const folder = written?.path;
  const effects = (proof?.steps ?? []).map(({ phase, number, effect }) => ({
    phase,
    number,
    effect: effectReport(effect, []),
  }));
  const report = {
    migration: before.source.file,
    parts: made.parts,
    plan,
    folder,
    isCarried: before.folder !== undefined,
    proof,
    effects,
  };
  output.result(planJson(report), () => renderPlan(report, output.style));
  return proof !== undefined && proof.failures.length === 0 ? 0 : 1;
}

function nameOf(migration: string | undefined, edited: PlanFolder | undefined): string {
  if (edited !== undefined) return edited.manifest.migration.file;
  if (migration !== undefined) return migration;
  throw new LockstepError("usage", {
    what: "no migration was named",
    expected: "the file of one migration, or --prove with the folder of a plan",
    next: ["lockstep plan drizzle/0007_rename.sql"],
  });
}

async function openBefore(
  name: string,
  edited: PlanFolder | undefined,
  options: PlanOptions,
  loaded: LoadedConfig,
  context: Context,
): Promise<Before> {
  const { url, major } = scratchOptions(options, loaded, context);
  return replayBefore({
    cwd: context.cwd,
    env: context.env,
    name,
    folder: await readFolderIfNamed(options, loaded, context),
    folderRoot: options.folder === undefined ? loaded.folder : context.cwd,
    base: options.base,
    major: Number(options.pg ?? edited?.manifest.major ?? major ?? 18),
    scratchUrl: url,
  });
}

/** The migration runs on a copy: the proofs need the database as it is before it. */
async function makeOn({ source, history }: Before, id: string): Promise<Made> {
  const { scratch, url } = history;
  const copy = await scratch.createDatabase({ template: databaseOf(url) });
  try {
    const { file, sql } = source;
    return await makePlan({ id, url: copy.url, major: scratch.major, file, sql });
  } finally {
    await copy.drop();
  }
}

function databaseOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1));
}

/** A plan belongs to the text of its migration. */
function requireSame(edited: PlanFolder | undefined, { source }: Before): void {
  if (edited === undefined || edited.manifest.migration.checksum === source.checksum) return;
  throw new LockstepError("plan-invalid", {
    what: `${edited.path} was made for another text of ${source.file}`,
    expected: `sha256 ${edited.manifest.migration.checksum}`,
    found: `sha256 ${source.checksum}`,
    from: `${edited.path}/plan.json`,
    why: "the migration was edited after its plan was made",
    next: [`lockstep plan ${source.file}`],
  });
}

/** What a person has written into a plan is not written over. */
function requireUnedited(id: string, { source }: Before, { cwd }: Context): void {
  const shown = join(plansFolder, id);
  if (!isEdited(resolve(cwd, shown))) return;
  throw new LockstepError("usage", {
    what: `${shown} was edited since it was made`,
    expected: "a plan as Lockstep wrote it, or none",
    found: "other SQL",
    from: shown,
    why: "making it anew would write over what was edited",
    next: [
      `prove it as it is: lockstep plan --prove ${shown}`,
      `or remove it, then make it anew: lockstep plan ${source.file}`,
    ],
  });
}

function manifestOf(id: string, { source, folder }: Before, made: Made): Omit<Manifest, "proof"> {
  const { plan, start, searchPath } = made;
  return {
    version: 1,
    id,
    migration: {
      id: folder === undefined ? null : source.id,
      file: source.file,
      checksum: source.checksum,
    },
    major: start.serverMajor,
    searchPath,
    start,
    notes: plan!.notes,
    remains: plan!.remains,
    exemptions: plan!.exemptions,
  };
}

async function prove(
  plan: Plan,
  { history }: Before,
  { statements, searchPath }: Made,
  { signal }: Context,
): Promise<Proof> {
  return provePlan({
    scratch: history.scratch,
    template: databaseOf(history.url),
    naive: statements,
    plan,
    searchPath,
    signal,
  });
}

/** The proof is of the files as they were read, on the server and from the start that it was made on. */
function storeProof(
  { path, manifest, checksum }: PlanFolder,
  { start, searchPath }: Made,
  result: Proof,
  isNew: boolean,
  { cwd }: Context,
): void {
  const proof = { files: checksum, at: new Date().toISOString(), result };
  writeManifest(resolve(cwd, path), {
    ...manifest,
    major: start.serverMajor,
    searchPath,
    start,
    ...(isNew ? { made: checksum } : {}),
    proof,
  });
}
