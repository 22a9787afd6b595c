import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { latency } from "../../src/backfill/signals/latency.ts";
import { installLedger } from "../../src/ledger/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { because, isGo, steer } from "./steered.ts";

/** The longest that a backfill may take to heed a signal, in ms. */
const heedMs = 2_000;

const job = {
  id: "p1/1",
  table: '"public"."t"',
  set: "filled = 1 + length(pg_sleep(0.0005)::text)",
  todo: "t.filled = 0",
};

async function cluster(session: Session, ...statements: readonly string[]): Promise<void> {
  for (const statement of [...statements, "SELECT pg_reload_conf()"])
    await session.query(statement);
}

/**
 * Ends segments of WAL until it has come: the archiver may take one before it has read how it is set now, and then waits
 * for the next.
 */
async function whileSegmentsEnd<Value>(session: Session, coming: Promise<Value>): Promise<Value> {
  let hasCome = false;
  const ending = coming.finally(() => {
    hasCome = true;
  });
  while (!hasCome) {
    await session.query("SELECT pg_logical_emit_message(false, 'test', 'x'), pg_switch_wal()");
    await Promise.race([ending, sleep(200)]);
  }
  return ending;
}

describe.each([14, 18])("signals of Postgres %i", { timeout: 120_000 }, (major) => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({
      major,
      settings: {
        shared_preload_libraries: "pg_stat_statements",
        archive_mode: "on",
      },
    });
    await using session = await Session.open({ url: scratch.url, applicationName: "set-up" });
    await cluster(session, "ALTER SYSTEM SET archive_command = 'true'");
  });
  afterAll(() => scratch?.close());

  const filling = async (rows = 100_000) => {
    const { url } = await scratch.createDatabase();
    const session = await Session.open({ url, applicationName: "set-up" });
    await session.query(
      "CREATE TABLE t (k integer PRIMARY KEY, filled integer NOT NULL DEFAULT 0)",
    );
    await session.query(`INSERT INTO t SELECT generate_series(1, ${rows})`);
    await session.query("CREATE EXTENSION pg_stat_statements");
    await installLedger(session);
    return { url, session };
  };
  it("slows when the application's statements take longer than before, and recovers", async () => {
    const { url, session } = await filling();
    await using _ = session;
    await session.batch(
      `CREATE TABLE load (seconds float8); INSERT INTO load VALUES (0.001);
       CREATE FUNCTION request() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep((SELECT seconds FROM load)); END $$`,
    );
    let isOver = false;
    const application = async () => {
      await using own = await Session.open({ url, applicationName: "shop" });
      for (let n = 0; !isOver; n++) {
        await own.query("SELECT request()");
        if (n === 200) begun();
      }
    };
    let begun = (): void => {};
    const isUsual = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const shop = application();
    try {
      await isUsual;
      const limits = { latency: { slow: 4, stop: 12 } };
      await using running = steer({ url, job, steering: { limits } });
      await running.settled(isGo);
      await session.query("UPDATE load SET seconds = 0.06");
      const since = performance.now();
      const { at, reasons } = await running.next("backfill.steered", because("latency", "stop"));
      // Ten calls of 60 ms are needed to tell.
      expect(at - since).toBeLessThan(heedMs + 600);
      expect(reasons[0]!.text).toMatch(/^the application's statements take [\d.]+ times as long/);
      await session.query("UPDATE load SET seconds = 0.001");
      await running.settled(isGo);
    } finally {
      isOver = true;
      await shop;
    }
  });

  it("compares no statements of ours, nor those that everybody has", async () => {
    const { url, session } = await filling();
    await using _ = session;
    await using shop = await Session.open({ url, applicationName: "shop" });
    for (let n = 0; n < 12; n++)
      for (const sql of [
        "BEGIN",
        "SELECT k AS request FROM t WHERE k = 1",
        "UPDATE /* lockstep */ t SET filled = 0 WHERE k = 1",
        "SELECT count(*) FROM lockstep.backfill",
        "COMMIT",
      ])
        await shop.query(sql);
    const { usual } = await latency.begin!(session, { major, table: "'t'", ours: [] });
    const watched = await session.queryArrays(
      "SELECT query FROM pg_stat_statements WHERE queryid = ANY ($1::bigint[])",
      [[...usual.keys()]],
    );
    expect(watched).toEqual([["SELECT k AS request FROM t WHERE k = $1"]]);
  });

  it("gives way to a session that waits for its lock, and fills the row when nobody waits", async () => {
    const { url, session } = await filling(300);
    await using _ = session;
    await using writer = await Session.open({ url, applicationName: "shop" });
    const set = "filled = 1 + length(pg_sleep(CASE t.k WHEN 150 THEN 6 ELSE 0 END)::text)";
    await using running = steer({ url, job: { ...job, set }, vacuum: false });
    for (;;) {
      const { rowCount } = await session.query(
        "SELECT FROM pg_stat_activity WHERE application_name = 'lockstep/backfill' AND wait_event = 'PgSleep'",
      );
      if (rowCount! > 0) break;
      await sleep(20);
    }
    const began = performance.now();
    await writer.query("SET deadlock_timeout = '10s'");
    const written = writer.query("UPDATE t SET k = k WHERE k = 149");
    const { reasons } = await running.next("backfill.steered", because("lock-waiters", "stop"));
    await written;
    expect(performance.now() - began).toBeLessThan(heedMs);
    expect(reasons[0]!.text).toMatch(
      /^pid \d+ \(shop\) has waited \d+ ms for a lock of the backfill/,
    );
    const { outcome, status } = await running.result;
    expect([outcome, status.changed]).toEqual(["done", 300]);
  });

  it("stops for sessions at work, and goes on when they have ended", async () => {
    const { url, session } = await filling();
    await using _ = session;
    const limits = { sessions: { slow: 1, stop: 3 } };
    await using running = steer({ url, job, steering: { limits, cpus: 1, ignore: ["latency"] } });
    await running.settled(isGo);
    const crowd = await Promise.all(
      [1, 2, 3, 4].map((n) => Session.open({ url, applicationName: `crowd ${n}` })),
    );
    const since = performance.now();
    const asleep = crowd.map((each) => each.query("SELECT pg_sleep(300)").catch(() => {}));
    const { at, reasons } = await running.next("backfill.steered", because("sessions", "stop"));
    expect(at - since).toBeLessThan(heedMs);
    expect(reasons[0]!.text).toMatch(/other sessions are at work, for 1 processors; limit 3/);
    await session.query(
      "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'crowd%'",
    );
    await Promise.all(asleep);
    await running.settled(isGo);
    await Promise.all(crowd.map((each) => each.close()));
  });

  it("stops while WAL cannot be archived", async () => {
    const { url, session } = await filling();
    await using _ = session;
    await using running = steer({ url, job, steering: { ignore: ["latency", "sessions"] } });
    await running.settled(isGo);
    const stopped = running.next("backfill.steered", because("archiver", "stop"));
    await cluster(session, "ALTER SYSTEM SET archive_command = 'false'");
    const { reasons } = await whileSegmentsEnd(session, stopped);
    expect(reasons.map(({ text }) => text)).toContain(
      "the archiver's last attempt has failed; limit 1",
    );
    await cluster(session, "ALTER SYSTEM SET archive_command = 'true'");
    // The archiver has given up for a minute, unless there is something new.
    await whileSegmentsEnd(session, running.settled(isGo));
  });

  it("goes slower for a backlog of the archiver, for forced checkpoints and for much WAL", async () => {
    const { url, session } = await filling();
    await using _ = session;
    await using running = steer({
      url,
      job,
      steering: {
        ignore: ["latency", "sessions"],
        limits: {
          archiver: { slow: 0, stop: null },
          "wal-rate": { slow: 10, stop: null },
        },
      },
    });
    await session.query("SELECT pg_switch_wal()");
    await running.settled(
      (event) => because("archiver", "slow")(event) && because("wal", "slow")(event),
    );
    for (let n = 0; n < 3; n++) await session.query("CHECKPOINT");
    const { reasons } = await running.settled(({ reasons }) =>
      reasons.some(({ text }) => text.includes("checkpoints within a minute")),
    );
    expect(reasons.map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/^the server writes .* of WAL a second; limit 10 bytes\/s$/),
    );
  });

  it("needs pg_monitor and nothing more; what it cannot read slows it and is named", async () => {
    const { url, session } = await filling();
    await using _ = session;
    const role = `filler_${major}`;
    await session.batch(
      `CREATE ROLE ${role} LOGIN PASSWORD 'x'; GRANT SELECT, UPDATE ON t TO ${role}; GRANT USAGE ON SCHEMA lockstep TO ${role};
       GRANT ALL ON ALL TABLES IN SCHEMA lockstep TO ${role}`,
    );
    await using shop = await Session.open({ url, applicationName: "shop" });
    for (let n = 0; n < 12; n++) await shop.query("SELECT 1 AS request");
    const own = new URL(url);
    own.username = role;
    own.password = "x";
    {
      await using running = steer({ url: own.href, job });
      const { reasons } = await running.settled(({ verdict }) => verdict === "slow");
      const unread = reasons.map(({ signal, value }) => [signal, value]);
      expect(unread).toContainEqual(["sessions", null]);
      expect(unread).toContainEqual(["latency", null]);
      expect(reasons.map(({ text }) => text)).toContain(
        "sessions cannot be read: the role may not see it: GRANT pg_monitor TO the role",
      );
    }
    await session.query(`GRANT pg_monitor TO ${role}`);
    await using running = steer({ url: own.href, job });
    await running.settled(isGo);
    await running.next("backfill.progress", ({ passed }) => passed > 0);
  });

  it("goes slow where nothing tells how the application fares, unless a person has decided not to look", async () => {
    const { url, session } = await filling();
    await using _ = session;
    await session.query("DROP EXTENSION pg_stat_statements");
    {
      await using running = steer({ url, job });
      const { verdict, reasons } = await running.settled(({ reasons }) => reasons.length > 0);
      expect([verdict, reasons.map(({ text }) => text)]).toEqual([
        "slow",
        [
          "latency cannot be read: pg_stat_statements is not installed in this database, so how the application fares cannot be seen",
        ],
      ]);
    }
    await using running = steer({ url, job, steering: { ignore: ["latency"] } });
    await running.settled(isGo);
  });

  it("goes slow when the server does not answer the looks, and recovers", async () => {
    const { url, session } = await filling();
    await using _ = session;
    await using running = steer({ url, job, steering: { ignore: ["latency", "sessions"] } });
    await running.settled(isGo);
    let looking: number | undefined;
    while (looking === undefined) {
      const { rows } = await session.query<{ pid: number }>(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'lockstep/backfill' AND state = 'idle' AND query LIKE '%pg_stat_replication%'",
      );
      looking = rows[0]?.pid;
    }
    process.kill(looking, "SIGSTOP");
    try {
      const { reasons } = await running.next("backfill.steered", because("server", "slow"));
      expect(reasons[0]!.text).toMatch(/^the server has not said how it fares for/);
    } finally {
      process.kill(looking, "SIGCONT");
    }
    await running.settled(isGo);
    process.kill(looking, "SIGSTOP");
    try {
      // It ends all the same.
      await running[Symbol.asyncDispose]();
      expect((await running.result).outcome).toBe("stopped");
    } finally {
      process.kill(looking, "SIGCONT");
    }
  });
});
