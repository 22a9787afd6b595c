import type { Agreement } from "../agreement/index.ts";
import {
  SimulatedSession,
  type SessionOptions,
  type TargetSettings,
  type World,
} from "../effects/index.ts";
import {
  columnOf,
  evaluateFile,
  rules,
  type EarlierFile,
  type EvaluatedFile,
  type Finding,
  type Settled,
  type SuppressedFinding,
} from "../rules/index.ts";
import type { Facts } from "./facts.ts";
import type { CheckInputs } from "./inputs.ts";
import { parseFile, type ParsedFile } from "./parse.ts";
import { effectReport, type FileReport, type Note } from "./report.ts";
import type { CheckRequest } from "./request.ts";
import type { Step } from "./select.ts";

/** What piles up on the way. */
export interface Collected {
  readonly files: FileReport[];
  readonly findings: Finding[];
  /** Those that a later file may see to. */
  readonly open: Map<Finding, Settled>;
  readonly suppressed: SuppressedFinding[];
  readonly notes: Note[];
  /** Of the first folder that was compared with the code or a database. */
  agreement?: Agreement;
}

export interface Running {
  readonly facts: Facts;
  readonly world: World;
  readonly inputs: CheckInputs;
  /** What the history before has set for all later sessions. */
  readonly lasting: TargetSettings;
  /** What the checked files before did; each checked file adds itself. */
  readonly earlier: EarlierFile[];
  readonly collected: Collected;
  /** Called when what the files so far have done is there for other sessions. */
  readonly afterFiles?: ((isLast: boolean) => Promise<void>) | undefined;
}

/** Applies files that are not checked; gives the catalog that they leave. */
export async function applyRun(run: readonly Step[], facts: Facts, before: World): Promise<World> {
  let world = before;
  for (const { source } of run) world = await facts.apply(source, world);
  return world;
}

/** Checks files that are sent one after the other; gives the catalog that they leave. */
export async function checkRun(
  request: CheckRequest,
  run: readonly Step[],
  running: Running,
): Promise<World> {
  const { facts, earlier, collected, inputs, afterFiles } = running;
  const sent = await startRun(request, run, running);
  let { world } = running;
  for (const step of run) {
    const parsed = await sent.parsed(step);
    if (parsed.refused !== undefined) collected.findings.push(parsed.refused);
    await facts.startFile(step.source.file, parsed, step.transaction);
    const session = await sent.session(step);
    const evaluated = await checkFile(request, step, parsed, { ...running, world, session });
    world = await facts.endFile(parsed, evaluated.world);
    earlier.push(evaluated.summary);
    collect(collected, step, evaluated, inputs.planned.get(step.source.file));
    // What is one transaction is there, for others, at its end.
    if (run.at(-1) === step || step.transaction !== "deploy")
      await afterFiles?.(run.at(-1) === step);
  }
  return world;
}

/** How the files of a run come to be statements, and in which session they are sent. */
interface Sent {
  readonly parsed: (step: Step) => Promise<ParsedFile>;
  readonly session: (step: Step) => Promise<SimulatedSession>;
}

/** Files that are one transaction are all parsed before the first is sent, and share a session. */
async function startRun(
  request: CheckRequest,
  run: readonly Step[],
  { facts, inputs, lasting }: Running,
): Promise<Sent> {
  const parsed = async (step: Step) => parseFile(step.source, step);
  const session = async ({ transaction, isOurs }: Step) =>
    new SimulatedSession({
      transaction,
      defaults: new Map(Object.entries({ ...lasting, ...inputs.settings })),
      ...(isOurs ? await timeoutsOf(request) : {}),
    });
  const [first] = run;
  if (first?.transaction !== "deploy") return { parsed, session };
  const files = new Map<Step, ParsedFile>();
  for (const step of run) files.set(step, await parsed(step));
  await facts.startDeploy(
    [...files].map(([{ source }, { statements }]) => ({ file: source.file, statements })),
  );
  const shared = await session(first);
  return { parsed: async (step) => files.get(step)!, session: async () => shared };
}

async function timeoutsOf({ runner }: CheckRequest): Promise<Pick<SessionOptions, "runner">> {
  const { runOptions } = await import("../runner/index.ts");
  const { lockTimeoutMs, statementTimeoutMs } = runOptions(runner);
  return { runner: { lockTimeoutMs, statementTimeoutMs } };
}

async function checkFile(
  request: CheckRequest,
  { source, transaction, isOurs }: Step,
  { statements, groups }: ParsedFile,
  { facts, world, inputs, earlier, session }: Running & { readonly session: SimulatedSession },
): Promise<EvaluatedFile> {
  const { sizes, ruleConfig, baseline } = request;
  return evaluateFile({
    file: source.file,
    text: source.sql,
    statements,
    groups,
    transaction,
    world,
    session,
    effectOf: (question) => facts.effectOf(question),
    context: { major: facts.server.major, sizes, runnerSetsTimeouts: isOurs },
    rules,
    earlier,
    hasDown: inputs.downs.get(source.file),
    config: ruleConfig,
    ...(baseline === undefined ? {} : { baseline }),
  });
}

/** @param plan folder of the proven plan that carries the file: the hazards of the text are not those of what is run */
function collect(
  into: Collected,
  step: Step,
  evaluated: EvaluatedFile,
  plan: string | undefined,
): void {
  into.files.push(fileReport(step, evaluated));
  // Its SQL stands in no file that could be edited.
  const findings =
    step.source.recorded === undefined ? evaluated.findings : evaluated.findings.map(withoutEdits);
  if (plan !== undefined) {
    const reason = `it is run as the proven plan ${plan}`;
    for (const finding of findings)
      if (finding.severity === "info") into.findings.push(finding);
      else into.suppressed.push({ finding, reason, by: "plan" });
    into.suppressed.push(...evaluated.suppressed);
    return;
  }
  for (const [index, finding] of evaluated.findings.entries()) {
    const settled = evaluated.open.get(finding);
    if (settled !== undefined) into.open.set(findings[index]!, settled);
  }
  into.findings.push(...findings);
  into.suppressed.push(...evaluated.suppressed);
}

function withoutEdits(finding: Finding): Finding {
  const { edits: _, ...wayOut } = finding.wayOut;
  return { ...finding, wayOut };
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
