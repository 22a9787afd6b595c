/**
 * The migration that the pipeline never ran: staging has had it for weeks, production's pipeline lacks the step.
 * The deploy is clean; errors come with the first customers who touch an order.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { expectation, inWords, noteSteps, type Half, type Replay } from "./narration.ts";
import { answersOf, failureReason, hasColumn, runningReleases, type Answers } from "./observe.ts";
import { openStage, type ReplayOptions } from "./stage.ts";

export interface NaiveStep extends Answers {
  readonly deployExitCode: number;
  readonly column: boolean;
  readonly health: number;
  readonly reason: string | undefined;
}

/** How long the team of the article took to notice. */
const ARTICLE_DETECTION = "30 minutes";

export interface GatedStep {
  readonly exitCode: number;
  /** From the start of the command to its end. */
  readonly detectionMs: number;
  readonly running: string;
  readonly rollOuts: number;
  /** Slots of the message: expected, found, from, why, next. */
  readonly slots: readonly string[];
  readonly namesStaging: boolean;
}

export async function missingStep(options: ReplayOptions): Promise<Replay<NaiveStep, GatedStep>> {
  options.narrate({ kind: "scene", text: "The pipeline as it was" });
  const before = await naive(options);
  options.narrate({ kind: "scene", text: "The same release with Lockstep" });
  const after = await lockstep(options);
  const { observed: n } = before;
  const { observed: l } = after;
  return {
    naive: before,
    lockstep: after,
    expectations: [
      expectation("the deploy is green and healthy", n.deployExitCode === 0 && n.health === 200),
      expectation("production lacks the column", !n.column),
      expectation("customers get errors", n.calls > 0 && n.failed === n.calls),
      expectation("the gate stops the roll-out", l.exitCode === 1 && l.rollOuts === 0),
      expectation("the old release goes on serving", l.running === "v1"),
      expectation("it says what, where, why and what next", l.slots.length === SLOTS.length),
      expectation("it knows that staging has it", l.namesStaging),
    ],
  };
}

const SLOTS = ["expected", "found", "from", "why", "next"];

async function naive(options: ReplayOptions): Promise<Half<NaiveStep>> {
  const { narrate, steps } = noteSteps(options.narrate);
  await using stage = await openStage({ ...options, narrate, release: "v1", applied: 1 });
  narrate({ kind: "say", text: "Staging's pipeline migrates. Production's lacks that line:" });
  const deploy = await stage.pipeline("003-missing-step/naive-deploy-production.sh");
  const health = (await fetch(`${stage.host.url}/health`)).status;
  narrate({ kind: "seen", good: true, text: `/health answers ${health}, the log is clean` });
  const crowd = stage.crowd({ products: ["icon-set", "interface-kit"], everyMs: 100 });
  await sleep(800, undefined, { signal: options.signal });
  await crowd.leave();
  const observed: NaiveStep = {
    ...answersOf(crowd.calls),
    deployExitCode: deploy.exitCode,
    column: await hasColumn(stage, "public.orders", "confirmed_at"),
    health,
    reason: failureReason(stage),
  };
  narrate({
    kind: "seen",
    good: false,
    text: `${observed.failed} of ${observed.calls} calls: 500`,
  });
  if (observed.reason !== undefined)
    narrate({ kind: "seen", good: false, text: `the shop's log: ${observed.reason}` });
  return {
    steps,
    observed,
    summary: `"Deploy OK"; ${observed.failed} of ${observed.calls} calls: 500`,
  };
}

/** The second half alone. */
export async function lockstep(options: ReplayOptions): Promise<Half<GatedStep>> {
  const { narrate, steps } = noteSteps(options.narrate);
  await using stage = await openStage({ ...options, narrate, release: "v1", applied: 1 });
  const staging = await stage.secondDatabase();
  narrate({ kind: "say", text: "The build writes down what the release expects:" });
  await stage.lockstep("lockstep contract build --release v2");
  narrate({ kind: "say", text: "Production's pipeline still lacks the step, but it has a gate:" });
  const gate = await stage.lockstep(
    "lockstep gate --env production --contract lockstep.contract.json && hosting rollout v2",
    { env: { STAGING_URL: staging } },
  );
  const text = gate.lines.join("\n");
  const observed: GatedStep = {
    exitCode: gate.exitCode,
    detectionMs: Math.round(gate.ms),
    running: runningReleases(stage),
    rollOuts: stage.control.rollOuts.length,
    slots: SLOTS.filter((slot) => text.includes(`  ${slot} `)),
    namesStaging: text.includes("staging"),
  };
  narrate({
    kind: "seen",
    good: observed.exitCode === 1,
    text: `found in ${inWords(gate.ms)}, before the roll-out (the article: ${ARTICLE_DETECTION}, by customers); release ${observed.running} goes on serving`,
  });
  return {
    steps,
    observed,
    summary: `found in ${inWords(gate.ms)} instead of ${ARTICLE_DETECTION}; nothing shipped`,
  };
}
