/**
 * A column dropped while the old release runs: release 3 takes a feature back and its migration drops the column
 * first. Until the last instance of release 2 is replaced, its queries name a column that is gone. With Lockstep the
 * same file becomes a plan, whose end waits until no instance of release 2 is left.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { countMigrations } from "./drizzle-stack.ts";
import { expectation, noteSteps, type Half, type Replay } from "./narration.ts";
import { answersOf, failureReason, hasColumn, runningReleases, type Answers } from "./observe.ts";
import { openStage, type ReplayOptions, type Stage } from "./stage.ts";

export interface NaiveDrop extends Answers {
  readonly deployExitCode: number;
  readonly column: boolean;
  /** Calls that failed before the deploy began and after it had ended. */
  readonly failedBefore: number;
  readonly failedAfter: number;
  readonly reason: string | undefined;
}

/** Answers are those that customers got from the plan to the end. */
export interface PlannedDrop extends Answers {
  readonly planExitCode: number;
  readonly deployExitCode: number;
  /** While both releases ran. */
  readonly columnKept: boolean;
  readonly bothRun: string;
  /** The end of the plan, asked for while an instance of release 2 was left. */
  readonly earlyExitCode: number;
  readonly earlyRefusal: string | undefined;
  readonly finishExitCode: number;
  /** Why the end was allowed then. */
  readonly evidence: string | undefined;
  readonly running: string;
  readonly column: boolean;
  /** Paid orders whose customer got no links. */
  readonly undelivered: number;
}

export async function droppedColumn(
  options: ReplayOptions,
): Promise<Replay<NaiveDrop, PlannedDrop>> {
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
      expectation("the deploy is green", n.deployExitCode === 0 && !n.column),
      expectation(
        "the old release fails while it still runs",
        n.failedBefore === 0 && n.failed > 0,
      ),
      expectation("the drop becomes a plan that is proven", l.planExitCode === 0),
      expectation(
        "the deploy carries it while both releases run",
        l.deployExitCode === 0 && l.bothRun === "v2, v3" && l.columnKept,
      ),
      expectation(
        "the drop is refused as long as release 2 runs",
        l.earlyExitCode === 1 && l.earlyRefusal !== undefined,
      ),
      expectation("it names the release that would break", l.earlyRefusal?.includes("v2") === true),
      expectation(
        "the column goes once heartbeats show that release 2 is gone",
        l.finishExitCode === 0 && l.evidence !== undefined && l.running === "v3" && !l.column,
      ),
      expectation("no customer sees an error", l.calls > 0 && l.failed === 0),
      expectation("every paid order is delivered", l.undelivered === 0),
    ],
  };
}

async function open(options: ReplayOptions, registered: boolean): Promise<Stage> {
  return openStage({
    ...options,
    registered,
    release: "v2",
    instances: 2,
    applied: countMigrations(),
    // Release 3 is release 1's code: what it does not read any more is what release 2 added to an order.
    releases: { v3: "v1" },
  });
}

/** Gives the file's path in the checkout. */
function writeDrop(stage: Stage): string {
  const file = stage.stack.writeMigration(
    join(stage.folder, "migrations"),
    "drop_confirmed_at",
    'ALTER TABLE "orders" DROP COLUMN "confirmed_at";',
  );
  return `migrations/${file}`;
}

