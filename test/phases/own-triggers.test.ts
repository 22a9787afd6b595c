import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { diff } from "../../src/catalog/index.ts";
import { runPhase, type CarriedPhase } from "../../src/phases/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { failureOf } from "../support/failure.ts";
import { ask, catalogOf, project, type Project } from "./support.ts";

const visits = `
CREATE TABLE visit (id integer, "Full Name" text, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE visit_low PARTITION OF visit FOR VALUES FROM (0) TO (10);
CREATE TABLE visit_high PARTITION OF visit FOR VALUES FROM (10) TO (100);
INSERT INTO visit SELECT n, 'Name ' || n FROM generate_series(1, 20) n;
`;

describe.each([14, 18])("T13: triggers of a plan that do not fire, on Postgres %i", (major) => {
  let scratch: Scratch;
  let rename: Project;
  beforeAll(async () => {
    scratch = await startScratch({ major });
    const naive = `ALTER TABLE visit RENAME COLUMN "Full Name" TO name`;
    rename = await project(scratch, { base: visits, naive });
  });
  afterAll(async () => {
    rename[Symbol.dispose]();
    await scratch.close();
  });

  const carry = async (url: string, phase: CarriedPhase) =>
    runPhase({ url, plan: rename.plan, phase, carries: rename.carries, emit: () => {} });

  const stand = async (url: string) => (await ask(url, "SELECT phase FROM lockstep.plan"))[0];

  it("keep it from becoming ready, and its contract phase from beginning", async () => {
    const url = await rename.database();
    await carry(url, "expand");
    // A partition that comes meanwhile has them too.
    await ask(url, "CREATE TABLE visit_more PARTITION OF visit FOR VALUES FROM (100) TO (200)");
    const enabled = `SELECT DISTINCT tgenabled::text FROM pg_trigger WHERE tgname ~ 'lockstep'`;
    expect(await ask(url, enabled)).toEqual([{ tgenabled: "A" }]);
    await ask(url, "ALTER TABLE visit DISABLE TRIGGER USER");
    expect(await failureOf(async () => carry(url, "backfill"))).toMatchObject({
      code: "dual-writes-off",
      exitCode: 1,
    });
    expect(await stand(url)).toEqual({ phase: "backfill" });
    // Their plain enabling leaves out what a subscription writes.
    await ask(url, "ALTER TABLE visit ENABLE TRIGGER USER");
    expect((await failureOf(async () => carry(url, "backfill"))).found).toContain(
      'public.visit: "~lockstep_p1" is not enabled for replicated writes',
    );
    for (const table of ["visit", "visit_low", "visit_high", "visit_more"])
      for (const { tgname } of await ask<{ tgname: string }>(
        url,
        `SELECT tgname FROM pg_trigger WHERE tgrelid = '${table}'::regclass AND tgname ~ 'lockstep'`,
      ))
        await ask(url, `ALTER TABLE ${table} ENABLE ALWAYS TRIGGER "${tgname}"`);
    await carry(url, "backfill");
    expect(await stand(url)).toEqual({ phase: "ready" });

    const ready = await catalogOf(url);
    await ask(url, `ALTER TABLE visit_low DISABLE TRIGGER "~lockstep_p1"`);
    await ask(url, `UPDATE visit SET name = 'lost' WHERE id = 3`);
    const failure = await failureOf(async () => carry(url, "contract"));
    expect([failure.code, failure.found]).toEqual([
      "dual-writes-off",
      'public.visit_low: "~lockstep_p1" is disabled',
    ]);
    expect(await stand(url)).toEqual({ phase: "ready" });
    await ask(url, `ALTER TABLE visit_low ENABLE ALWAYS TRIGGER "~lockstep_p1"`);
    expect(await diff(ready, await catalogOf(url))).toEqual([]);
    expect((await failureOf(async () => carry(url, "contract"))).found).toBe("public.visit: 1");
    expect(await stand(url)).toEqual({ phase: "ready" });
    await ask(url, "DROP TABLE visit_more");
    await ask(url, `DROP TRIGGER "~lockstep_p1" ON visit`);
    expect((await failureOf(async () => carry(url, "contract"))).found).toContain("one is gone");
    expect(await carry(url, "abort")).toMatchObject({ phase: "aborted" });
    expect(await diff(rename.start, await catalogOf(url), { columnOrder: false })).toEqual([]);
  }, 60_000);
});
