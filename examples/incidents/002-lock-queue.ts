/**
 * The lock queue: a report reads `orders` for a while. A one-line ALTER TABLE waits for it, and every later query
 * of `orders` waits behind the ALTER.
 */
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Crowd } from "./crowd.ts";
import {
  expectation,
  inWords,
  noteSteps,
  type Half,
  type Narrate,
  type Replay,
} from "./narration.ts";
import { answersOf, hasColumn, verifiedRelease, type Answers } from "./observe.ts";
import type { Ran } from "./shell.ts";
import { openStage, type ReplayOptions, type Stage } from "./stage.ts";

/** An answer that takes longer than this is a stall: the shop answers in a few hundredths of a second. */
const STALL_MS = 500;

export interface Queue extends Answers {
  readonly deployExitCode: number;
  /** Customers' calls that took longer than half a second. */
  readonly stalled: number;
  /** Sessions that waited for a lock on `orders` at the worst moment. */
  readonly queued: number;
  readonly column: boolean;
}

export interface ShortQueue extends Queue {
  /** Lockstep told who stood in the way. */
  readonly blockerNamed: boolean;
  readonly verified: string | undefined;
}

export async function lockQueue(options: ReplayOptions): Promise<Replay<Queue, ShortQueue>> {
  // The second half's report begins now, so that it is an old transaction when Lockstep meets it.
  const notes = noteSteps(options.narrate);
  await using second = await open({ ...options, narrate: notes.narrate });
  const endReport = await startReport(second);
  options.narrate({ kind: "scene", text: "The pipeline as it was" });
  const before = await naive(options);
  options.narrate({ kind: "scene", text: "The same release with Lockstep" });
  const after = await deploy(second, endReport, notes, options.signal);
  const { observed: n } = before;
  const { observed: l } = after;
  return {
    naive: before,
    lockstep: after,
    expectations: [
      expectation("customers stall behind the ALTER", n.stalled >= 5 && n.queued >= 5),
      expectation("they stall for as long as the report takes", n.longestMs > 1_500),
      expectation("Lockstep names the blocker", l.blockerNamed),
      expectation(
        "customers are served all the while",
        l.failed === 0 && l.longestMs < n.longestMs / 2,
      ),
      expectation("the change lands when the report ends", l.deployExitCode === 0 && l.column),
      expectation("the verified release is recorded", l.verified === "v2"),
    ],
  };
}

/** An analyst's report: one transaction that reads `orders` again and again until it is told to end. */
async function startReport(stage: Stage): Promise<() => Promise<void>> {
  const client = new pg.Client({
    connectionString: stage.databaseUrl,
    application_name: "weekly-report",
  });
  client.on("error", () => {});
  await client.connect();
  let reading = true;
  const report = (async () => {
    await client.query("BEGIN");
    while (reading)
      await client.query("SELECT count(*), sum(total_cents), pg_sleep(0.1) FROM public.orders");
    await client.query("COMMIT");
  })().catch(() => {});
  stage.keep({
    async [Symbol.asyncDispose]() {
      reading = false;
      await client.end();
    },
  });
  return async () => {
    reading = false;
    await report;
  };
}

interface Watch {
  /** Resolves when a session begins to wait for `orders`, or when nobody watches any more. */
  readonly firstWait: Promise<void>;
  /** Ends the watch; gives the most sessions that waited at once. */
  end(): Promise<number>;
}

function watchQueue(stage: Stage, narrate: Narrate): Watch {
  let watching = true;
  let most = 0;
  let waited = () => {};
  const firstWait = new Promise<void>((resolve) => {
    waited = resolve;
  });
  const watch = (async () => {
    while (watching) {
      const [row] = await stage.sql<{ waiting: number }>(
        `SELECT count(*)::int AS waiting FROM pg_catalog.pg_locks l
           JOIN pg_catalog.pg_database d ON d.oid = l.database
          WHERE NOT l.granted AND d.datname = current_database()
            AND l.relation = 'public.orders'::regclass`,
      );
      const waiting = row?.waiting ?? 0;
      if (waiting > 0) waited();
      most = Math.max(most, waiting);
      narrate({ kind: "progress", text: `sessions that wait for orders: ${waiting}` });
      await sleep(40);
    }
  })().finally(waited);
  return {
    firstWait,
    async end() {
      watching = false;
      await watch;
      return most;
    },
  };
}

