/**
 * A column dropped while the old release runs: release 3 takes a feature back and its migration drops the column
 * first. Until the last instance of release 2 is replaced, its queries name a column that is gone.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { countMigrations, writeMigration } from "./checkout.ts";
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

/** Answers are those that customers got from the refused deploy to the end. */
export interface RefusedDrop extends Answers {
  readonly exitCode: number;
  /** Right after the deploy was refused. */
  readonly columnKept: boolean;
  readonly runningKept: string;
  readonly namesRelease: boolean;
  /** The code without the drop, and then the drop. */
  readonly codeExitCode: number;
  readonly dropExitCode: number;
  readonly running: string;
  readonly column: boolean;
}

export async function droppedColumn(
  options: ReplayOptions,
): Promise<Replay<NaiveDrop, RefusedDrop>> {
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
      expectation("Lockstep stops before the drop", l.exitCode === 1 && l.columnKept),
      expectation("it names the release that would break", l.namesRelease),
      expectation("both instances go on serving", l.runningKept === "v2"),
      expectation("first the code goes live", l.codeExitCode === 0 && l.running === "v3"),
      expectation("then the column goes", l.dropExitCode === 0 && !l.column),
      expectation("no customer sees an error", l.calls > 0 && l.failed === 0),
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

/** Gives the function that takes the migration out of the checkout again. */
function writeDrop(stage: Stage): () => void {
  return writeMigration(
    join(stage.folder, "migrations"),
    "drop_confirmed_at",
    'ALTER TABLE "orders" DROP COLUMN "confirmed_at";',
  );
}

async function naive(options: ReplayOptions): Promise<Half<NaiveDrop>> {
  const { narrate, steps } = noteSteps(options.narrate);
  await using stage = await open({ ...options, narrate }, false);
  writeDrop(stage);
  narrate({ kind: "command", text: "cat migrations/0003_drop_confirmed_at.sql" });
  narrate({
    kind: "output",
    by: "pipeline",
    text: 'ALTER TABLE "orders" DROP COLUMN "confirmed_at";',
  });
  const crowd = stage.crowd({
    products: ["icon-set", "interface-kit"],
    everyMs: 60,
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

async function lockstep(options: ReplayOptions): Promise<Half<RefusedDrop>> {
  const { narrate, steps } = noteSteps(options.narrate);
  await using stage = await open({ ...options, narrate }, true);
  const release3 = { env: { RELEASE: "v3" } };
  const takeBack = writeDrop(stage);
  const crowd = stage.crowd({ products: ["icon-set", "interface-kit"], everyMs: 200 });
  narrate({
    kind: "say",
    text: "Both instances of release 2 told the database at their start what they expect of it.",
  });
  const deploy = await stage.lockstep("lockstep deploy --release v3", release3);
  const runningKept = runningReleases(stage);
  const columnKept = await hasColumn(stage, "public.orders", "confirmed_at");
  narrate({
    kind: "seen",
    good: deploy.exitCode === 1 && columnKept,
    text: `stopped; the column is still there; release ${runningKept} goes on serving`,
  });
  narrate({ kind: "say", text: "So the team ships the code first, without the drop:" });
  takeBack();
  const code = await stage.lockstep("lockstep deploy --release v3", { ...release3, brief: true });
  narrate({ kind: "say", text: "And the drop when the last instance of release 2 is gone:" });
  writeDrop(stage);
  const drop = await stage.lockstep("lockstep deploy --release v3", { ...release3, brief: true });
  await crowd.leave();
  const observed: RefusedDrop = {
    ...answersOf(crowd.calls),
    exitCode: deploy.exitCode,
    columnKept,
    runningKept,
    namesRelease: deploy.lines.some((line) => line.includes("v2")),
    codeExitCode: code.exitCode,
    dropExitCode: drop.exitCode,
    running: runningReleases(stage),
    column: await hasColumn(stage, "public.orders", "confirmed_at"),
  };
  narrate({
    kind: "seen",
    good: observed.failed === 0,
    text: `all the while: ${observed.calls} calls of customers, ${observed.failed} failed`,
  });
  return {
    steps,
    observed,
    summary: `stopped before the drop; code first, then the drop: ${observed.failed} of ${observed.calls} calls failed`,
  };
}