async function naive(options: ReplayOptions): Promise<Half<NaiveDrop>> {
  const { narrate, steps } = noteSteps(options.narrate);
  await using stage = await open({ ...options, narrate }, false);
  const file = writeDrop(stage);
  narrate({ kind: "command", text: `cat ${file}` });
  narrate({
    kind: "output",
    by: "pipeline",
    text: 'ALTER TABLE "orders" DROP COLUMN "confirmed_at";',
  });
  const crowd = stage.crowd({
    products: ["icon-set", "interface-kit"],
    everyMs: 60,
    // Whose order failed half-way waits for nothing.
    deliveryTimeoutMs: 4_000,
    onCall: ({ ok }) => {
      if (ok) return;
      const failed = crowd.calls.filter((call) => !call.ok).length;
      narrate({ kind: "progress", text: `${failed} calls failed` });
    },
  });
  await sleep(400, undefined, { signal: options.signal });
  const before = performance.now();
  const deploy = await stage.pipeline("004-dropped-column/naive-deploy.sh");
  const after = performance.now();
  await sleep(300, undefined, { signal: options.signal });
  await crowd.leave();
  const failed = crowd.calls.filter((call) => !call.ok);
  const observed: NaiveDrop = {
    ...answersOf(crowd.calls, before),
    deployExitCode: deploy.exitCode,
    column: await hasColumn(stage, "public.orders", "confirmed_at"),
    failedBefore: failed.filter((call) => call.at < before).length,
    failedAfter: failed.filter((call) => call.at > after).length,
    reason: failureReason(stage),
  };
  narrate({
    kind: "seen",
    good: false,
    text: `${observed.failed} of ${observed.calls} calls failed while both releases ran`,
  });
  if (observed.reason !== undefined)
    narrate({ kind: "seen", good: false, text: `the old release's log: ${observed.reason}` });
  return {
    steps,
    observed,
    summary: `"Deploy OK"; ${observed.failed} calls of release 2 failed`,
  };
}

/** The second half alone. */
export async function lockstep(options: ReplayOptions): Promise<Half<PlannedDrop>> {
  const { narrate, steps } = noteSteps(options.narrate);
  await using stage = await open({ ...options, narrate }, true);
  const file = writeDrop(stage);
  const crowd = stage.crowd({ products: ["icon-set", "interface-kit"], everyMs: 200 });
  narrate({
    kind: "say",
    text: "The same file. Lockstep makes a plan of it, and proves the plan:",
  });
  const plan = await stage.lockstep(`lockstep plan ${file}`);
  narrate({
    kind: "say",
    text: "A deploy carries it as far as both releases can run. One of two instances is replaced:",
  });
  const deploy = await stage.lockstep("lockstep deploy --release v3", {
    env: { RELEASE: "v3", ROLL_OUT: "canary", SHOP_URL: stage.host.canaryUrl },
    brief: true,
  });
  const bothRun = runningReleases(stage);
  const columnKept = await hasColumn(stage, "public.orders", "confirmed_at");
  narrate({
    kind: "seen",
    good: deploy.exitCode === 0 && columnKept,
    text: `releases ${bothRun} serve side by side; the column is still there`,
  });
  narrate({ kind: "say", text: "Somebody is in a hurry and asks for the end now:" });
  const early = await stage.lockstep("lockstep migrate --phase contract");
  await stage.type("hosting rollout v3");
  const finish = await stage.lockstep("lockstep migrate --phase contract");
  const visits = await crowd.leave();
  const line = (lines: readonly string[], words: string) =>
    lines.find((each) => each.includes(words));
  const observed: PlannedDrop = {
    ...answersOf(crowd.calls),
    planExitCode: plan.exitCode,
    deployExitCode: deploy.exitCode,
    columnKept,
    bothRun,
    earlyExitCode: early.exitCode,
    earlyRefusal: line(early.lines, "heartbeats:"),
    finishExitCode: finish.exitCode,
    evidence: line(finish.lines, "the old release is gone"),
    running: runningReleases(stage),
    column: await hasColumn(stage, "public.orders", "confirmed_at"),
    undelivered: visits.paid - visits.delivered,
  };
  narrate({
    kind: "seen",
    good: observed.failed === 0 && observed.undelivered === 0,
    text: `all the while: ${observed.calls} calls of customers, ${observed.failed} failed; ${visits.paid} paid, ${visits.delivered} delivered`,
  });
  return {
    steps,
    observed,
    summary: `one plan; dropped once release 2 was gone: ${observed.failed} of ${observed.calls} calls failed`,
  };
}