/** As many as want to: the queue is what this is about. */
const CUSTOMERS = { products: ["icon-set", "interface-kit"], everyMs: 100, atMost: 40 };

/** The report goes on for so long after somebody began to wait for it: long, and long enough for a few attempts. */
const REPORT_MS = { naive: 2_500, lockstep: 1_200 };

/** Runs a deploy while the report reads, and ends the report some time after the deploy ran into it. */
async function deployDuringReport(
  stage: Stage,
  narrate: Narrate,
  report: { readonly end: () => Promise<void>; readonly ms: number },
  deploy: () => Promise<Ran>,
): Promise<{ readonly ran: Ran; readonly queued: number }> {
  narrate({ kind: "say", text: "A report is reading orders. Meanwhile:" });
  const watch = watchQueue(stage, narrate);
  const deploying = deploy().finally(() => void watch.end());
  try {
    await watch.firstWait;
    await Promise.race([sleep(report.ms), deploying]);
    await report.end();
    return { ran: await deploying, queued: await watch.end() };
  } finally {
    await watch.end();
  }
}

async function open(options: ReplayOptions): Promise<Stage> {
  return openStage({ ...options, release: "v1", applied: 1 });
}

async function naive(options: ReplayOptions): Promise<Half<Queue>> {
  const { narrate, steps } = noteSteps(options.narrate);
  await using stage = await open({ ...options, narrate });
  const crowd = stage.crowd(CUSTOMERS);
  await sleep(300, undefined, { signal: options.signal });
  const report = { end: await startReport(stage), ms: REPORT_MS.naive };
  const { ran, queued } = await deployDuringReport(stage, narrate, report, () =>
    stage.pipeline("002-lock-queue/naive-deploy.sh"),
  );
  await crowd.leave();
  const observed = await observe(stage, crowd, ran.exitCode, queued);
  narrate({
    kind: "seen",
    good: false,
    text: `${observed.stalled} customers' calls stalled, the longest for ${inWords(observed.longestMs)}; ${queued} sessions in the queue`,
  });
  return {
    steps,
    observed,
    summary: `"Deploy OK"; ${observed.stalled} calls stalled, up to ${inWords(observed.longestMs)}`,
  };
}

async function observe(
  stage: Stage,
  crowd: Crowd,
  deployExitCode: number,
  queued: number,
): Promise<Queue> {
  return {
    ...answersOf(crowd.calls),
    deployExitCode,
    stalled: crowd.calls.filter((call) => call.ms > STALL_MS).length,
    queued,
    column: await hasColumn(stage, "public.orders", "confirmed_at"),
  };
}

async function deploy(
  stage: Stage,
  endReport: () => Promise<void>,
  { narrate, steps }: ReturnType<typeof noteSteps>,
  signal: AbortSignal,
): Promise<Half<ShortQueue>> {
  const crowd = stage.crowd(CUSTOMERS);
  await sleep(300, undefined, { signal });
  const report = { end: endReport, ms: REPORT_MS.lockstep };
  const { ran, queued } = await deployDuringReport(stage, narrate, report, () =>
    stage.lockstep("lockstep deploy --release v2"),
  );
  await crowd.leave();
  const observed: ShortQueue = {
    ...(await observe(stage, crowd, ran.exitCode, queued)),
    blockerNamed: ran.lines.some((line) => line.includes("weekly-report")),
    verified: await verifiedRelease(stage),
  };
  narrate({
    kind: "seen",
    good: observed.stalled === 0,
    text: `${observed.calls} calls of customers, ${observed.failed} failed; the longest took ${inWords(observed.longestMs)}`,
  });
  return {
    steps,
    observed,
    summary: `blocker named, longest call ${inWords(observed.longestMs)}; deployed when the report ended`,
  };
}

/** The second half alone. */
export async function lockstep(options: ReplayOptions): Promise<Half<ShortQueue>> {
  const notes = noteSteps(options.narrate);
  await using stage = await open({ ...options, narrate: notes.narrate });
  return await deploy(stage, await startReport(stage), notes, options.signal);
}
