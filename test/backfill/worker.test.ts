import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  batchPace,
  finishBackfill,
  readBackfill,
  setPaused,
  work,
} from "../../src/backfill/index.ts";
import { RangeLost, runBatch } from "../../src/backfill/batch.ts";
import { claimRange } from "../../src/backfill/claim.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { nextLine, spawnTypescript } from "../support/run-typescript.ts";
import { jobOn, steady, workOn } from "./support.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
});
afterAll(() => scratch.close());

/** Rows, each of which counts how often it was filled. */
async function counted(rows: number) {
  const { url } = await scratch.createDatabase();
  const session = await Session.open({ url, applicationName: "set-up" });
  await session.query(
    "CREATE TABLE t (k integer PRIMARY KEY, filled boolean NOT NULL DEFAULT false, passes integer NOT NULL DEFAULT 0, v integer)",
  );
  await session.query(`INSERT INTO t SELECT generate_series(1, ${rows})`);
  // Not by what is still to do: each row that is passed twice would show.
  const job = await jobOn(session, '"public"."t"', {
    set: "filled = true, passes = t.passes + 1",
    todo: "true",
  });
  const passes = () =>
    session.queryArrays("SELECT passes, count(*)::integer FROM t GROUP BY 1 ORDER BY 1");
  return { url, session, job, passes };
}

it("fills every row once with several workers at once", async () => {
  const { url, session, job, passes } = await counted(5000);
  await using _ = session;
  const ends = await Promise.all(
    ["a", "b", "c", "d"].map((name) => workOn(url, job, { name, rows: 50, rangeRows: 200 })),
  );
  expect(ends).toEqual(["done", "done", "done", "done"]);
  expect(await passes()).toEqual([[1, 5000]]);
  const { rows } = await session.query(
    "SELECT count(DISTINCT holder)::integer AS workers FROM lockstep.backfill_range",
  );
  expect(rows[0]?.["workers"]).toBeGreaterThan(1);
  expect(await finishBackfill(session, job.id)).toBe(true);
  expect(await readBackfill(session, job.id)).toMatchObject({ state: "done", passed: 5000 });
});

