import { resolve } from "node:path";
import type { TargetSettings } from "../effects/index.ts";
import { lastingSettings } from "./lasting-settings.ts";
import type { CheckedPipeline } from "./pipeline.ts";
import type { Selection } from "./report.ts";
import { plannedFiles } from "./planned.ts";
import { comparesSchema, type CheckRequest } from "./request.ts";
import { selectFiles, type Chosen } from "./select.ts";
import { hasDown, placeInCheckout, readSource, type SourceFile } from "./source-file.ts";
import { targetVersion, type TargetVersion } from "./target-version.ts";
import type { Target } from "./target.ts";

/**
 * All that a check reads from folders, git, the repository's pipeline and the target. A check without a server is a
 * function of its request and of this, so answers can be kept by them: whatever else is read belongs here.
 */
export interface CheckInputs {
  readonly chosen: Chosen;
  /** The working folder from the root of the checkout, `.` at the root and outside one. */
  readonly workingFolder: string;
  /** What makes schema and rows before the named files. */
  readonly base: SourceFile | undefined;
  readonly settings: TargetSettings;
  readonly version: TargetVersion;
  /** For each plan, what its history has set for all later sessions. */
  readonly lasting: readonly TargetSettings[];
  /** Files whose findings are asked for; undefined for all. */
  readonly changed: ReadonlySet<string> | undefined;
  /** Whether the file that takes it back stands beside a checked file that is named as if there were one. */
  readonly downs: ReadonlyMap<string, boolean | undefined>;
  readonly pipeline: CheckedPipeline | undefined;
  /** Checked files that a proven plan carries, with its folder. */
  readonly planned: ReadonlyMap<string, string>;
}

/** @throws LockstepError what `check` throws before it looks at statements */
export async function readInputs(request: CheckRequest): Promise<CheckInputs> {
  const { base, cwd } = request;
  const chosen = await selectFiles({
    ...request,
    hasBase: base !== undefined,
    toTheEnd: comparesSchema(request),
  });
  const baseFile: SourceFile | undefined =
    base === undefined
      ? undefined
      : { ...readSource(resolve(cwd, base), cwd), transaction: "statement" };
  const target = await targetOf(request, chosen.by);
  const workingFolder = placeInCheckout(cwd);
  const steps = chosen.plans.flatMap((plan) => plan.steps);
  return {
    chosen,
    workingFolder,
    base: baseFile,
    settings: target.settings,
    version: targetVersion({
      asked: request.major,
      sizes: request.sizes,
      connected: target.major,
      scratch: await scratchMajor(request, target),
      folders: [cwd, rootAbove(cwd, workingFolder)],
    }),
    lasting: await Promise.all(
      chosen.plans.map(async ({ history }) =>
        lastingSettings(baseFile === undefined ? history : [baseFile]),
      ),
    ),
    changed: await changedOf(request),
    downs: new Map(steps.map(({ source: { file } }) => [file, hasDown(file, cwd)])),
    pipeline: await pipelineOf(request),
    planned: await plannedFiles(
      cwd,
      steps.filter(({ isChecked }) => isChecked).map(({ source }) => source),
    ),
  };
}

/** The root of the checkout that a folder is in, by its place there. */
function rootAbove(cwd: string, place: string): string {
  return place === "." ? cwd : resolve(cwd, ...place.split("/").map(() => ".."));
}

/** Who gives a server for scratch gives one of the version that they have. */
async function scratchMajor(
  { scratchUrl, major, sizes, static: isStatic }: CheckRequest,
  target: Target,
): Promise<number | undefined> {
  const isKnown = major !== undefined || sizes !== undefined || target.major !== undefined;
  if (scratchUrl === undefined || isStatic || isKnown) return undefined;
  const { majorAt } = await import("./target.ts");
  return majorAt(scratchUrl);
}

/** What is known of the target: with its sizes, or from itself when it was asked what is pending. */
async function targetOf({ sizes, url }: CheckRequest, by: Selection["by"]): Promise<Target> {
  if (by !== "pending" || url === undefined)
    return { settings: sizes?.settings ?? {}, major: undefined };
  const { targetAt } = await import("./target.ts");
  const target = await targetAt(url);
  return { ...target, settings: sizes?.settings ?? target.settings };
}

async function changedOf({ cwd, since }: CheckRequest): Promise<ReadonlySet<string> | undefined> {
  if (since === undefined) return undefined;
  const { changedSince, mergeBase } = await import("./git.ts");
  return changedSince(cwd, await mergeBase(cwd, since));
}

async function pipelineOf({
  pipeline,
  cwd,
  ruleConfig,
  baseline,
}: CheckRequest): Promise<CheckedPipeline | undefined> {
  if (!pipeline) return undefined;
  const { readPipeline } = await import("./pipeline.ts");
  return readPipeline(cwd, ruleConfig, baseline);
}
