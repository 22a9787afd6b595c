import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SteeringOptions } from "../../src/backfill/index.ts";
import { installLedger } from "../../src/ledger/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { startReplica, type Replica } from "../support/replica.ts";
import { because, isGo, steer, type Steering } from "./steered.ts";

/** The longest that a backfill may take to heed a signal, in ms. */
const heedMs = 2_000;

/** Each row takes a while, so that there is something left to steer. */
const job = {
  id: "p1/1",
  table: '"public"."t"',
  set: "filled = 1 + length(pg_sleep(0.0005)::text)",
  todo: "t.filled = 0",
};
const steering: SteeringOptions = {
  ignore: ["latency", "sessions"],
  limits: {
    "replica-bytes": { slow: 500_000, stop: 2_000_000 },
    "replica-seconds": { slow: null, stop: null },
    "slot-bytes": { slow: 500_000, stop: 2_000_000 },
    checkpoints: { slow: null, stop: null },
  },
};

describe.each([14, 18])("replication of Postgres %i", { timeout: 120_000 }, (major) => {
  let scratch: Scratch;
  let replica: Replica;
  beforeAll(async () => {
    scratch = await startScratch({
      major,
      settings: { wal_level: "logical", wal_keep_size: "64" },
    });
    replica = await startReplica(scratch, "standby1");
  }, 60_000);
  afterAll(async () => {
    await replica?.[Symbol.asyncDispose]();
    await scratch?.close();
  });

  const filling = async () => {
    const { url } = await scratch.createDatabase();
    const session = await Session.open({ url, applicationName: "set-up" });
    await session.query(
      "CREATE TABLE t (k integer PRIMARY KEY, filled integer NOT NULL DEFAULT 0)",
    );
    await session.query("INSERT INTO t SELECT generate_series(1, 100000)");
    await installLedger(session);
    return { url, session };
  };

  /** Waits for the moment at which a value is beyond a limit, as somebody else sees it. */
  const beyond = async (session: Session, sql: string, limit: number): Promise<number> => {
    for (;;) {
      const [[value]] = (await session.queryArrays(sql)) as [[string]];
      if (Number(value) >= limit) return performance.now();
    }
  };

  const writeWal = (session: Session, bytes: number) =>
    session.query("SELECT pg_logical_emit_message(false, 'test', repeat('x', $1))", [bytes]);

  const stands = async (running: Steering) => {
    // What was at work when it was stopped has ended by then.
    await running.next("backfill.progress");
    const { passed, verdict } = await running.next("backfill.progress");
    expect(verdict).toBe("stop");
    expect((await running.next("backfill.progress")).passed).toBe(passed);
    return passed;
  };

  const goesOn = async (running: Steering, from: number) => {
    await running.settled(isGo);
    await running.next("backfill.progress", ({ passed }) => passed > from);
  };

  it("stops when a standby lags, and goes on when it has caught up", async () => {
    const { url, session } = await filling();
    await using _ = session;
    await using standby = await Session.open({ url: replica.url, applicationName: "test" });
    const limits = { ...steering.limits, "replica-seconds": { slow: 3, stop: null } };
    await using running = steer({ url, job, steering: { ...steering, limits } });
    await running.settled(isGo);
    await standby.query("SELECT pg_wal_replay_pause()");
    try {
      const lag =
        "SELECT max(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), replay_lsn)) FROM pg_stat_replication";
      const slowed = running.next("backfill.steered", because("replicas", "slow"));
      const stopped = running.next("backfill.steered", because("replicas", "stop"));
      await writeWal(session, 600_000);
      expect((await slowed).at - (await beyond(session, lag, 500_000))).toBeLessThan(heedMs);
      await writeWal(session, 2_000_000);
      const since = await beyond(session, lag, 2_000_000);
      const { at, reasons } = await stopped;
      expect(at - since).toBeLessThan(heedMs);
      expect(reasons[0]).toMatchObject({ subject: "standby1", effect: "stop", limit: 2_000_000 });
      expect(reasons[0]!.text).toMatch(/^standby standby1 has .* to replay; limit 2000000 bytes$/);
      const passed = await stands(running);
      // The server's own replay_lag stands still while nothing is replayed.
      await running.settled(({ reasons }) => reasons.some(({ unit }) => unit === "s"));
      await standby.query("SELECT pg_wal_replay_resume()");
      await goesOn(running, passed);
    } finally {
      await standby.query("SELECT pg_wal_replay_resume()");
    }
  });

  it.each([
    ["physical", "pg_create_physical_replication_slot('stalled', true)"],
    ["logical", "pg_create_logical_replication_slot('stalled', 'pgoutput')"],
  ])("stops when a %s slot stalls, and goes on when it moves again", async (_, create) => {
    const { url, session } = await filling();
    await using _session = session;
    // A physical slot keeps what is from the last checkpoint on (ReplicationSlotReserveWal, slot.c).
    await session.query("CHECKPOINT");
    await session.query(`SELECT ${create}`);
    try {
      await using running = steer({ url, job, steering });
      await running.settled(isGo);
      const slowed = running.next("backfill.steered", because("slots", "slow"));
      await writeWal(session, 600_000);
      await slowed;
      const stopped = running.next("backfill.steered", because("slots", "stop"));
      await writeWal(session, 2_000_000);
      const since = await beyond(
        session,
        "SELECT max(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), restart_lsn)) FROM pg_replication_slots",
        2_000_000,
      );
      const { at, reasons } = await stopped;
      expect(at - since).toBeLessThan(heedMs);
      expect(reasons[0]).toMatchObject({ signal: "slots", subject: "stalled", limit: 2_000_000 });
      expect(reasons[0]!.text).toMatch(/^slot stalled \(inactive\) keeps .* of WAL; limit/);
      const passed = await stands(running);
      await session.query("SELECT pg_drop_replication_slot('stalled')");
      await goesOn(running, passed);
    } finally {
      await session.query(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'stalled'",
      );
    }
  });

  it("goes slower before a slot is invalidated", async () => {
    const { url, session } = await filling();
    await using _ = session;
    await session.query("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'");
    await session.query("SELECT pg_reload_conf()");
    await session.query("SELECT pg_create_physical_replication_slot('stalled', true)");
    try {
      await using running = steer({
        url,
        job,
        steering: { ...steering, limits: { "slot-share": { slow: 0, stop: null } } },
      });
      const { reasons } = await running.settled(because("slots", "slow"));
      expect(reasons.map(({ text }) => text)).toContainEqual(
        expect.stringMatching(
          /^slot stalled \(inactive\) has used \d+ % of the WAL that it may keep/,
        ),
      );
    } finally {
      await session.query("SELECT pg_drop_replication_slot('stalled')");
      await session.query("ALTER SYSTEM RESET max_slot_wal_keep_size");
      await session.query("SELECT pg_reload_conf()");
    }
  });

  it("does not wait for a standby that lags on purpose, and never takes one for well that is gone", async () => {
    const { url, session } = await filling();
    await using _ = session;
    const limits = { "replica-bytes": { slow: null, stop: 0 } };
    await using late = await startReplica(scratch, "late");
    await using delayed = steer({
      url,
      job,
      steering: { ...steering, limits, ignoreReplicas: ["late", "standby1"] },
    });
    await delayed.settled(isGo);
    await using running = steer({ url, job, steering });
    await running.settled(isGo);
    await late[Symbol.asyncDispose]();
    const { reasons } = await running.next("backfill.steered", ({ reasons }) =>
      reasons.some(({ subject, value }) => subject === "late" && value === null),
    );
    expect(reasons.map(({ text }) => text)).toContain(
      "replicas cannot be read: standby late is not connected any more",
    );
  });
});