it(
  "T28: fills every row once when workers are killed at any point",
  { timeout: 120_000 },
  async () => {
    const { url, session, job, passes } = await counted(4000);
    await using _ = session;
    const kills = Number(process.env["LOCKSTEP_BACKFILL_KILLS"] ?? 6);
    for (let n = 0; n < kills; n++) {
      const child = spawnTypescript(join(import.meta.dirname, "child.ts"), [url, job.id]);
      await nextLine(child);
      // The draw is of where it is killed: the child is in the middle of its batches.
      await session.query(`SELECT pg_catalog.pg_sleep(${0.01 + (n % 7) * 0.013})`);
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    const reached = (await readBackfill(session, job.id))?.passed;
    expect(reached).toBeGreaterThan(0);
    expect(await workOn(url, job)).toBe("done");
    expect(await passes()).toEqual([[1, 4000]]);
  },
);

it("T29: does nothing more with a range that another worker has taken over", async () => {
  const { url, session, job, passes } = await counted(300);
  await using _ = session;
  await using slow = await Session.open({ url, applicationName: "slow" });
  let wake = (): void => undefined;
  const asleep = new Promise<void>((resolve) => (wake = resolve));
  let atRest = (): void => undefined;
  const resting = new Promise<void>((resolve) => (atRest = resolve));
  let batches = 0;
  const late = work(slow, {
    job,
    holderName: "slow",
    rangeRows: 100,
    stopped: () => false,
    pace: {
      ...steady(10),
      ready: () => {
        if (batches++ === 0) return Promise.resolve();
        atRest();
        return asleep;
      },
    },
  });
  await resting;
  await session.query("UPDATE lockstep.backfill_range SET seen_at = now() - interval '1 minute'");
  expect(await workOn(url, job)).toBe("done");
  wake();
  expect(await late).toBe("done");
  expect(await passes()).toEqual([[1, 300]]);
  expect(
    await session.queryArrays("SELECT holder, fence FROM lockstep.backfill_range WHERE number = 1"),
  ).toEqual([["worker", "2"]]);
});

it("T29: does no batch with the claim of before, although nothing was done under the new one yet", async () => {
  const { url, session, job, passes } = await counted(300);
  await using _ = session;
  await using slow = await Session.open({ url, applicationName: "slow" });
  await using next = await Session.open({ url, applicationName: "next" });
  const claim = async (own: Session, name: string) => {
    const claimed = await claimRange(own, job, { name, session: name }, 100);
    if (claimed.kind !== "range") throw new Error(claimed.kind);
    return claimed.range;
  };
  const range = await claim(slow, "slow");
  const { reached } = await runBatch(slow, job, range, { from: null, rows: 10 }, true);
  // Nobody of that name is connected: its range is taken over at once.
  const taken = await claim(next, "next");
  expect(taken).toMatchObject({ number: range.number, reached, fence: "2" });
  await expect(
    runBatch(slow, job, range, { from: reached, rows: 10 }, true),
  ).rejects.toBeInstanceOf(RangeLost);
  expect(await passes()).toEqual([
    [0, 290],
    [1, 10],
  ]);
  await runBatch(next, job, taken, { from: reached, rows: 90 }, true);
  expect(await passes()).toEqual([
    [0, 200],
    [1, 100],
  ]);
});

it("T32: finds the rows that cannot be filled, fills all others, and does not end", async () => {
  const { url, session, job } = await counted(2000);
  await using _ = session;
  const poisoned = { ...job, set: "filled = true, v = 100 / (t.k % 400)", todo: "NOT t.filled" };
  expect(await workOn(url, poisoned, { rows: 300, rangeRows: 1000 })).toBe("done");
  expect(await session.queryArrays("SELECT k FROM t WHERE NOT filled ORDER BY k")).toEqual(
    [400, 800, 1200, 1600, 2000].map((k) => [k]),
  );
  expect(await finishBackfill(session, job.id)).toBe(false);
  const status = await readBackfill(session, job.id);
  expect(status?.rejected).toEqual(
    [400, 800, 1200, 1600, 2000].map((k) => ({
      key: [String(k)],
      sqlstate: "22012",
      message: "division by zero",
    })),
  );
  expect(status).toMatchObject({ state: "running", passed: 2000, changed: 1995 });
});

it("stops at an error that no row is at fault for, and loses nothing", async () => {
  const { url, session, job, passes } = await counted(100);
  await using _ = session;
  const misspelt = { ...job, set: "filled = true, nothing = 1" };
  await expect(workOn(url, misspelt)).rejects.toMatchObject({ code: "42703" });
  expect(await readBackfill(session, job.id)).toMatchObject({ passed: 0, rejected: [] });
  expect(await workOn(url, job)).toBe("done");
  expect(await passes()).toEqual([[1, 100]]);
});

it("T25: waits for rows that others hold, without passing them by", async () => {
  const { url, session, job, passes } = await counted(100);
  await using _ = session;
  await session.query("BEGIN");
  await session.query("UPDATE t SET v = 1 WHERE k = 50");
  const end = workOn(url, job, { rows: 20 });
  await session.query("SELECT pg_catalog.pg_sleep(2.5)");
  await session.query("COMMIT");
  expect(await end).toBe("done");
  expect(await passes()).toEqual([[1, 100]]);
});

it("ends after its batch when it is paused, and goes on where it was", async () => {
  const { url, session, job, passes } = await counted(500);
  await using _ = session;
  let batches = 0;
  const end = await workOn(url, job, { rows: 10, stopped: () => batches++ > 4 });
  expect(end).toBe("stopped");
  await setPaused(session, job.id, true);
  expect(await workOn(url, job)).toBe("paused");
  const { passed, state } = (await readBackfill(session, job.id))!;
  expect(state).toBe("paused");
  expect(passed).toBeLessThan(100);
  await setPaused(session, job.id, false);
  expect(await workOn(url, job)).toBe("done");
  expect(await passes()).toEqual([[1, 500]]);
});

it("takes its own range up again when it was stopped and the session lives on", async () => {
  const { url, session, job, passes } = await counted(100);
  await using _ = session;
  await using own = await Session.open({ url, applicationName: "own" });
  let batches = 0;
  const refused = () => Promise.reject(new Error("it waits for itself"));
  const options = { job, holderName: "own", pace: { ...steady(10), refused }, rangeRows: 60 };
  expect(await work(own, { ...options, stopped: () => batches++ > 2 })).toBe("stopped");
  expect(await work(own, { ...options, stopped: () => false })).toBe("done");
  expect(await passes()).toEqual([[1, 100]]);
  const { rows } = await session.query(
    "SELECT count(*)::integer AS ranges FROM lockstep.backfill_range",
  );
  expect(rows[0]?.["ranges"]).toBe(2);
});

/** A pace, and what it makes of batches of these durations. */
function paced() {
  const wish = { batchMs: 50 };
  const pace = batchPace({
    decide: () => ({ verdict: "go", duty: 1, ...wish }),
    next: () => Promise.reject(new Error("it waits while it may go")),
    stopped: () => false,
    first: 100,
    most: 1000,
  });
  const after = async (fillMs: number, commitMs = 5) => {
    const times = { ms: fillMs + 2 * commitMs, fillMs, commitMs };
    pace.done({ ...times, passed: pace.rows(), changed: 0, reached: null, atEnd: false });
    await pace.ready();
    return pace.rows();
  };
  return { wish, pace, after };
}

it("follows the time that batches take, and at once a wish for shorter ones", async () => {
  const { wish, pace, after } = paced();
  expect(await after(15)).toBe(150);
  for (let n = 0; n < 10; n++) await after(25);
  expect(pace.rows()).toBe(1000);
  // One that is long by chance is not the middle one.
  expect(await after(205)).toBe(1000);
  expect(await after(605)).toBe(100);
  expect(await after(105)).toBe(50);
  wish.batchMs = 10;
  await pace.ready();
  expect(pace.rows()).toBe(10);
});

it("does not shrink batches for what any statement costs", async () => {
  const { pace, after } = paced();
  for (let n = 0; n < 20; n++) await after(90, 80);
  expect(pace.rows()).toBe(1000);
});
