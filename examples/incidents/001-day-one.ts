/**
 * Day one: a column is in the schema file and not in production. The pipeline migrates, finds nothing to do, and
 * says "Deploy OK"; Drizzle names every column in each query, so every query of an order fails.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { countMigrations } from "./drizzle-stack.ts";
import { expectation, noteSteps, type Half, type Replay } from "./narration.ts";
import {
  answersOf,
  failureReason,
  hasColumn,
  runningReleases,
  verifiedRelease,
  type Answers,
} from "./observe.ts";
import { openStage, type ReplayOptions, type Stage } from "./stage.ts";

export interface NaiveColumn extends Answers {
  readonly deployExitCode: number;
  readonly column: boolean;
  /** Checkouts after the deploy, and how many of them got a 500. */
  readonly checkouts: number;
  readonly checkouts500: number;
  readonly reason: string | undefined;
}

/** Answers are those that customers got from the first refused deploy to the end. */
export interface GatedColumn extends Answers {
  readonly firstExitCode: number;
  /** What ran after the first deploy was refused. */
  readonly afterFirst: string;
  readonly generateExitCode: number;
  readonly secondExitCode: number;
  readonly column: boolean;
  readonly verified: string | undefined;
}

export async function dayOne(options: ReplayOptions): Promise<Replay<NaiveColumn, GatedColumn>> {
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
      expectation("the deploy is green", n.deployExitCode === 0),
      expectation("production lacks the column", !n.column),
      expectation("every checkout fails", n.checkouts > 0 && n.checkouts500 === n.checkouts),
      expectation("the deploy stops at the gate", l.firstExitCode === 1 && l.afterFirst === "v1"),
      expectation("with a migration it goes through", l.secondExitCode === 0 && l.column),
      expectation("no customer sees an error", l.calls > 0 && l.failed === 0),
      expectation("the verified release is recorded", l.verified === "v2"),
    ],
  };
}

async function naive(options: ReplayOptions): Promise<Half<NaiveColumn>> {
  const { narrate, steps } = noteSteps(options.narrate);
  await using stage = await openStage({
    ...options,
    narrate,
    release: "v1",
    applied: 1,
    written: 1,
  });
  const deploy = await stage.pipeline("001-day-one/naive-deploy.sh");
  const crowd = stage.crowd({ products: ["icon-set", "interface-kit"], everyMs: 100 });
  await sleep(1_000, undefined, { signal: options.signal });
  const { calls } = await crowd.leave();
  const checkouts = calls.filter((call) => call.what === "checkout");
  const observed: NaiveColumn = {
    ...answersOf(crowd.calls),
    deployExitCode: deploy.exitCode,
    column: await hasColumn(stage, "public.orders", "confirmed_at"),
    checkouts: checkouts.length,
    checkouts500: checkouts.filter((call) => call.status === 500).length,
    reason: failureReason(stage),
  };
  const failed = `${observed.checkouts500} of ${observed.checkouts} checkouts: 500`;
  narrate({ kind: "seen", good: false, text: failed });
  if (observed.reason !== undefined)
    narrate({ kind: "seen", good: false, text: `the shop's log: ${observed.reason}` });
  return { steps, observed, summary: `"Deploy OK"; ${failed}` };
}

/** Writes the migration that was forgotten, by the tool's command where it has one. Gives the exit code. */
async function writeMissing(stage: Stage): Promise<number> {
  const { stack, folder } = stage;
  if (stack.generate !== undefined) return (await stage.type(stack.generate)).exitCode;
  stack.writeHistory(join(folder, "migrations"), countMigrations());
  return 0;
}

/** The second half alone. */
export async function lockstep(options: ReplayOptions): Promise<Half<GatedColumn>> {
  const { narrate, steps } = noteSteps(options.narrate);
  await using stage = await openStage({
    ...options,
    narrate,
    release: "v1",
    applied: 1,
    written: 1,
  });
  const crowd = stage.crowd({ products: ["icon-set", "interface-kit"], everyMs: 200 });
  const first = await stage.lockstep("lockstep deploy --release v2");
  const afterFirst = runningReleases(stage);
  narrate({
    kind: "seen",
    good: first.exitCode !== 0 && afterFirst === "v1",
    text: `exit code ${first.exitCode}; release ${afterFirst} goes on serving`,
  });
  narrate({
    kind: "say",
    text: "The team writes the migration that was forgotten, and deploys again:",
  });
  const generated = await writeMissing(stage);
  const second = await stage.lockstep("lockstep deploy --release v2", { brief: true });
  await crowd.leave();
  const observed: GatedColumn = {
    ...answersOf(crowd.calls),
    firstExitCode: first.exitCode,
    afterFirst,
    generateExitCode: generated,
    secondExitCode: second.exitCode,
    column: await hasColumn(stage, "public.orders", "confirmed_at"),
    verified: await verifiedRelease(stage),
  };
  narrate({
    kind: "seen",
    good: observed.failed === 0,
    text: `all the while: ${observed.calls} calls of customers, ${observed.failed} failed`,
  });
  return {
    steps,
    observed,
    summary: `gate closed; deployed with its migration, ${observed.failed} of ${observed.calls} calls failed`,
  };
}
