import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import { guardedRows, metRows } from "../../src/plan/dual-writes/index.ts";
import type { Plan } from "../../src/plan/model.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { databaseWith, planOf, runStep } from "./operation-harness.ts";
import { endedOrWaiting } from "./traps/schedule.ts";

/**
 * A session with `test.halt` waits at the index `halts`: behind the look at the arbiter, before the entries of unique
 * indexes (ExecInsert, nodeModifyTable.c), which come in the order in which the indexes were made.
 */
const base = `
CREATE FUNCTION halt(id integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('test.halt', true) = 'on' THEN
    PERFORM pg_advisory_lock_shared(4711, 1);
    PERFORM pg_advisory_unlock_shared(4711, 1);
  END IF;
  RETURN id;
END $$;
CREATE TABLE post (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, url text, code integer, gone boolean NOT NULL DEFAULT false, n integer NOT NULL DEFAULT 0);
CREATE INDEX halts ON post (halt(id));
CREATE UNIQUE INDEX "Posts by url" ON post (url);
CREATE UNIQUE INDEX posts_by_code ON post (code) WHERE NOT gone;
`;

const upsert =
  (column: string, where = "") =>
  (key: string) =>
    `INSERT INTO post (${column}) VALUES ('${key}') ON CONFLICT (${column}) ${where} DO UPDATE SET n = post.n + 1 RETURNING n`;

/** Migrations, and how each release upserts while both run. */
const cases = {
  "a renamed column": {
    naive: "ALTER TABLE post RENAME COLUMN url TO address",
    old: upsert("url"),
    new: upsert("address"),
  },
  "a changed type": {
    naive: "ALTER TABLE post ALTER COLUMN code TYPE bigint",
    old: upsert("code", "WHERE NOT gone"),
    new: upsert("code", "WHERE NOT gone"),
  },
  "a column that lines of the migration convert": {
    naive: `-- lockstep: link = lower(url)
-- lockstep: url = link
ALTER TABLE post ADD COLUMN link text UNIQUE;
UPDATE post SET link = lower(url);
ALTER TABLE post DROP COLUMN url;`,
    old: upsert("url"),
    new: upsert("link"),
  },
  "an index that another one takes the place of": {
    naive: `DROP INDEX "Posts by url"; CREATE UNIQUE INDEX posts_by_url ON post (url, gone)`,
    old: upsert("url"),
    new: (key: string) => upsert("url")(key).replace("CONFLICT (url)", "CONFLICT (url, gone)"),
    trigger: "~~lockstep_p1_Posts by url",
    says: '"Posts by url" of public.post has posts_by_url beside it',
  },
};

const asItIs = { trigger: "~~lockstep_p1", says: "has a second index beside it" };

const asked = process.env["LOCKSTEP_TEST_MAJORS"] ?? "18";

