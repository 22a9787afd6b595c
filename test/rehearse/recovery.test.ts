import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { readStatistics, type Sizes } from "../../src/effects/index.ts";
import { Session } from "../../src/pg/index.ts";
import type { Estimate, RehearsedStatement } from "../../src/rehearse/index.ts";
import { rehearse } from "../../src/rehearse/index.ts";
import { recoveryOf, type RecoveryGround } from "../../src/rehearse/recovery.ts";
import { startScratch } from "../../src/scratch/index.ts";
import { timeRestore } from "../../src/snapshot/index.ts";
import { readMigrations, type Migration } from "../../src/tools/index.ts";
import { temporaryFolder } from "../support/folder.ts";
import { itWhere } from "../support/it-where.ts";

const estimate = (likelyMs: number): Estimate => ({
  leastMs: likelyMs / 2,
  likelyMs,
  mostMs: likelyMs * 2,
  multiplier: 2,
  fixedMs: 0,
  growingMs: likelyMs,
  reasons: [],
});

const statement = (file: string, line: number, ms: number | undefined) =>
  ({
    migration: "0002",
    file,
    line,
    estimate: ms === undefined ? undefined : estimate(ms),
  }) as RehearsedStatement;

const statistics: Sizes = {
  version: 1,
  takenAt: "2026-11-22T10:00:00Z",
  serverVersion: "18.0",
  relations: { "public.orders": { rows: 1, bytes: 1, totalBytes: 3_000 } },
};

const dump = { name: "before-1", at: "2026-11-20T10:00:00Z", ms: 10_000, jobs: 4 };

function ground(given: Partial<RecoveryGround> = {}): RecoveryGround {
  const request = { by: "dump", jobs: 4, restored: undefined, timeRestore: async () => 0 };
  const restores = { runs: [], notKnown: undefined };
  const nothing = { pending: [], statements: [], back: undefined };
  return { request, statistics, restores, ...nothing, ...given };
}

const asked = (by: string, bytes?: number) =>
  ground({
    request: {
      ...ground().request,
      by,
      restored: bytes === undefined ? undefined : { ...dump, tables: { "public.orders": bytes } },
    },
  });

describe("how long a snapshot takes to be restored", () => {
  it("goes by the dump that was verified, and by how much the tables have grown", async () => {
    const { restore } = await recoveryOf(asked("dump", 2_000));
    expect(restore.estimate).toMatchObject({ leastMs: 7_500, likelyMs: 15_000, mostMs: 30_000 });
    expect(restore.estimate!.reasons.join()).toContain("1.50 × the bytes");
  });

  it("not by one that is another database's", async () => {
    const { restore } = await recoveryOf(asked("dump", 100));
    expect(restore).toMatchObject({
      estimate: undefined,
      notKnown: expect.stringContaining("scales"),
    });
  });

  it("is not known of what was not measured", async () => {
    for (const by of ["aws-rds", "neon", "command", "restore-point"])
      expect((await recoveryOf(asked(by, 2_000))).restore).toMatchObject({
        estimate: undefined,
        notKnown: expect.stringContaining("measured"),
      });
    const notKnown = "there is no pg_dump of Postgres 18 or newer";
    const { restore } = await recoveryOf(ground({ restores: { runs: [], notKnown } }));
    expect(restore).toMatchObject({ estimate: undefined, notKnown });
  });

  it("goes by the clones' dumps otherwise", async () => {
    const runs = [
      { scale: 0.1, ms: 1_100 },
      { scale: 0.2, ms: 2_100 },
    ];
    const { restore } = await recoveryOf(ground({ restores: { runs, notKnown: undefined } }));
    // 100 ms, and 10 s.
    expect(restore.estimate!.likelyMs).toBeCloseTo(10_100, -2);
    expect(restore.runs).toEqual(runs);
  });
});

