import type { TargetSettings, World } from "../effects/index.ts";
import { isLockstepError } from "../errors/index.ts";
import {
  asConfigured,
  compareFindings,
  gatherFindings,
  rules,
  type EarlierFile,
  type Finding,
} from "../rules/index.ts";
import { applyRun, checkRun, type Collected } from "./check-run.ts";
import type { Facts } from "./facts.ts";
import { readInputs, type CheckInputs } from "./inputs.ts";
import {
  summaryOf,
  type CheckReport,
  type Note,
  type PipelineSummary,
  type Selection,
} from "./report.ts";
import { startStatements } from "./recorded-statements.ts";
import { comparesSchema, type CheckRequest } from "./request.ts";
import { nothingToCheck, type Plan, type Step } from "./select.ts";
import { defaultReplayMs } from "./replay-limit.ts";
import type { SourceFile } from "./source-file.ts";

/** What `check` of check-later.ts promises. */
export async function check(request: CheckRequest, given?: CheckInputs): Promise<CheckReport> {
  const inputs = given ?? (await readInputs(request));
  const { by, because, plans, notes } = inputs.chosen;
  const collected: Collected = {
    files: [],
    findings: [],
    open: new Map(),
    suppressed: [],
    notes: [...notes],
  };
  const { major, because: majorBecause } = inputs.version;
  let server: CheckReport["server"] = { major, observed: false };
  for (const plan of plans) server = (await checkPlan(request, inputs, plan, collected)) ?? server;
  const pipeline = addPipeline(inputs.pipeline, collected);
  if (by === "none" && !(pipeline !== undefined && pipeline.steps > 0))
    throw nothingToCheck(because, pipeline?.files);
  const heard = onlyChanged(inputs.changed, collected.findings).toSorted(compareFindings);
  const findings = gatherFindings(heard, rules);
  return {
    version: 1,
    workingFolder: inputs.workingFolder,
    server: majorBecause === undefined ? server : { ...server, majorBecause },
    selection: selectionOf(by, because, plans),
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(collected.agreement === undefined ? {} : { agreement: collected.agreement }),
    files: collected.files,
    findings,
    suppressed: collected.suppressed,
    notes: collected.notes,
    summary: summaryOf(findings),
  };
}

function selectionOf(
  by: Selection["by"],
  because: string,
  plans: readonly Plan[],
): CheckReport["selection"] {
  const places = plans.map(({ place }) => place);
  return {
    by,
    because,
    folder: places[0]?.folder,
    history: places.reduce((sum, { history }) => sum + history, 0),
    transaction: places[0]?.transaction ?? "file",
    places,
  };
}

/** Checks the files of one plan; undefined when there is nothing to run. */
async function checkPlan(
  request: CheckRequest,
  inputs: CheckInputs,
  plan: Plan,
  collected: Collected,
): Promise<CheckReport["server"] | undefined> {
  const isAgreementAsked = comparesSchema(request) && plan.folder !== undefined;
  if (plan.steps.length === 0 && !isAgreementAsked) return undefined;
  const lasting = inputs.lasting[inputs.chosen.plans.indexOf(plan)] ?? {};
  await using facts = await factsFor(request, inputs, { plan, lasting }, collected.notes);
  const earlier: EarlierFile[] = [];
  let { world } = facts;
  for (const run of runsOf(plan.steps)) {
    if (!run[0]!.isChecked) {
      world = await applyRun(run, facts, world);
      continue;
    }
    const afterFiles = await startStatements(request, { plan, run, inputs, facts }, collected);
    const running = { facts, world, inputs, lasting, earlier, collected, afterFiles };
    world = await checkRun(request, run, running);
  }
  leaveOutSettled(collected, world);
  if (isAgreementAsked && facts.database !== undefined) {
    const { planned } = inputs;
    const agreed = await request.agreement!({ ...facts.database, folder: plan.folder, planned });
    collected.agreement ??= agreed.agreement;
    for (const finding of agreed.findings)
      collected.findings.push(...asConfigured(finding, request.ruleConfig));
  }
  collected.notes.push(...facts.notes);
  return facts.server;
}

/** Steps cut where checked files and others meet. */
function runsOf(steps: readonly Step[]): readonly (readonly Step[])[] {
  const runs: Step[][] = [];
  for (const step of steps) {
    const last = runs.at(-1);
    if (last?.[0]?.isChecked === step.isChecked) last.push(step);
    else runs.push([step]);
  }
  return runs;
}

/** Takes out what a later file has seen to. */
function leaveOutSettled({ findings, open }: Collected, last: World): void {
  if (open.size === 0) return;
  const left = findings.filter((finding) => open.get(finding)?.(last) !== true);
  findings.splice(0, findings.length, ...left);
  // The next plan has a catalog of its own.
  open.clear();
}

/** Facts from scratch when they can be had, else from the parse trees, with a note that says why. */
async function factsFor(
  request: CheckRequest,
  { base, settings, version: { major } }: CheckInputs,
  { plan, lasting }: { readonly plan: Plan; readonly lasting: TargetSettings },
  notes: Note[],
): Promise<Facts> {
  const { scratchUrl } = request;
  const before: readonly SourceFile[] = base === undefined ? plan.history : [base];
  const folded = async () => {
    const { foldedFacts } = await import("./folded.ts");
    return foldedFacts(before, { major, isWhole: plan.isWhole, settings, lasting });
  };
  if (request.static) return folded();
  if (!plan.isWhole) {
    notes.push({ kind: "not-observed", message: noBase });
    return folded();
  }
  const { observedFacts } = await import("./observed.ts");
  const files = plan.steps.map(({ source }) => source);
  try {
    return await observedFacts({
      before,
      files,
      major,
      scratchUrl,
      settings,
      lasting,
      replayMs: request.replayMs ?? defaultReplayMs,
    });
  } catch (error) {
    const isReplay = isLockstepError(error) && error.code === "scratch-run-failed";
    if (!isReplay || base !== undefined) throw error;
    const { what, found = "" } = error.explanation;
    notes.push({ kind: "not-observed", message: `predicted, not observed: ${what}: ${found}` });
    return folded();
  }
}

const noBase =
  "predicted, not observed: what stands in the database before these files is not known; --base schema.sql says it";

/** Findings of changed files only, when a commit to compare with was named: everything was run all the same. */
function onlyChanged(
  changed: CheckInputs["changed"],
  findings: readonly Finding[],
): readonly Finding[] {
  return changed === undefined ? findings : findings.filter(({ file }) => changed.has(file));
}

function addPipeline(
  pipeline: CheckInputs["pipeline"],
  collected: Collected,
): PipelineSummary | undefined {
  if (pipeline === undefined) return undefined;
  collected.findings.push(...pipeline.findings);
  collected.suppressed.push(...pipeline.suppressed);
  collected.notes.push(...pipeline.notes);
  return pipeline.summary;
}