describe.each(asked.split(",").map(Number))("upserts of one new key, on Postgres %i", (major) => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({ major });
  });
  afterAll(() => scratch.close());

  describe.each(Object.entries(cases))("%s", (name, given) => {
    const one = { ...asItIs, ...given };
    let plan: Plan;
    const open: Session[] = [];
    let first: Session;
    let second: Session;
    let watcher: Session;
    let other: Session;
    beforeAll(async () => {
      const made = await planOf(scratch, base, one.naive);
      plan = made.plan!;
      const url = await databaseWith(scratch, base);
      for (const applicationName of ["first", "second", "watcher", "other"])
        open.push(await Session.open({ url, applicationName }));
      [first, second, watcher, other] = open as [Session, Session, Session, Session];
      for (const step of [...plan.expand, ...plan.backfill]) await runStep(watcher, step);
      await first.query("SET test.halt = 'on'");
    });
    beforeEach(() => watcher.query("TRUNCATE post"));
    afterAll(async () => {
      for (const session of open) await session.close();
    });

    /** Sends it, and waits until it has ended or waits for somebody. */
    async function send(session: Session, sql: string) {
      const work = session.query(sql).then(
        ({ rows }) => rows,
        (error: { code?: string }) => error.code ?? error,
      );
      await endedOrWaiting(other, work, session.keyDataPid);
      return { work };
    }

    /** The second begins when the first has found no row of the key and has not yet inserted its own. */
    async function race(ofFirst: string, ofSecond: string): Promise<readonly unknown[]> {
      await watcher.query("SELECT pg_advisory_lock(4711, 1)");
      const begun = [await send(first, ofFirst), await send(second, ofSecond)];
      await watcher.query("SELECT pg_advisory_unlock(4711, 1)");
      return Promise.all(begun.map(async ({ work }) => work));
    }

    const guard = (how: string) =>
      watcher.query(`ALTER TABLE post ${how} TRIGGER "${one.trigger}"`);
    const keyed = name === "a changed type" ? "code" : "url";
    const nothing = (key: string) => one.old(key).replace(/DO UPDATE .*/, "DO NOTHING");

    /** All sessions write two rows that are there, `times` each: how often a statement failed, by its code. */
    async function crowd(times: number): Promise<readonly string[]> {
      const codes: string[] = [];
      await Promise.all(
        open.map(async (session, at) => {
          for (let n = 0; n < times; n++) {
            const key = String(n % 2);
            const statements = [
              one.old(key),
              one.new(key),
              nothing(key),
              `UPDATE post SET n = n + 1 WHERE ${keyed} = '${key}'`,
            ];
            await session.query(statements[(at + n) % 4]!).catch((error: { code?: string }) => {
              codes.push(error.code ?? "no code");
            });
          }
        }),
      );
      return codes;
    }

    it("fail without the trigger that has them wait, and with it find each other's row", async () => {
      const [old, made] = [one.old("7"), one.new("7")];
      const pairs = [
        [old, old],
        [made, old],
        [old, made],
      ] as const;
      for (const pair of pairs) {
        await watcher.query("TRUNCATE post");
        expect(await race(...pair)).toEqual([[{ n: 0 }], [{ n: 1 }]]);
        expect((await watcher.query("SELECT n FROM post")).rows).toEqual([{ n: 1 }]);
      }
      await watcher.query("TRUNCATE post");
      await guard("DISABLE");
      expect(await race(old, old)).toEqual(["23505", [{ n: 0 }]]);
      await guard("ENABLE ALWAYS");
      expect(plan.notes).toContainEqual(expect.stringContaining(one.says));
    });

    it("end as without the plan where rows are there, go, come by the thousand or change their key", async () => {
      await watcher.query(one.old("1"));
      await watcher.query(one.old("2"));
      // In opposite orders: nobody waits for whom nothing was inserted.
      for (const session of [first, second]) await session.query("BEGIN");
      for (const [session, key] of [
        [first, "1"],
        [second, "2"],
        [first, "2"],
        [second, "1"],
      ] as const)
        expect((await session.query(nothing(key))).rows).toEqual([]);
      // Who writes such a row goes on after a moment, however long he and others are ready to wait.
      const touch = `UPDATE post SET n = n + 1 WHERE ${keyed} = '1' RETURNING n`;
      await watcher.query("BEGIN");
      for (const set of ["lock_timeout = '5ms'", "deadlock_timeout = '2ms'", "lock_timeout = 0"]) {
        await watcher.query(`SET LOCAL ${set}`);
        for (const sql of [one.old("1"), touch, one.new("1")])
          expect((await watcher.query(sql)).rows).toHaveLength(1);
      }
      await watcher.query("COMMIT");
      for (const session of [first, second]) await session.query("COMMIT");

      // Both wait for who deletes the row, and one of them for the other.
      await watcher.query("BEGIN");
      await watcher.query(`DELETE FROM post WHERE ${keyed} = '1'`);
      const both = [await send(first, one.old("1")), await send(second, one.old("1"))];
      await watcher.query("COMMIT");
      const ends = await Promise.all(both.map(async ({ work }) => work));
      expect(ends.map((end) => JSON.stringify(end)).toSorted()).toEqual(['[{"n":0}]', '[{"n":1}]']);

      await watcher.query("BEGIN");
      await watcher.query(
        `INSERT INTO post (${keyed}) SELECT 10 + n FROM generate_series(1, 2000) n`,
      );
      const held =
        "SELECT count(*)::integer FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1";
      expect(await watcher.queryArrays(held)).toEqual([[guardedRows + metRows]]);
      await watcher.query("ROLLBACK");
      // A savepoint gives back what it took.
      await watcher.query("BEGIN");
      await watcher.query("SAVEPOINT s");
      await watcher.query(one.old("5"));
      await watcher.query("ROLLBACK TO s");
      expect(await watcher.queryArrays(held)).toEqual([[0]]);
      await watcher.query("ROLLBACK");
      // Rows that a subscription brings: the setting that counts them goes back with each.
      await watcher.query("BEGIN");
      await watcher.query("SET LOCAL session_replication_role = replica");
      await watcher.query(one.old("5"));
      expect(await watcher.queryArrays(held)).toEqual([[0]]);
      await watcher.query("ROLLBACK");

      await watcher.query("TRUNCATE post");
      await watcher.query(one.old("8"));
      expect(await race(`UPDATE post SET ${keyed} = '9' RETURNING n`, one.old("9"))).toEqual([
        [{ n: 0 }],
        [{ n: 1 }],
      ]);
    });

    it("find a row that is updated while they look", async () => {
      // The new versions of its rows have new entries in all indexes.
      await watcher.query("CREATE INDEX post_n ON post (n)");
      await first.query("RESET test.halt");
      await watcher.query(one.old("0"));
      await watcher.query(one.old("1"));
      expect(await crowd(1000)).toEqual([]);
      await guard("DISABLE");
      let failed: readonly string[] = [];
      for (let tries = 0; failed.length === 0 && tries < 20; tries++) failed = await crowd(500);
      expect(failed).toContain("23505");
      await guard("ENABLE ALWAYS");
      await watcher.query("DROP INDEX post_n");
      await first.query("SET test.halt = 'on'");
    }, 120_000);

    it("wait for a moment only where they would not wait without it", async () => {
      for (let key = 10; key < 40; key++) await watcher.query(one.old(String(key)));
      // It writes another row than that of its key.
      const byId = (key: number) =>
        `INSERT INTO post (id, ${keyed}) OVERRIDING SYSTEM VALUE SELECT max(id), '${key}' FROM post ON CONFLICT (id) DO UPDATE SET n = post.n + 1`;
      await first.query("BEGIN");
      await first.query(byId(10));
      await first.query(byId(11));
      const touch = `UPDATE post SET n = n + 1 WHERE ${keyed} = '10' RETURNING n`;
      expect((await watcher.query(touch)).rows).toEqual([{ n: 1 }]);
      expect((await watcher.query(one.old("11"))).rows).toEqual([{ n: 1 }]);
      await first.query("COMMIT");

      // What is not taken counts as well.
      await first.query("BEGIN");
      for (let key = 12; key < 12 + metRows; key++) await first.query(nothing(String(key)));
      const began = performance.now();
      await watcher.query("UPDATE post SET n = n + 1");
      expect(performance.now() - began).toBeLessThan(metRows * 200);
      const met = "SELECT current_setting('lockstep.met')";
      await watcher.query("BEGIN");
      await watcher.query("UPDATE post SET n = n + 1");
      expect(await watcher.queryArrays(met)).toEqual([["8"]]);
      await watcher.query("ROLLBACK");
      await first.query("COMMIT");
    });

    it("end when their statement's time is over", async () => {
      await first.query("BEGIN");
      await first.query("RESET test.halt");
      await first.query(one.old("50"));
      for (let ms = 1; ms <= 20; ms++) {
        await second.query(`SET statement_timeout = '${ms}ms'`);
        expect(await (await send(second, one.old("50"))).work).toBe("57014");
      }
      await second.query("RESET statement_timeout");
      await first.query("ROLLBACK");
      await first.query("SET test.halt = 'on'");
    });

    it("let who is waited for go on: a key that is deleted and inserted anew in one transaction", async () => {
      const insert = (key: string) => `INSERT INTO post (${keyed}) VALUES ('${key}') RETURNING n`;
      const byId = `INSERT INTO post (id, ${keyed}) OVERRIDING SYSTEM VALUE SELECT min(id), '8' FROM post ON CONFLICT (id) DO UPDATE SET n = post.n + 1 RETURNING n`;
      const gone = `DELETE FROM post WHERE ${keyed} = '7'`;
      const away = `UPDATE post SET ${keyed} = '9' WHERE ${keyed} = '7'`;
      const taken = `UPDATE post SET ${keyed} = '7' WHERE ${keyed} = '1' RETURNING n`;
      const touched = `UPDATE post SET n = n + 1 WHERE ${keyed} = '7'`;
      // What the first sends, the second between, and what each of them gets as without the plan.
      const rounds = [
        [gone, one.old("7"), insert("7"), [{ n: 1 }]],
        [gone, one.new("7"), one.new("7"), [{ n: 1 }]],
        [gone, nothing("7"), insert("7"), []],
        [gone, insert("7"), insert("7"), "23505"],
        [gone, one.old("7"), taken, [{ n: 1 }]],
        [away, one.old("7"), insert("7"), [{ n: 1 }]],
        [touched, byId, insert("8"), [{ n: 2 }]],
      ] as const;
      for (const [begins, between, ends, got] of rounds) {
        await watcher.query("TRUNCATE post");
        for (const key of ["7", "1"]) await watcher.query(insert(key));
        await first.query("BEGIN");
        await first.query(begins);
        const waits = await send(second, between);
        expect((await first.query(ends)).rows, between).toEqual([{ n: 0 }]);
        await first.query("COMMIT");
        expect(await waits.work, between).toEqual(got);
      }

      // The second waits for the watcher, and he for the first.
      await watcher.query("TRUNCATE post");
      for (const key of ["1", "7"]) await watcher.query(insert(key));
      await watcher.query("BEGIN");
      await watcher.query(touched.replace("'7'", "'1'"));
      await first.query("BEGIN");
      await first.query(touched);
      const behind = [await send(watcher, touched), await send(second, byId)];
      expect((await first.query(insert("8"))).rows).toEqual([{ n: 0 }]);
      await first.query("COMMIT");
      await behind[0]!.work;
      await watcher.query("COMMIT");
      expect(await behind[1]!.work).toEqual([{ n: 2 }]);

      // The second has the lock of a key without a row, and comes to wait when the first waits for it already.
      await watcher.query("TRUNCATE post");
      await watcher.query(insert("7"));
      await second.query("BEGIN");
      await second.query(nothing("7"));
      await watcher.query(gone);
      await first.query("BEGIN");
      await first.query(insert("2"));
      const early = await send(first, one.old("7"));
      const late = await send(second, one.old("2"));
      expect(await early.work).toEqual([{ n: 0 }]);
      await first.query("COMMIT");
      expect(await late.work).toEqual([{ n: 1 }]);
      await second.query("COMMIT");

      // Who gives up after a while of his own does so here too, and has his setting afterwards.
      await first.query("BEGIN");
      await first.query(insert("3"));
      await second.query("BEGIN");
      await second.query("SET LOCAL lock_timeout = '50ms'");
      await second.query("SAVEPOINT s");
      expect(await (await send(second, one.old("3"))).work).toBe("55P03");
      await second.query("ROLLBACK TO s");
      const patient = "SET LOCAL lock_timeout = '1min'";
      await second.query(patient);
      const third = await send(second, one.old("3"));
      await first.query("ROLLBACK");
      expect(await third.work).toEqual([{ n: 0 }]);
      expect(await second.queryArrays("SHOW lock_timeout")).toEqual([["1min"]]);
      await second.query("ROLLBACK");
    });
  });

  it("have a trigger that fires for all who write, with a function that nobody can use for a table of his own", async () => {
    const equalNulls = major >= 15 ? "NULLS NOT DISTINCT" : "";
    const tables = `
DO $$BEGIN CREATE ROLE lockstep_shop; CREATE ROLE lockstep_writer; CREATE ROLE lockstep_other; EXCEPTION WHEN duplicate_object THEN END$$;
ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO lockstep_other;
GRANT CREATE ON SCHEMA public TO lockstep_shop;
CREATE TABLE post (area integer NOT NULL, url text, UNIQUE ${equalNulls} (area, url)) PARTITION BY LIST (area);
CREATE TABLE post_1 PARTITION OF post FOR VALUES IN (1);
ALTER TABLE post OWNER TO lockstep_shop;
GRANT SELECT, INSERT ON post TO lockstep_writer;
`;
    const { plan } = await planOf(scratch, tables, "ALTER TABLE post RENAME COLUMN url TO address");
    const url = await databaseWith(scratch, tables);
    await using owner = await Session.open({ url, applicationName: "owner" });
    await using writer = await Session.open({ url, applicationName: "writer" });
    await owner.query("GRANT USAGE ON SCHEMA lockstep TO PUBLIC");
    for (const step of [...plan!.expand, ...plan!.backfill]) await runStep(owner, step);
    const [[routine, body]] = (await owner.queryArrays(
      "SELECT oid::regproc::text, prosecdef::text FROM pg_proc WHERE proname LIKE 'guard%'",
    )) as [[string, string]];
    expect(body).toBe("true");

    for (const role of ["lockstep_writer", "lockstep_other"]) {
      await writer.query(`SET SESSION AUTHORIZATION ${role}`);
      await writer.query("CREATE TEMP TABLE mine (area integer, url text)");
      const take = `CREATE TRIGGER take BEFORE INSERT ON mine FOR EACH ROW EXECUTE FUNCTION ${routine}()`;
      await expect(writer.query(take)).rejects.toMatchObject({ code: "42501" });
      await writer.query("DROP TABLE mine");
      await writer.query("RESET SESSION AUTHORIZATION");
    }

    // The table's owner makes partitions meanwhile, and who may insert only does not wait for a row that is there.
    await owner.query("SET ROLE lockstep_shop");
    await owner.query("CREATE TABLE post_2 PARTITION OF post FOR VALUES IN (2)");
    await writer.query("SET SESSION AUTHORIZATION lockstep_writer");
    await writer.query("SET lock_timeout = '200ms'");
    const held =
      "SELECT count(*)::integer FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1";
    for (const key of ["'a'", ...(major >= 15 ? ["NULL"] : [])]) {
      const insert = `INSERT INTO post (area, url) VALUES (2, ${key}) ON CONFLICT (area, url) DO NOTHING RETURNING 1`;
      expect((await writer.query(insert)).rowCount).toBe(1);
      await owner.query("BEGIN");
      expect((await owner.query(insert)).rowCount).toBe(0);
      expect(await owner.queryArrays(held)).toEqual([[2]]);
      expect((await writer.query(insert)).rowCount).toBe(0);
      await owner.query("ROLLBACK");
    }
  });
});
