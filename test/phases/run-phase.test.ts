import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { diff } from "../../src/catalog/index.ts";
import type { EventBody } from "../../src/events/index.ts";
import { plansInFlight, readPlanRow } from "../../src/ledger/index.ts";
import { runPhase, type CarriedPhase } from "../../src/phases/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { failureOf } from "../support/failure.ts";
import { ask, catalogOf, project, type Project } from "./support.ts";

const base = `
CREATE TABLE "App User" (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "Full Name" text NOT NULL CHECK ("Full Name" <> ''));
CREATE UNIQUE INDEX ON "App User" ("Full Name");
INSERT INTO "App User" ("Full Name") SELECT 'Name ' || n FROM generate_series(1, 2500) n;
`;
const naive = `ALTER TABLE "App User" RENAME COLUMN "Full Name" TO name;`;

describe.each([14, 18])("a plan carried through Postgres %i", (major) => {
  let scratch: Scratch;
  let rename: Project;
  beforeAll(async () => {
    scratch = await startScratch({ major });
    rename = await project(scratch, { base, naive });
  });
  afterAll(async () => {
    rename[Symbol.dispose]();
    await scratch.close();
  });

  const carry = async (url: string, phase: CarriedPhase, events: EventBody[] = []) =>
    runPhase({
      url,
      plan: rename.plan,
      phase,
      carries: rename.carries,
      emit: (event) => events.push(event),
    });

  it("goes through expand, backfill and contract, and ends as the naive migration does", async () => {
    const url = await rename.database();
    expect(await carry(url, "expand")).toEqual({ plan: "p1", phase: "backfill" });
    expect(await carry(url, "backfill")).toEqual({ plan: "p1", phase: "ready" });
    expect(await ask(url, `SELECT count(*)::int FROM "App User" WHERE name = "Full Name"`)).toEqual(
      [{ count: 2500 }],
    );
    await using session = await Session.open({ url, applicationName: "test" });
    expect(await plansInFlight(session)).toMatchObject([
      { id: "p1", phase: "ready", source: rename.migrations.source, migration: "0002_p1" },
    ]);
    expect(await carry(url, "contract")).toEqual({ plan: "p1", phase: "finished" });
    expect(await plansInFlight(session)).toEqual([]);
    expect(await diff(rename.goal, await catalogOf(url), { columnOrder: false })).toEqual([]);
    expect(
      await ask(url, "SELECT id, how FROM lockstep.migration WHERE source NOT LIKE 'plan:%'"),
    ).toEqual([{ id: "0002_p1", how: "planned" }]);
  });

  it("is taken back, however far it has come, and begun again", async () => {
    const url = await rename.database();
    for (const phases of [["expand"], ["expand", "backfill"]] as const) {
      for (const phase of phases) await carry(url, phase);
      expect(await carry(url, "abort")).toEqual({ plan: "p1", phase: "aborted" });
      expect(await carry(url, "abort")).toEqual({ plan: "p1", phase: "aborted" });
      expect(await diff(rename.start, await catalogOf(url), { columnOrder: false })).toEqual([]);
      expect(
        await ask(
          url,
          `SELECT (SELECT count(*)::int FROM lockstep.migration) AS migrations, (SELECT count(*)::int FROM lockstep.unit) AS units,
                  (SELECT count(*)::int FROM lockstep.backfill) AS backfills, (SELECT count(*)::int FROM pg_proc WHERE pronamespace = 'lockstep'::regnamespace AND proname ~ 'p1') AS routines`,
        ),
      ).toEqual([{ migrations: 0, units: 0, backfills: 0, routines: 0 }]);
    }
    for (const phase of ["expand", "backfill", "contract"] as const) await carry(url, phase);
    expect(await diff(rename.goal, await catalogOf(url), { columnOrder: false })).toEqual([]);
  });

  it("tells of a step that fails what helps a plan", async () => {
    const url = await rename.database();
    await carry(url, "expand");
    await ask(url, `ALTER TABLE "App User" ADD CONSTRAINT name_is_set_p1 CHECK (id > 0)`);
    const failure = await failureOf(async () => carry(url, "backfill"));
    const next = failure.next?.join("\n");
    expect(next).not.toContain("resolve");
    expect(next).toContain("lockstep rollback p1");
  });

  it("is not begun in the middle, and not taken back behind the point of no return", async () => {
    const url = await rename.database();
    expect((await failureOf(async () => carry(url, "contract"))).code).toBe("plan-phase");
    for (const phase of ["expand", "backfill"] as const) await carry(url, phase);
    // A repeated call has nothing to do.
    const events: EventBody[] = [];
    expect(await carry(url, "expand", events)).toEqual({ plan: "p1", phase: "ready" });
    expect(events).toEqual([]);
    await carry(url, "contract");
    const failure = await failureOf(async () => carry(url, "abort"));
    expect(failure.code).toBe("plan-past-return");
    await using session = await Session.open({ url, applicationName: "test" });
    expect((await readPlanRow(session, "p1"))?.phase).toBe("finished");
  });
});
