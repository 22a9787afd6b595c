import { resolve } from "node:path";
import {
  SimulatedSession,
  type SessionOptions,
  type Sizes,
  type TargetSettings,
  type TransactionMode,
  type World,
} from "../effects/index.ts";
import { isLockstepError } from "../errors/index.ts";
import {
  columnOf,
  compareFindings,
  evaluateFile,
  gatherFindings,
  rules,
  type Baseline,
  type EarlierFile,
  type EvaluatedFile,
  type Finding,
  type RuleConfig,
  type Settled,
  type SuppressedFinding,
} from "../rules/index.ts";
import type { Facts, ScratchDatabase } from "./facts.ts";
import { parseFile, type ParsedFile } from "./parse.ts";
import {
  effectReport,
  summaryOf,
  type CheckReport,
  type FileReport,
  type Note,
  type PipelineSummary,
  type Selection,
} from "./report.ts";
import { nothingToCheck, selectFiles, type Plan, type SelectRequest, type Step } from "./select.ts";
import { defaultReplayMs } from "./replay-limit.ts";
import { hasDown, readSource, type SourceFile } from "./source-file.ts";

export interface CheckRequest extends Omit<SelectRequest, "hasBase" | "toTheEnd"> {
  /** A file of SQL that makes schema and rows before the named files. */
  readonly base: string | undefined;
  readonly major: number;
  /** True: nothing is run, all is predicted. */
  readonly static: boolean;
  readonly scratchUrl: string | undefined;
  /** How long what comes before the checked files may take on scratch, in ms; 600,000 by default. */
  readonly replayMs: number | undefined;
  readonly sizes: Sizes | undefined;
  readonly baseline: Baseline | undefined;
  readonly ruleConfig: RuleConfig;
  /** What Lockstep's runner sets for every statement, for the mode `units`. */
  readonly runner: {
    readonly lockTimeoutMs?: number | undefined;
    readonly statementTimeoutMs?: number | undefined;
  };
  /** Looks at the repository's pipeline too. */
  readonly pipeline: boolean;
  /** Compares the code's schema with what all migrations together make. */
  readonly agreement: ((migrated: ScratchDatabase) => Promise<readonly Finding[]>) | undefined;
}

/** What piles up on the way. */
interface Collected {
  readonly files: FileReport[];
  readonly findings: Finding[];
  /** Those that a later file may see to. */
  readonly open: Map<Finding, Settled>;
  readonly suppressed: SuppressedFinding[];
  readonly notes: Note[];
}

/**
 * Checks migrations: what each statement does, observed on scratch or predicted, what the rules say to it, and what the
 * repository's pipeline would make of it.
 *
 * @throws LockstepError when it could not be done: `usage`, `file-unreadable`, `scratch-unavailable`,
 * `scratch-run-failed` for a base, and what reading the folder throws
 */
