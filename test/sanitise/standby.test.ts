import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import type { LockstepError } from "../../src/errors/index.ts";
import { Session } from "../../src/pg/index.ts";
import { copySanitised } from "../../src/sanitise/index.ts";
import { startScratch } from "../../src/scratch/index.ts";
import { startReplica } from "../support/replica.ts";

const majors = process.env["LOCKSTEP_TEST_MAJORS"]?.split(",").map(Number) ?? [18];

it.each(majors)(
  "says what to set on a standby that ended the copy for its recovery, and needs it no longer than there are rows to read, Postgres %i",
  async (major) => {
    await using primary = await startScratch({ major, settings: { wal_level: "replica" } });
    const source = await primary.createDatabase();
    const target = await primary.createDatabase();
    await using on = await Session.open({ url: source.url, applicationName: "test" });
    await using to = await Session.open({ url: target.url, applicationName: "test" });
    const names = ["a", "b", "c"];
    const tables = names.map((name) => `CREATE TABLE ${name} (id int PRIMARY KEY);`).join("");
    await on.batch(tables);
    for (const name of names) await on.query(`INSERT INTO ${name} SELECT generate_series(1, 300)`);
    // What is not among the rows that are tried first is held up while the test has the table's lock.
    await to.batch(
      `${tables} CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(hashtext(TG_TABLE_NAME)); RETURN NEW; END'`,
    );
    for (const name of names)
      await to.batch(
        `CREATE TRIGGER held BEFORE INSERT ON ${name} FOR EACH ROW WHEN (NEW.id > 250) EXECUTE FUNCTION held(); ALTER TABLE ${name} ENABLE ALWAYS TRIGGER held`,
      );
    await using replica = await startReplica(primary, "copied");
    const standby = new URL(replica.url);
    standby.pathname = `/${source.name}`;
    await using there = await Session.open({ url: standby.toString(), applicationName: "test" });
    await there.query("ALTER SYSTEM SET max_standby_streaming_delay = 0");
    await there.query("SELECT pg_reload_conf()");
    // A conflict over rows ends what looks on in the same database too.
    await using watcher = await Session.open({ url: replica.url, applicationName: "test" });
    /** While the copy of one table is held up, the primary takes away rows that the copy's snapshot sees. */
    const copyHeldUpAt = async (table: string) => {
      await to.query("SELECT pg_advisory_lock(hashtext($1))", [table]);
      const copied = copySanitised({
        sourceUrl: standby.toString(),
        targetUrl: target.url,
        rules: { types: { int4: "keep" } },
      });
      copied.catch(() => {});
      await until(
        to,
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)",
      );
      await on.query("DELETE FROM a WHERE id % 2 = 0");
      await on.query("VACUUM a");
      await until(
        watcher,
        "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'lockstep/sanitise')",
      );
      await to.query("SELECT pg_advisory_unlock(hashtext($1))", [table]);
      return copied;
    };
    const failed = await copyHeldUpAt("b").catch((error: unknown) => error);
    expect((failed as LockstepError).explanation).toMatchObject({
      what: "the copy of public.c came to no end",
      found: "the source: terminating connection due to conflict with recovery",
      why: expect.stringContaining("max_standby_streaming_delay"),
      next: expect.arrayContaining([expect.stringContaining("SET hot_standby_feedback = on")]),
    });
    const counted = "SELECT (SELECT count(*)::int FROM a), (SELECT count(*)::int FROM c)";
    expect(await to.queryArrays(counted)).toEqual([[0, 0]]);
    await on.query("INSERT INTO a SELECT generate_series(2, 300, 2)");
    await until(there, "SELECT count(*) = 300 FROM a");
    await copyHeldUpAt("c");
    expect(await to.queryArrays(counted)).toEqual([[300, 300]]);
  },
);

async function until(session: Session, sql: string): Promise<void> {
  for (;;) {
    const [[holds]] = (await session.queryArrays(sql)) as [[boolean]];
    if (holds) return;
    await sleep(20);
  }
}
