import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import type { Change } from "../../src/plan/model.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { databaseWith, planOf, runStep } from "./operation-harness.ts";

const base = `
CREATE TABLE visit (id integer NOT NULL, at date NOT NULL, host text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE visit_2021 PARTITION OF visit FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
CREATE UNIQUE INDEX visit_host ON visit (host, at);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touch BEFORE UPDATE ON visit FOR EACH ROW EXECUTE FUNCTION touch();
`;

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
});
afterAll(() => scratch.close());

it.each([
  "ALTER TABLE visit RENAME COLUMN host TO domain",
  "DROP INDEX visit_host; CREATE UNIQUE INDEX visit_id ON visit (host, id, at)",
  "DROP TRIGGER touch ON visit",
  "CREATE TRIGGER seen BEFORE DELETE ON visit FOR EACH ROW EXECUTE FUNCTION touch()",
  "DROP TRIGGER touch ON visit; CREATE TRIGGER touch BEFORE INSERT ON visit FOR EACH ROW EXECUTE FUNCTION touch()",
])("%s: who waits for a partitioned table keeps nobody from its partitions", async (naive) => {
  const { plan } = await planOf(scratch, base, naive);
  const steps = [...plan!.expand, ...plan!.backfill, ...plan!.contract];
  const url = await databaseWith(scratch, base);
  await using session = await Session.open({ url, applicationName: "runner" });
  await using reader = await Session.open({ url, applicationName: "reader" });
  let dropping = 0;
  const waits = async (change: Change) => {
    if (change.kind !== "transaction") return;
    if (!change.statements.some((sql) => sql.startsWith("DROP TRIGGER"))) return;
    dropping++;
    await reader.batch("BEGIN; LOCK TABLE ONLY visit IN ACCESS SHARE MODE");
    await session.batch("BEGIN; SET LOCAL lock_timeout = '5s'");
    const work = session.batch(change.statements.join(";\n"));
    const held = `SELECT count(*) FILTER (WHERE NOT granted)::integer, count(*) FILTER (WHERE granted AND relation = 'visit_2021'::regclass)::integer
      FROM pg_locks WHERE pid = ${session.keyDataPid} AND locktype = 'relation' AND mode = 'AccessExclusiveLock'`;
    let found: unknown[] | undefined = [0];
    while (found?.[0] === 0) {
      await sleep(5);
      [found] = await reader.queryArrays(held);
    }
    expect(found, change.statements.join(";\n")).toEqual([1, 0]);
    await reader.query("COMMIT");
    await work;
    await session.query("ROLLBACK");
  };
  for (const step of steps) {
    if (step.kind === "transaction") await waits(step);
    await runStep(session, step);
    for (const undo of step.undo) await waits(undo);
  }
  expect(dropping).toBeGreaterThan(0);
});