describe("what is done again after a crash", () => {
  const migration = {
    id: "0002",
    file: "0002.sql",
    sql: "ALTER TABLE a ADD b int;\nUPDATE a SET b = 1;\nCREATE INDEX CONCURRENTLY i ON a (b);\nDROP TABLE c;",
  } as Migration;

  it("is one unit at the most: the one that takes longest", async () => {
    const statements = [1, 2, 3, 4].map((line) => statement("0002.sql", line, line * 100));
    const { rerun } = await recoveryOf(ground({ pending: [migration], statements }));
    // A transaction of two, the index alone, and one of one.
    expect(rerun).toMatchObject({ units: 3, at: "0002.sql:4" });
    expect(rerun.estimate).toMatchObject({ leastMs: 0, likelyMs: 400, mostMs: 800 });
    const slower = [statement("0002.sql", 1, 300), statement("0002.sql", 2, 300)];
    const other = await recoveryOf(
      ground({ pending: [migration], statements: [...slower, ...statements.slice(2)] }),
    );
    expect(other.rerun).toMatchObject({ at: "0002.sql:1–2", estimate: { likelyMs: 600 } });
  });

  it("is each step of a plan by itself, and not known where one has no estimate", async () => {
    const statements = [statement("plan/expand.sql", 1, 100), statement("plan/expand.sql", 4, 50)];
    const { rerun } = await recoveryOf(ground({ pending: [migration], statements }));
    expect(rerun).toMatchObject({ units: 2, at: "plan/expand.sql:1" });
    const without = [...statements, statement("plan/expand.sql", 9, undefined)];
    const unknown = await recoveryOf(ground({ pending: [migration], statements: without }));
    expect(unknown.rerun).toMatchObject({ units: 3, at: null, estimate: undefined });
  });
});

describe("how long all of it takes to be taken back", () => {
  const way = {
    migration: "0002",
    by: "abort",
    from: null,
    differences: [],
    refused: undefined,
    runs: [],
    estimate: estimate(100),
  } as const;
  const back = { changedRows: [], sameAgain: true };

  it("is the sum of the ways back", async () => {
    const ways = [way, { ...way, migration: "0001", by: "file" as const, estimate: estimate(50) }];
    const told = await recoveryOf(ground({ back: { ...back, ways } }));
    expect(told.back.estimate).toMatchObject({ leastMs: 75, likelyMs: 150, mostMs: 300 });
  });

  it.each([
    [{ ...way, by: null, refused: "rows would be lost" }, "rows would be lost"],
    [{ ...way, differences: ["public.a: missing"] }, "the way back of 0002 does not lead back"],
    [{ ...way, estimate: undefined }, "not every way back has an estimate"],
  ])("is not known without one, case %#", async (one, notKnown) => {
    const told = await recoveryOf(ground({ back: { ...back, ways: [way, one] } }));
    expect(told.back).toEqual({ estimate: undefined, notKnown });
  });
});

/** Major of this machine's pg_dump; 0 without one. */
const client = Number(
  / (\d+)\./.exec(spawnSync("pg_dump", ["--version"], { encoding: "utf8" }).stdout ?? "")?.[1] ?? 0,
);

itWhere(client >= 14)("the clones are dumped and restored, Postgres 14", async () => {
  using folder = temporaryFolder({
    "migrations/0001.sql": "CREATE TABLE item (id integer PRIMARY KEY, price integer);",
    "migrations/0002.sql": "ALTER TABLE item ADD note text;\n",
  });
  const source = await startScratch({ major: 14 });
  await using session = await Session.open({ url: source.url, applicationName: "test" });
  await session.batch(
    "CREATE TABLE item (id integer PRIMARY KEY, price integer); INSERT INTO item SELECT n, n FROM generate_series(1, 3000) n; ANALYZE",
  );
  const asRead = await readStatistics(session);
  await session.close();
  await source.close();
  const env = process.env;
  const told = await rehearse({
    folder: await readMigrations({ folder: "migrations", cwd: folder.path }),
    cwd: folder.path,
    applied: new Set(["0001"]),
    plans: [],
    statistics: asRead,
    scales: [0.5, 1],
    seed: 1,
    major: 14,
    scratchUrl: undefined,
    runner: {},
    load: undefined,
    recovery: {
      by: "dump",
      jobs: 2,
      restored: undefined,
      timeRestore: async (from, to) => timeRestore({ from, to, major: 14, jobs: 2, env }),
    },
  });
  expect(told.failure).toBeUndefined();
  expect(told.recovery!.restore.runs.map(({ scale }) => scale)).toEqual([0.5, 1]);
  expect(told.recovery!.restore.estimate!.mostMs).toBeGreaterThan(0);
  expect(told.recovery!.rerun).toMatchObject({ units: 1, at: "migrations/0002.sql:1" });
  expect(told.recovery!.back.estimate).toBeDefined();
});
