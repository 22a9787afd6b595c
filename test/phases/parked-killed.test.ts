import { expect, it } from "vitest";
import { diff } from "../../src/catalog/index.ts";
import { byIndex } from "../../src/phases/parked.ts";
import { readParked } from "../../src/phases/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch } from "../../src/scratch/index.ts";
import { Killer } from "./harness-killer.ts";
import { ask, catalogOf, project } from "./support.ts";
import { parkedNaive } from "./parked-case.ts";

const base = `
CREATE TABLE person (id integer, code text, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE person_low PARTITION OF person FOR VALUES FROM (MINVALUE) TO (1000);
CREATE TABLE person_high PARTITION OF person FOR VALUES FROM (1000) TO (MAXVALUE) PARTITION BY RANGE (id);
CREATE TABLE person_2000 PARTITION OF person_high FOR VALUES FROM (1000) TO (2000);
CREATE TABLE person_more PARTITION OF person_high DEFAULT;
INSERT INTO person SELECT n, CASE WHEN n % 50 = 0 THEN 'x' || n ELSE n::text END FROM generate_series(1, 3000) n;
`;

it("values of a partitioned table are parked, each of them and no other, by runs that are killed with -9 while others write", async () => {
  await using scratch = await startScratch({ major: 18 });
  using tried = await project(scratch, { base, naive: parkedNaive });
  const url = await tried.database();
  using killer = new Killer(url, tried.root.path, { killEvery: 5 });
  let isOver = false;
  const writing = (async () => {
    await using writer = await Session.open({ url, applicationName: "old release" });
    for (let n = 1; !isOver; n = 1 + ((n + 6) % 3_000)) {
      const value = n % 3 === 0 ? `y${n}` : String(n + 10_000);
      await writer.query("UPDATE person SET code = $2 WHERE id = $1", [n, value]);
      await writer.query(
        "INSERT INTO person VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET code = EXCLUDED.code",
        [n + 5_000, value],
      );
    }
  })();
  await killer.through("expand", "backfill");
  isOver = true;
  await writing;
  expect(killer.kills).toBeGreaterThan(1);

  // A value is parked exactly where it has no other form, and nowhere is it another one.
  const wrong = `SELECT id, code, number FROM person WHERE (lockstep_p1_parked IS NOT NULL) <> (code !~ '^[0-9]+$')
    OR number IS DISTINCT FROM CASE WHEN code ~ '^[0-9]+$' THEN code::integer END`;
  expect(await ask(url, wrong)).toEqual([]);
  await using session = await Session.open({ url, applicationName: "test" });
  const parked = await readParked(session, ["p1"]);
  expect(parked.map(({ table }) => table)).toEqual(["public.person"]);
  expect(parked[0]!.rows).toBeGreaterThan(50);
  await session.query("BEGIN");
  await session.query(byIndex);
  const plan = await session.queryArrays(
    "EXPLAIN SELECT FROM person WHERE lockstep_p1_parked IS NOT NULL",
  );
  await session.query("ROLLBACK");
  expect(plan.join("\n")).not.toContain("Seq Scan");

  await expect(killer.through("contract")).rejects.toThrow("values-parked");
  expect(await ask(url, "SELECT phase FROM lockstep.plan")).toEqual([{ phase: "ready" }]);
  const all = await ask(url, "SELECT count(*)::integer FROM person");
  await session.query("UPDATE person SET code = id::text WHERE lockstep_p1_parked IS NOT NULL");
  await killer.through("contract");
  expect(await diff(tried.goal, await catalogOf(url), { columnOrder: false })).toEqual([]);
  expect(await ask(url, "SELECT count(number)::integer AS count FROM person")).toEqual(all);
}, 240_000);
