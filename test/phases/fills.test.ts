import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { diff } from "../../src/catalog/index.ts";
import type { EventBody } from "../../src/events/index.ts";
import { runPhase, type CarriedPhase } from "../../src/phases/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { ask, catalogOf, project, type Project } from "./support.ts";

const base = `
CREATE TABLE account (id integer PRIMARY KEY, plan text);
INSERT INTO account SELECT n, CASE WHEN n % 3 = 0 THEN NULL ELSE 'free' END FROM generate_series(1, 3000) n;
`;
const naive = `
UPDATE account SET plan = 'none' WHERE plan IS NULL;
ALTER TABLE account ALTER COLUMN plan SET NOT NULL;
`;

/** Rows of an UPDATE of the migration itself: no trigger keeps them filled while the old release writes. */
describe.each([14, 18])("rows that an UPDATE fills on Postgres %i", (major) => {
  let scratch: Scratch;
  let plan: Project;
  beforeAll(async () => {
    scratch = await startScratch({ major });
    plan = await project(scratch, { base, naive });
  });
  afterAll(async () => {
    plan[Symbol.dispose]();
    await scratch.close();
  });

  it("may be written anew until the contract phase fills them again, in batches, and requires them", async () => {
    const url = await plan.database();
    const events: EventBody[] = [];
    const carry = async (phase: CarriedPhase) =>
      runPhase({
        url,
        plan: plan.plan,
        phase,
        carries: plan.carries,
        emit: (event) => events.push(event),
      });
    await carry("expand");
    await ask(url, "INSERT INTO account VALUES (5001, NULL)");
    expect(await carry("backfill")).toEqual({ plan: "p1", phase: "ready" });
    expect(await ask(url, "SELECT count(*)::int FROM account WHERE plan IS NULL")).toEqual([
      { count: 0 },
    ]);
    await ask(url, "INSERT INTO account SELECT n, NULL FROM generate_series(6001, 6100) n");
    const before = events.length;
    expect(await carry("contract")).toEqual({ plan: "p1", phase: "finished" });
    const batches = events.slice(before).filter(({ type }) => type.startsWith("backfill."));
    expect(batches.length).toBeGreaterThan(0);
    expect(await ask(url, "SELECT count(*)::int FROM account WHERE plan = 'none'")).toEqual([
      { count: 1101 },
    ]);
    expect(await diff(plan.goal, await catalogOf(url), { columnOrder: false })).toEqual([]);
  });
});