export async function check(request: CheckRequest): Promise<CheckReport> {
  const { by, because, plans, notes } = await selectFiles({
    ...request,
    hasBase: request.base !== undefined,
    toTheEnd: comparesSchema(request),
  });
  const collected: Collected = {
    files: [],
    findings: [],
    open: new Map(),
    suppressed: [],
    notes: [...notes],
  };
  let server: CheckReport["server"] = { major: request.major, observed: false };
  const settings = await settingsOf(request, by);
  for (const plan of plans)
    server = (await checkPlan(request, plan, settings, collected)) ?? server;
  const pipeline = request.pipeline ? await pipelineOf(request, collected) : undefined;
  if (by === "none" && !(pipeline !== undefined && pipeline.steps > 0))
    throw nothingToCheck(because);
  const heard = (await onlyChanged(request, collected.findings)).toSorted(compareFindings);
  const findings = gatherFindings(heard, rules);
  return {
    version: 1,
    server,
    selection: selectionOf(by, because, plans),
    ...(pipeline === undefined ? {} : { pipeline }),
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
  plan: Plan,
  settings: TargetSettings,
  collected: Collected,
): Promise<CheckReport["server"] | undefined> {
  const isAgreementAsked = comparesSchema(request) && plan.folder !== undefined;
  if (plan.steps.length === 0 && !isAgreementAsked) return undefined;
  await using facts = await factsFor(request, plan, settings, collected.notes);
  const earlier: EarlierFile[] = [];
  let { world } = facts;
  for (const run of runsOf(plan.steps))
    world = run[0]!.isChecked
      ? await checkRun(request, run, { facts, world, settings, earlier, collected })
      : await applyRun(run, facts, world);
  leaveOutSettled(collected, world);
  if (isAgreementAsked && facts.database !== undefined)
    collected.findings.push(...(await request.agreement!(facts.database)));
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

async function applyRun(run: readonly Step[], facts: Facts, before: World): Promise<World> {
  let world = before;
  for (const { source } of run) world = await facts.apply(source, world);
  return world;
}

interface Running {
  readonly facts: Facts;
  readonly world: World;
  readonly settings: TargetSettings;
  /** What the checked files before did; each checked file adds itself. */
  readonly earlier: EarlierFile[];
  readonly collected: Collected;
}

/** Checks files that are sent one after the other; gives the catalog that they leave. */
async function checkRun(
  request: CheckRequest,
  run: readonly Step[],
  { facts, world: before, settings, earlier, collected }: Running,
): Promise<World> {
  const isOneTransaction = run[0]!.transaction === "deploy";
  const sessionFor = async (transaction: TransactionMode) =>
    new SimulatedSession({
      transaction,
      defaults: new Map(Object.entries(settings)),
      ...(transaction === "units" ? await timeoutsOf(request) : {}),
    });
  const parsedFiles = new Map<Step, ParsedFile>();
  const parsedOf = async (step: Step) =>
    parsedFiles.get(step) ?? (await parseFile(step.source, step.transaction));
  if (isOneTransaction) {
    for (const step of run) parsedFiles.set(step, await parsedOf(step));
    await facts.startDeploy(
      [...parsedFiles].map(([{ source }, { statements }]) => ({ file: source.file, statements })),
    );
  }
  const shared = isOneTransaction ? await sessionFor("deploy") : undefined;
  let world = before;
  for (const step of run) {
    const { source, transaction } = step;
    const parsed = await parsedOf(step);
    if (parsed.refused !== undefined) collected.findings.push(parsed.refused);
    await facts.startFile(source.file, parsed, transaction);
    const evaluated = await evaluateFile({
      file: source.file,
      text: source.sql,
      statements: parsed.statements,
      groups: parsed.groups,
      transaction,
      world,
      session: shared ?? (await sessionFor(transaction)),
      effectOf: (question) => facts.effectOf(question),
      context: {
        major: facts.server.major,
        sizes: request.sizes,
        runnerSetsTimeouts: transaction === "units",
      },
      rules,
      earlier,
      hasDown: hasDown(source.file, request.cwd),
      config: request.ruleConfig,
      ...(request.baseline === undefined ? {} : { baseline: request.baseline }),
    });
    world = await facts.endFile(parsed, evaluated.world);
    collected.files.push(fileReport(step, evaluated));
    earlier.push(evaluated.summary);
    for (const [finding, settled] of evaluated.open) collected.open.set(finding, settled);
    collected.findings.push(...evaluated.findings);
    collected.suppressed.push(...evaluated.suppressed);
  }
  return world;
}

/** Takes out what a later file has seen to. */
function leaveOutSettled({ findings, open }: Collected, last: World): void {
  if (open.size === 0) return;
  const left = findings.filter((finding) => open.get(finding)?.(last) !== true);
  findings.splice(0, findings.length, ...left);
  // The next plan has a catalog of its own.
  open.clear();
  open.clear();
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

/** It takes a server to see what migrations make. */
function comparesSchema({ agreement, static: isStatic }: CheckRequest): boolean {
  return agreement !== undefined && !isStatic;
}

async function timeoutsOf({ runner }: CheckRequest): Promise<Pick<SessionOptions, "runner">> {
  const { runOptions } = await import("../runner/index.ts");
  const { lockTimeoutMs, statementTimeoutMs } = runOptions(runner);
  return { runner: { lockTimeoutMs, statementTimeoutMs } };
}

function fileReport({ source, transaction }: Step, { statements }: EvaluatedFile): FileReport {
  const { file, sql } = source;
  return {
    file,
    transaction,
    statements: statements.map(({ statement, effect, session, source }) => ({
      line: statement.line,
      column: columnOf(sql, statement.start),
      sql: statement.sql,
      effect: effectReport(effect, session.held),
      source: source.kind,
    })),
  };
}

/** Facts from scratch when they can be had, else from the parse trees, with a note that says why. */
async function factsFor(
  request: CheckRequest,
  plan: Plan,
  settings: TargetSettings,
  notes: Note[],
): Promise<Facts> {
  const { major, base, scratchUrl } = request;
  const before: readonly SourceFile[] =
    base === undefined
      ? plan.history
      : [{ ...readSource(resolve(request.cwd, base), request.cwd), transaction: "statement" }];
  const folded = async () => {
    const { foldedFacts } = await import("./folded.ts");
    return foldedFacts(before, { major, isWhole: plan.isWhole, settings });
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
async function onlyChanged(
  { cwd, since }: CheckRequest,
  findings: readonly Finding[],
): Promise<readonly Finding[]> {
  if (since === undefined) return findings;
  const { changedSince, mergeBase } = await import("./git.ts");
  const changed = await changedSince(cwd, await mergeBase(cwd, since));
  return findings.filter(({ file }) => changed.has(file));
}

async function pipelineOf(
  { cwd, ruleConfig, baseline }: CheckRequest,
  collected: Collected,
): Promise<PipelineSummary> {
  const { readPipeline } = await import("./pipeline.ts");
  const { summary, findings, suppressed, notes } = await readPipeline(cwd, ruleConfig, baseline);
  collected.findings.push(...findings);
  collected.suppressed.push(...suppressed);
  collected.notes.push(...notes);
  return summary;
}
