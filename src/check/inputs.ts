import { resolve } from "node:path";
import type { TargetSettings } from "../effects/index.ts";
import type { CheckedPipeline } from "./pipeline.ts";
import type { Selection } from "./report.ts";
import { comparesSchema, type CheckRequest } from "./request.ts";
import { selectFiles, type Chosen } from "./select.ts";
import { hasDown, placeInCheckout, readSource, type SourceFile } from "./source-file.ts";

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
  /** Files whose findings are asked for; undefined for all. */
  readonly changed: ReadonlySet<string> | undefined;
  /** Whether the file that takes it back stands beside a checked file that is named as if there were one. */
  readonly downs: ReadonlyMap<string, boolean | undefined>;
  readonly pipeline: CheckedPipeline | undefined;
}

/** @throws LockstepError what `check` throws before it looks at statements */
export async function readInputs(request: CheckRequest): Promise<CheckInputs> {
  const { base, cwd } = request;
  const chosen = await selectFiles({
    ...request,
    hasBase: base !== undefined,
    toTheEnd: comparesSchema(request),
  });
  const steps = chosen.plans.flatMap((plan) => plan.steps);
  return {
    chosen,
    workingFolder: placeInCheckout(cwd),
    base:
      base === undefined
        ? undefined
        : { ...readSource(resolve(cwd, base), cwd), transaction: "statement" },
    settings: await settingsOf(request, chosen.by),
    changed: await changedOf(request),
    downs: new Map(steps.map(({ source: { file } }) => [file, hasDown(file, cwd)])),
    pipeline: await pipelineOf(request),
  };
}

/** What is known of the settings of the target: with its sizes, or from itself when it was asked what is pending. */
async function settingsOf(
  { sizes, url }: CheckRequest,
  by: Selection["by"],
): Promise<TargetSettings> {
  if (sizes?.settings !== undefined) return sizes.settings;
  if (by !== "pending" || url === undefined) return {};
  const { settingsAt } = await import("./target.ts");
  return settingsAt(url);
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
