import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { LockstepError } from "../../errors/index.ts";
import type { Plan } from "../model.ts";
import { parseManifest, type Manifest } from "./manifest.ts";
import { readPhases } from "./read.ts";
import { planFileNames, planTexts, type PlanTexts } from "./write.ts";

/** A plan as its folder has it. */
export interface PlanFolder {
  /** Relative to the working folder. */
  readonly path: string;
  readonly manifest: Manifest;
  readonly plan: Plan;
  readonly texts: PlanTexts;
  /** sha256 over the texts of all files: what a proof and a run are for. */
  readonly checksum: string;
}

/** Where plans are kept, below the folder of the config. */
export const plansFolder = join("lockstep", "plans");

/**
 * Writes the files of a plan and then its manifest, each whole or not at all.
 * @returns the folder, relative to `root`
 */
export function writePlan(root: string, plan: Plan, manifest: Omit<Manifest, "proof">): string {
  const folder = join(root, plansFolder, plan.id);
  mkdirSync(folder, { recursive: true });
  const texts = planTexts(plan);
  for (const name of planFileNames) writeWhole(join(folder, name), texts[name]);
  writeManifest(folder, { ...manifest, proof: null });
  return relative(root, folder);
}

/** Replaces the manifest. */
export function writeManifest(folder: string, manifest: Manifest): void {
  writeWhole(join(folder, "plan.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

function writeWhole(path: string, text: string): void {
  const half = `${path}.${process.pid}.new`;
  writeFileSync(half, text);
  renameSync(half, path);
}

/**
 * Reads a plan's folder.
 * @param path absolute
 * @throws LockstepError `file-unreadable`, `plan-invalid`, `sql-syntax`
 */
export async function readPlan(path: string, cwd: string): Promise<PlanFolder> {
  const shown = relative(cwd, path) || ".";
  const manifest = parseManifest(readText(join(path, "plan.json"), cwd), join(shown, "plan.json"));
  const entries = planFileNames.map((name) => [name, readText(join(path, name), cwd)] as const);
  const texts = Object.fromEntries(entries) as unknown as PlanTexts;
  const { id, notes, remains, exemptions = [] } = manifest;
  const plan = { id, notes, remains, exemptions, ...(await readPhases(texts, shown)) };
  return { path: shown, manifest, plan, texts, checksum: checksumOf(texts) };
}

/**
 * All plans below `root`, by id.
 * @throws LockstepError as `readPlan`
 */
export async function readPlans(root: string): Promise<readonly PlanFolder[]> {
  const folder = join(root, plansFolder);
  if (!existsSync(folder)) return [];
  const plans: PlanFolder[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true }).toSorted(byName))
    if (entry.isDirectory() && existsSync(join(folder, entry.name, "plan.json")))
      plans.push(await readPlan(join(folder, entry.name), root));
  return plans;
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}

/**
 * True when a plan's files are not as Lockstep wrote them; false where its manifest does not tell.
 * @param path absolute
 */
export function isEdited(path: string): boolean {
  const read = (name: string) =>
    existsSync(join(path, name)) ? readFileSync(join(path, name), "utf8") : "";
  let made: string | undefined;
  try {
    const manifest = parseManifest(read("plan.json"), path);
    made = manifest.made ?? manifest.proof?.files;
  } catch {
    return false;
  }
  const texts = Object.fromEntries(planFileNames.map((name) => [name, read(name)]));
  return made !== undefined && made !== checksumOf(texts as unknown as PlanTexts);
}

/** True when the proof is of these files and found nothing wrong. */
export function isProven({ manifest: { proof }, checksum }: PlanFolder): boolean {
  return proof !== null && proof.files === checksum && proof.result.failures.length === 0;
}

/** sha256 over the texts, with their names. */
function checksumOf(texts: PlanTexts): string {
  const hash = createHash("sha256");
  for (const name of planFileNames) hash.update(`${name}\0${texts[name]}\0`);
  return hash.digest("hex");
}

function readText(path: string, cwd: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const shown = relative(cwd, path);
    throw new LockstepError(
      "file-unreadable",
      {
        what: `${shown} cannot be read`,
        expected: "a plan's folder with all its files, as `lockstep plan` wrote it",
        found: (error as NodeJS.ErrnoException).code ?? "an unknown failure",
        from: shown,
        next: ["check the path, or make the plan again: lockstep plan MIGRATION"],
      },
      { cause: error },
    );
  }
}
