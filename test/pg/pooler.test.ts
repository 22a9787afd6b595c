import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { refuseTransactionPooler, Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { failureOf, type Failure } from "../support/failure.ts";
import { pgBouncerMissing, startPgBouncer } from "../support/pgbouncer.ts";

let scratch: Scratch;

beforeAll(async () => {
  scratch = await startScratch();
});

afterAll(async () => {
  await scratch.close();
});

/** Clients that keep a pool's connections moving, with transactions of up to 8 ms. */
async function traffic(url: string, clients: number, transactions: boolean) {
  let stopped = false;
  const pause = async (ms: number) =>
    new Promise((resolve) => {
      setTimeout(resolve, Math.random() * ms);
    });
  const work = Array.from({ length: clients }, async () => {
    const client = new pg.Client(url);
    await client.connect();
    while (!stopped) {
      if (!transactions || Math.random() < 0.6) await client.query("SELECT 1");
      else {
        await client.query("BEGIN");
        await pause(8);
        await client.query("COMMIT");
      }
      await pause(2);
    }
    await client.end();
  });
  return {
    async [Symbol.asyncDispose]() {
      stopped = true;
      await Promise.all(work);
    },
  };
}

describe("a server", () => {
  it("is recognised in seven statements", async () => {
    expect(await refuseTransactionPooler({ url: scratch.url })).toEqual({
      kind: "direct",
      statements: 7,
    });
  });

  it("takes less than 150 ms, and leaves no session behind", async () => {
    let fastest = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 20 && fastest >= 150; round++) {
      const started = performance.now();
      await refuseTransactionPooler({ url: scratch.url, applicationName: "looking" });
      fastest = Math.min(fastest, performance.now() - started);
    }
    expect(fastest).toBeLessThan(150);
    await using session = await Session.open({ url: scratch.url, applicationName: "test" });
    await expect
      .poll(async () => {
        const { rows } = await session.query(
          "SELECT pid FROM pg_stat_activity WHERE application_name = 'looking'",
        );
        return rows;
      })
      .toEqual([]);
  });

  it("that cannot be reached is not taken for a pooler", async () => {
    const failure = await failureOf(() =>
      refuseTransactionPooler({ url: "postgres://nobody@127.0.0.1:1/none" }),
    );
    expect(failure.code).toBe("connection-refused");
  });
});

describe.skipIf(pgBouncerMissing !== undefined)(`PgBouncer ${pgBouncerMissing ?? ""}`, () => {
  const verdicts = async (url: string, times: number): Promise<readonly Failure[]> => {
    const failures: Failure[] = [];
    for (let time = 0; time < times; time++)
      failures.push(await failureOf(() => refuseTransactionPooler({ url })));
    return failures;
  };

  it("in transaction mode is refused with the setting to change", async () => {
    await using bouncer = await startPgBouncer({ url: scratch.url, poolMode: "transaction" });
    const { port } = new URL(bouncer.url);
    const [failure] = await verdicts(bouncer.url, 1);
    expect(failure).toEqual({
      code: "pooler-transaction-mode",
      exitCode: 2,
      what: `127.0.0.1:${port} is a connection pooler that gives a session no connection of its own`,
      expected: "a session: one backend from connect to disconnect, with its settings and locks",
      found: expect.stringMatching(/^two open sessions ran in the same backend, \d+$/),
      from: `127.0.0.1:${port}`,
      why: "in transaction or statement mode a pooler lends a backend for one transaction at a time: lock_timeout would apply to other people's statements, and two deploys could hold the same advisory lock",
      next: [
        "give Lockstep a URL that leads straight to the server, usually port 5432; the application may keep the pooled one",
        "PgBouncer: a second entry in [databases] with pool_mode=session, for Lockstep alone",
      ],
    });
  });

  const pools = (["transaction", "statement"] as const).flatMap((poolMode) =>
    [1, 2, 20].flatMap((poolSize) =>
      [false, true].map((roundRobin) => ({ poolMode, poolSize, roundRobin })),
    ),
  );

  it.each(pools)(
    "in $poolMode mode with a pool of $poolSize, round robin $roundRobin, is refused every time",
    async (pool) => {
      await using bouncer = await startPgBouncer({ url: scratch.url, ...pool });
      const all = [...(await verdicts(bouncer.url, 10))];
      for (const clients of [1, 16]) {
        await using _traffic = await traffic(bouncer.url, clients, pool.poolMode === "transaction");
        all.push(...(await verdicts(bouncer.url, 10)));
      }
      expect(all.map(({ code }) => code)).toEqual(all.map(() => "pooler-transaction-mode"));
    },
  );

  it.each([
    { poolSize: 2, clients: 0 },
    { poolSize: 20, clients: 0 },
    { poolSize: 20, clients: 8 },
  ])("in session mode ($clients other clients) may be used", async ({ poolSize, clients }) => {
    await using bouncer = await startPgBouncer({
      url: scratch.url,
      poolMode: "session",
      poolSize,
    });
    await using _traffic = await traffic(bouncer.url, clients, true);
    for (let time = 0; time < 10; time++)
      expect(await refuseTransactionPooler({ url: bouncer.url })).toEqual({
        kind: "session-proxy",
        statements: 67,
      });
  });

  it("in session mode with one connection gives no answer, and that is not taken for one", async () => {
    await using bouncer = await startPgBouncer({
      url: scratch.url,
      poolMode: "session",
      poolSize: 1,
    });
    const { port } = new URL(bouncer.url);
    expect(
      await failureOf(() => refuseTransactionPooler({ url: bouncer.url, timeoutMs: 500 })),
    ).toEqual({
      code: "connection-timeout",
      exitCode: 2,
      what: `no two sessions can be had at the same time from 127.0.0.1:${port}`,
      expected:
        "an answer on each of two open sessions: one runs the work, others hold the lock and keep the ledger",
      found: "no answer to a SELECT within 500 ms",
      from: `127.0.0.1:${port}`,
      why: "a pooler in between has a free connection for only one of them (default_pool_size 1, or a pool used up by others), or the server is overloaded",
      next: [
        "give Lockstep a URL that leads straight to the server",
        "or raise the pool's size: at least 4 connections for Lockstep",
      ],
    });
  });
});
