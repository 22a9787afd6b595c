import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { deletion } from "../../src/backfill/index.ts";
import { isLockstepError } from "../../src/errors/index.ts";
import { isProven, readPlan, readPlans, writeManifest, writePlan } from "../../src/plan/index.ts";
import { outside, transaction, type Plan } from "../../src/plan/model.ts";
import { loadParser } from "../../src/sql/index.ts";

const plan: Plan = {
  id: "p1",
  expand: [
    transaction(
      'a second\ncolumn for "Ünï"',
      ['ALTER TABLE public.t ADD COLUMN "Ünï" text'],
      ['ALTER TABLE public.t DROP COLUMN IF EXISTS "Ünï"'],
    ),
    transaction("two at once", [
      "CREATE FUNCTION lockstep.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
      "COMMENT ON FUNCTION lockstep.f() IS 'ends; with; marks -- step 9: no'",
    ]),
  ],
  backfill: [
    {
      kind: "fill",
      title: "rows of t",
      table: { schema: "public", name: "Where Set" },
      set: `"ä" = (SELECT 'WHERE'), b = 2`,
      todo: `t."ä" IS NULL AND t.c <> ' WHERE '`,
      once: true,
      undo: [],
    },
    outside("an index", 'CREATE INDEX CONCURRENTLY "I" ON public.t ("Ünï")', [
      { kind: "outside", statement: 'DROP INDEX CONCURRENTLY IF EXISTS public."I"' },
      { kind: "transaction", statements: ["SELECT 1", "SELECT 2"] },
      { kind: "transaction", statements: ["DO $$ BEGIN PERFORM 1; END $$"] },
    ]),
  ],
  contract: [
    transaction("the end", ["ALTER TABLE public.t DROP COLUMN a"]),
    {
      kind: "fill",
      title: "rows of t go",
      table: { schema: "public", name: "t" },
      set: deletion,
      todo: `EXISTS (SELECT FROM public.u WHERE u.a = t."ä")`,
      undo: [],
    },
  ],
  notes: ["a note"],
  remains: ["extra-enum-value public.mood"],
  exemptions: [{ kind: "no-copy", relation: "public.t" }],
};

const manifest = {
  version: 1,
  id: "p1",
  migration: { id: "0001_x", file: "drizzle/0001_x.sql", checksum: "00" },
  major: 18,
  searchPath: ["public"],
  start: { serverMajor: 18, tables: {} },
  notes: plan.notes,
  remains: plan.remains,
  exemptions: plan.exemptions,
} as const;

let root: string;
beforeAll(async () => {
  await loadParser();
});
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "lockstep-plan-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const file = (name: string) => join(root, "lockstep/plans/p1", name);

describe("a plan's folder", () => {
  it("gives back the plan that was written", async () => {
    expect(writePlan(root, plan, manifest)).toBe("lockstep/plans/p1");
    const [read] = await readPlans(root);
    const [first, ...others] = plan.expand;
    const title = 'a second column for "Ünï"';
    const steps = [{ ...first, title }, ...others, ...plan.backfill, ...plan.contract];
    const { expand, backfill, contract, ...rest } = read!.plan;
    const { id, notes, remains, exemptions } = plan;
    expect(rest).toEqual({ id, notes, remains, exemptions });
    const found = [...expand, ...backfill, ...contract];
    expect(found.map(({ at: _at, ...step }) => step)).toEqual(steps);
    expect(found.map(({ at }) => at)).toEqual([
      "lockstep/plans/p1/expand.sql:5",
      "lockstep/plans/p1/expand.sql:8",
      "lockstep/plans/p1/backfill.sql:6",
      "lockstep/plans/p1/backfill.sql:9",
      "lockstep/plans/p1/contract.sql:5",
      "lockstep/plans/p1/contract.sql:9",
    ]);
    expect(read!.manifest).toEqual({ ...manifest, proof: null });
    expect(isProven(read!)).toBe(false);
  });

  it("puts a program that stands alone between BEGIN and COMMIT: whether it ran, the ledger tells", () => {
    writePlan(root, plan, manifest);
    const abort = readFileSync(file("abort.sql"), "utf8");
    expect(abort).toContain("BEGIN;\nDO $$ BEGIN PERFORM 1; END $$;\nCOMMIT;");
    expect(abort).toContain("\n\n-- undo of expand 1\nALTER TABLE public.t DROP COLUMN");
  });

  it("is proven for the files that the proof was made of, and no longer when one is edited", async () => {
    writePlan(root, plan, manifest);
    const [read] = await readPlans(root);
    const result = { failures: [] } as never;
    const proof = { files: read!.checksum, at: "2026-01-01T00:00:00Z", result };
    writeManifest(join(root, read!.path), { ...read!.manifest, proof });
    expect(isProven((await readPlans(root))[0]!)).toBe(true);
    const text = readFileSync(file("contract.sql"), "utf8");
    writeFileSync(file("contract.sql"), text.replace("COLUMN a", "COLUMN b"));
    expect(isProven((await readPlans(root))[0]!)).toBe(false);
  });

  it("is empty where there are no plans", async () => {
    expect(await readPlans(root)).toEqual([]);
  });

  it.each([
    ["expand.sql", "BEGIN; SELECT 1;", /expand\.sql:1: a transaction is opened and never/],
    ["expand.sql", "BEGIN; SELECT 1; ROLLBACK;", /expand\.sql:1: a plan's transactions/],
    ["abort.sql", "\nSELECT 1;", /abort\.sql:2: it does not say which step/],
    ["abort.sql", "-- undo of expand 3\nSELECT 1;", /abort\.sql:2: it is to undo expand 3/],
    ["backfill.sql", "-- lockstep: backfill\nSELECT 1;", /backfill\.sql:2: what is to be run/],
    ["backfill.sql", "-- lockstep: backfill\nUPDATE a AS t SET b = 1;", /named with its schema/],
    ["backfill.sql", "-- lockstep: backfill\nUPDATE p.a SET b = 1;", /has the alias t/],
    ["backfill.sql", "-- lockstep: backfill\nUPDATE p.a AS t SET b = 1;", /has a condition/],
    [
      "backfill.sql",
      "-- lockstep: backfill\nUPDATE p.a t SET b=1 FROM c WHERE true;",
      /subqueries only/,
    ],
    ["backfill.sql", "-- lockstep: backfill once\nDELETE FROM p.a t WHERE true;", /is an UPDATE/],
    ["contract.sql", "ALTER TABL", /contract\.sql:1/],
    ["plan.json", "{", /plan\.json is not the manifest/],
    ["plan.json", '{"version": 2}', /newer Lockstep/],
  ])("tells what is wrong in %s: %s", async (name, text, message) => {
    writePlan(root, plan, manifest);
    writeFileSync(file(name), text);
    const error = await readPlan(join(root, "lockstep/plans/p1"), root).catch((thrown) => thrown);
    expect(isLockstepError(error) && error.message).toMatch(message);
  });
});
