/**
 * Day two: the migrate step goes through a pooler in transaction mode. It hangs until the script's time limit,
 * `|| true` swallows that, the deploy goes on and says "Deploy OK".
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { countMigrations } from "./drizzle-stack.ts";
import { expectation, inWords, noteSteps, type Half, type Replay } from "./narration.ts";
import {
  answersOf,
  failureReason,
  hasColumn,
  runningReleases,
  verifiedRelease,
  type Answers,
} from "./observe.ts";
import { openStage, type ReplayOptions, type Stage } from "./stage.ts";

export interface NaivePooler extends Answers {
  readonly pooler: string;
  /** False: a stand-in, because PgBouncer is not installed. */
  readonly poolerIsReal: boolean;
  /** Advisory locks that yesterday's deploy left on pooled connections although its process is gone. */
  readonly leakedLocks: number;
  readonly deployExitCode: number;
  readonly deployMs: number;
  /** What the deploy script printed says that the step was given up. */
  readonly stepGaveUp: boolean;
  readonly column: boolean;
  readonly reason: string | undefined;
}

/** Answers are those that customers got from the refused deploy to the end. */
export interface RefusedPooler extends Answers {
  readonly firstExitCode: number;
  readonly firstMs: number;
  readonly afterFirst: string;
  readonly namesPoolMode: boolean;
  readonly secondExitCode: number;
  readonly column: boolean;
  readonly verified: string | undefined;
}

export async function dayTwo(options: ReplayOptions): Promise<Replay<NaivePooler, RefusedPooler>> {
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
      expectation("yesterday's deploy leaves a lock on a pooled connection", n.leakedLocks === 1),
      expectation("today's step hangs until its limit", n.stepGaveUp && n.deployMs >= 2_000),
      expectation("the deploy is green all the same", n.deployExitCode === 0 && !n.column),
      expectation("customers get errors", n.calls > 0 && n.failed === n.calls),
      expectation("Lockstep refuses the pooler", l.firstExitCode === 2 && l.afterFirst === "v1"),
      expectation("it names the setting", l.namesPoolMode),
      expectation("on a session of its own it goes through", l.secondExitCode === 0 && l.column),
      expectation("no customer sees an error", l.calls > 0 && l.failed === 0),
      expectation("the verified release is recorded", l.verified === "v2"),
    ],
  };
}

/** Yesterday's deploy: nothing to migrate, all green, and a lock left behind. */
async function yesterday(stage: Stage): Promise<number> {
  await stage.type("migrate");
  return (await leakedLocks(stage)).length;
}

async function leakedLocks(stage: Stage): Promise<readonly number[]> {
  const rows = await stage.sql<{ pid: number }>(
    `SELECT l.pid FROM pg_catalog.pg_locks l
       JOIN pg_catalog.pg_database d ON d.oid = l.database
      WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database()`,
  );
  return rows.map((row) => row.pid);
}

/**
 * A customer's transaction on the server connection with yesterday's lock: whoever comes now gets another one.
 * Without it the step would be lucky or unlucky by chance; this is the unlucky day.
 */
async function occupy(stage: Stage, pid: number): Promise<void> {
  const clients: pg.Client[] = [];
  try {
    for (;;) {
      const client = new pg.Client({
        connectionString: stage.env["DATABASE_URL"],
        application_name: "checkout",
      });
      client.on("error", () => {});
      await client.connect();
      clients.push(client);
      await client.query("BEGIN");
      const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
      if (rows[0]?.pid !== pid) continue;
      clients.pop();
      stage.keep({ [Symbol.asyncDispose]: () => client.end() });
      return;
    }
  } finally {
    for (const client of clients) await client.end();
  }
}

async function openWithLeak(options: ReplayOptions): Promise<{ stage: Stage; leaked: number }> {
  const stage = await openStage({
    ...options,
    release: "v1",
    applied: 1,
    written: 1,
    pooled: true,
  });
  try {
    const text = `Yesterday's deploy, through the pooler (${stage.pooler?.name}):`;
    options.narrate({ kind: "say", text });
    const leaked = await yesterday(stage);
    const [pid] = await leakedLocks(stage);
    if (pid !== undefined) await occupy(stage, pid);
    stage.stack.writeHistory(join(stage.folder, "migrations"), countMigrations());
    return { stage, leaked };
  } catch (error) {
    await stage[Symbol.asyncDispose]();
    throw error;
  }
}

async function naive(options: ReplayOptions): Promise<Half<NaivePooler>> {
  const { narrate, steps } = noteSteps(options.narrate);
  const { stage: opened, leaked } = await openWithLeak({ ...options, narrate });
  await using stage = opened;
  narrate({
    kind: "seen",
    good: false,
    text: `its process is gone; ${leaked} advisory lock stays on a pooled connection`,
  });
  narrate({ kind: "say", text: "Today's deploy, with a migration:" });
  const deploy = await stage.pipeline("001-day-two/naive-deploy.sh");
  const crowd = stage.crowd({ products: ["icon-set", "interface-kit"], everyMs: 100 });
  await sleep(800, undefined, { signal: options.signal });
  await crowd.leave();
  const observed: NaivePooler = {
    ...answersOf(crowd.calls),
    pooler: stage.pooler?.name ?? "",
    poolerIsReal: stage.pooler?.real ?? false,
    leakedLocks: leaked,
    deployExitCode: deploy.exitCode,
    deployMs: Math.round(deploy.ms),
    stepGaveUp: deploy.lines.some((line) => line.includes("giving up")),
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
    summary: `hung, "Deploy OK"; ${observed.failed} of ${observed.calls} calls: 500`,
  };
}

/** The second half alone. */
export async function lockstep(options: ReplayOptions): Promise<Half<RefusedPooler>> {
  const { narrate, steps } = noteSteps(options.narrate);
  narrate({ kind: "say", text: "The same pool, with yesterday's lock in it:" });
  let prologue = true;
  const { stage: opened } = await openWithLeak({
    ...options,
    narrate: (event) => (prologue ? undefined : narrate(event)),
  });
  await using stage = opened;
  prologue = false;
  const crowd = stage.crowd({ products: ["icon-set", "interface-kit"], everyMs: 200 });
  const first = await stage.lockstep("lockstep deploy --release v2");
  const afterFirst = runningReleases(stage);
  narrate({
    kind: "seen",
    good: first.exitCode !== 0 && afterFirst === "v1",
    text: `refused in ${inWords(first.ms)}; release ${afterFirst} goes on serving`,
  });
  narrate({
    kind: "say",
    text: "The pipeline gets the direct address; the shop keeps the pooled one:",
  });
  const second = await stage.lockstep('DATABASE_URL="$DIRECT_URL" lockstep deploy --release v2', {
    brief: true,
  });
  await crowd.leave();
  const observed: RefusedPooler = {
    ...answersOf(crowd.calls),
    firstExitCode: first.exitCode,
    firstMs: Math.round(first.ms),
    afterFirst,
    namesPoolMode: first.lines.join(" ").includes("pool_mode"),
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
    summary: `pooler refused in ${inWords(first.ms)}; deployed by a direct URL, ${observed.failed} of ${observed.calls} calls failed`,
  };
}
