import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import { guardedRows } from "../../src/plan/dual-writes/index.ts";
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
};

const asked = process.env["LOCKSTEP_TEST_MAJORS"] ?? "18";

describe.each(asked.split(",").map(Number))("upserts of one new key, on Postgres %i", (major) => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({ major });
  });
  afterAll(() => scratch.close());

  describe.each(Object.entries(cases))("%s", (name, one) => {
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

    const guard = (how: string) => watcher.query(`ALTER TABLE post ${how} TRIGGER "~~lockstep_p1"`);

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
      expect(plan.notes).toContainEqual(expect.stringContaining("has a second index beside it"));
    });

    it("end as without the plan where rows are there, go, come by the thousand or change their key", async () => {
      const nothing = (key: string) => one.old(key).replace(/DO UPDATE .*/, "DO NOTHING");
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
      for (const session of [first, second]) await session.query("COMMIT");

      // Both wait for who deletes the row, and one of them for the other.
      await watcher.query("BEGIN");
      await watcher.query("DELETE FROM post WHERE n = 0");
      const both = [await send(first, one.old("1")), await send(second, one.old("1"))];
      await watcher.query("COMMIT");
      const ends = await Promise.all(both.map(async ({ work }) => work));
      expect(ends.map((end) => JSON.stringify(end)).toSorted()).toEqual(['[{"n":0}]', '[{"n":1}]']);

      await watcher.query("BEGIN");
      const column = name === "a changed type" ? "code" : "url";
      await watcher.query(
        `INSERT INTO post (${column}) SELECT 10 + n FROM generate_series(1, 20000) n`,
      );
      const held =
        "SELECT count(*)::integer FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1";
      expect(await watcher.queryArrays(held)).toEqual([[guardedRows]]);
      await watcher.query("ROLLBACK");
      // A savepoint gives back what it took.
      await watcher.query("BEGIN");
      await watcher.query("SAVEPOINT s");
      await watcher.query(one.old("5"));
      await watcher.query("ROLLBACK TO s");
      expect(await watcher.queryArrays(held)).toEqual([[0]]);
      await watcher.query("ROLLBACK");

      await watcher.query("TRUNCATE post");
      await watcher.query(one.old("8"));
      expect(await race(`UPDATE post SET ${column} = '9' RETURNING n`, one.old("9"))).toEqual([
        [{ n: 0 }],
        [{ n: 1 }],
      ]);
    });
  });
});
