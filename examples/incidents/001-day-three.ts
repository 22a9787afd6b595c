/**
 * Day three: the script remembers what it last tried to push, not what it last pushed. Yesterday's push failed;
 * today it finds "No changes detected" and ships code for columns that production does not have.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
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

export interface NaiveRecord extends Answers {
  /** The first attempt: its push failed, its deploy did not. */
  readonly firstExitCode: number;
  /** After it: whether the script noted a push, and whether there was one. */
  readonly noted: boolean;
  readonly pushed: boolean;
  readonly secondExitCode: number;
  readonly skipped: boolean;
  readonly column: boolean;
  readonly reason: string | undefined;
}

/** Answers are those that customers got from the first deploy to the end. */
export interface VerifiedRecord extends Answers {
  readonly firstExitCode: number;
  readonly afterFirst: string;
  /** What was recorded as verified after the first attempt. */
  readonly verifiedAfterFirst: string | undefined;
  readonly secondExitCode: number;
  readonly column: boolean;
  readonly verified: string | undefined;
}

export async function dayThree(
  options: ReplayOptions,
): Promise<Replay<NaiveRecord, VerifiedRecord>> {
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
      expectation("the failed push is recorded as done", n.noted && !n.pushed && n.skipped),
      expectation("the deploy is green", n.secondExitCode === 0 && !n.column),
      expectation("customers get errors", n.calls > 0 && n.failed === n.calls),
      expectation(
        "a failed attempt changes nothing",
        l.firstExitCode === 2 && l.afterFirst === "v1",
      ),
      expectation("a failed attempt is not recorded", l.verifiedAfterFirst === undefined),
      expectation("the next deploy looks and completes it", l.secondExitCode === 0 && l.column),
      expectation("no customer sees an error", l.calls > 0 && l.failed === 0),
      expectation("the verified release is recorded", l.verified === "v2"),
    ],
  };
}

/** A secret that was mistyped yesterday: nobody listens there. */
const WRONG_SECRET = { DATABASE_URL: "postgres://deploy@127.0.0.1:1/shop" };

async function open(options: ReplayOptions): Promise<Stage> {
  return openStage({ ...options, release: "v1", applied: 1 });
}

async function naive(options: ReplayOptions): Promise<Half<NaiveRecord>> {
  const { narrate, steps } = noteSteps(options.narrate);
  await using stage = await open({ ...options, narrate });
  narrate({ kind: "say", text: "Yesterday, with a mistyped DATABASE_URL in the pipeline:" });
  const first = await stage.pipeline("001-day-three/naive-deploy.sh", WRONG_SECRET);
  const noted = existsSync(join(stage.folder, ".last-push"));
  const pushed = await hasColumn(stage, "public.orders", "confirmed_at");
  narrate({
    kind: "seen",
    good: pushed,
    text: `production has the column: ${pushed ? "yes" : "no"}; the script noted it as pushed: ${noted ? "yes" : "no"}`,
  });
  narrate({ kind: "say", text: "Errors at once; the team rolls back and corrects the secret." });
  await stage.type("hosting rollout v1");
  narrate({ kind: "say", text: "Today, the same pipeline again:" });
  const second = await stage.type("sh ./deploy.sh");
  const crowd = stage.crowd({ products: ["icon-set", "interface-kit"], everyMs: 100 });
  await sleep(800, undefined, { signal: options.signal });
  await crowd.leave();
  const observed: NaiveRecord = {
    ...answersOf(crowd.calls),
    firstExitCode: first.exitCode,
    noted,
    pushed,
    secondExitCode: second.exitCode,
    skipped: second.lines.includes("No changes detected"),
    column: await hasColumn(stage, "public.orders", "confirmed_at"),
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
    summary: `"No changes", "Deploy OK"; ${observed.failed} of ${observed.calls} calls: 500`,
  };
}

/** The second half alone. */
export async function lockstep(options: ReplayOptions): Promise<Half<VerifiedRecord>> {
  const { narrate, steps } = noteSteps(options.narrate);
  await using stage = await open({ ...options, narrate });
  const crowd = stage.crowd({ products: ["icon-set", "interface-kit"], everyMs: 200 });
  narrate({ kind: "say", text: "Yesterday, with the same mistyped DATABASE_URL:" });
  const first = await stage.lockstep("lockstep deploy --release v2", { env: WRONG_SECRET });
  const afterFirst = runningReleases(stage);
  const verifiedAfterFirst = await verifiedRelease(stage);
  narrate({
    kind: "seen",
    good: first.exitCode !== 0 && verifiedAfterFirst === undefined,
    text: `exit code ${first.exitCode}; release ${afterFirst} goes on serving; nothing is recorded as done`,
  });
  narrate({ kind: "say", text: "Today, with the right one:" });
  const second = await stage.lockstep("lockstep deploy --release v2", { brief: true });
  await crowd.leave();
  const observed: VerifiedRecord = {
    ...answersOf(crowd.calls),
    firstExitCode: first.exitCode,
    afterFirst,
    verifiedAfterFirst,
    secondExitCode: second.exitCode,
    column: await hasColumn(stage, "public.orders", "confirmed_at"),
    verified: await verifiedRelease(stage),
  };
  narrate({
    kind: "seen",
    good: observed.failed === 0 && observed.verified === "v2",
    text: `last verified success in the database: ${observed.verified}; ${observed.failed} of ${observed.calls} calls of customers failed`,
  });
  return {
    steps,
    observed,
    summary: `looked and completed it; ${observed.failed} of ${observed.calls} calls failed`,
  };
}
