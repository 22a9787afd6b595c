import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Session } from "../../../src/pg/index.ts";
import type { Exemption, Plan } from "../../../src/plan/model.ts";
import { provePlan } from "../../../src/plan/prove/prove.ts";
import type { Proof, ProofName } from "../../../src/plan/prove/proof.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { parseSql } from "../../../src/sql/index.ts";
import { planOf } from "../operation-harness.ts";

const base = `
CREATE TABLE person (id integer PRIMARY KEY, nick text, mail text);
INSERT INTO person SELECT n, 'Name ' || n, n || '@example.com' FROM generate_series(1, 20) n;
`;

describe("what a proof tries and excuses", () => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({ major: 18 });
  });
  afterAll(() => scratch.close());

  async function planned(naive: string, from = base): Promise<Plan> {
    const { plan } = await planOf(scratch, from, naive);
    if (plan === undefined) throw new Error("refused");
    return plan;
  }

  async function prove(naive: string, plan: Plan, from = base): Promise<Proof> {
    const template = await scratch.template(`copy ${from}`, async (url) => {
      await using session = await Session.open({ url, applicationName: "test" });
      await session.batch(from);
    });
    const statements = await parseSql(naive, "naive.sql");
    return provePlan({ scratch, template, naive: statements, plan, searchPath: ["public"] });
  }

  const verdict = ({ failures }: Proof): readonly ProofName[] => [
    ...new Set(failures.map(({ proof }) => proof)),
  ];

  const renamedColumn = "ALTER TABLE person RENAME COLUMN nick TO alias";

  it("COPY: triggers that let copied rows pass are found out", async () => {
    const plan = await planned(renamedColumn);
    const expand = plan.expand.map((step) => {
      if (step.kind !== "transaction") return step;
      const statements = step.statements.map((one) =>
        one.includes("TG_OP")
          ? one.replace(
              "BEGIN\n",
              "BEGIN\n  IF pg_catalog.current_query() LIKE 'COPY %' THEN RETURN NEW; END IF;\n",
            )
          : one,
      );
      return { ...step, statements };
    });
    expect(JSON.stringify(expand)).toContain("current_query");
    const proof = await prove(renamedColumn, { ...plan, expand });
    expect(verdict(proof)).toContain("data");
    expect(proof.failures.some(({ what }) => what.includes("two forms"))).toBe(true);
    expect((await prove(renamedColumn, plan)).failures).toEqual([]);
  }, 120_000);

  it("what goes in the contract phase is in the new release's way until then, and the plan has to say so", async () => {
    const more = `${base}
CREATE TABLE pet (id integer PRIMARY KEY, name text);
CREATE RULE quiet AS ON UPDATE TO pet WHERE NEW.name IS NULL DO INSTEAD NOTHING;
CREATE TABLE note (id integer PRIMARY KEY, person integer REFERENCES person ON DELETE RESTRICT);`;
    const gone = "DROP RULE quiet ON pet; DROP TABLE note";
    const plan = await planned(gone, more);
    expect(plan.exemptions.map(({ kind }) => kind)).toEqual(["rule-stays", "still-referenced"]);
    expect((await prove(gone, plan, more)).failures).toEqual([]);
    const silent = await prove(gone, { ...plan, exemptions: [] }, more);
    expect(verdict(silent)).toContain("new-release");
    const texts = silent.failures.map(({ found }) => found).join();
    expect(texts).toMatch(/ON CONFLICT/);
    expect(texts).toMatch(/RESTRICT setting/);
    expect(texts).not.toMatch(/prepared statement/);
  }, 120_000);

  it.each([
    ["INSERT OR UPDATE", [], "made rows that a trigger never lets in are none to fill"],
    ["UPDATE", ["catalog"], "rows that a trigger refuses to change keep the fill from ending"],
  ])(
    "on %s: %j, %s",
    async (events, failed) => {
      const guarded = `${base}
CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.size > 100 THEN RAISE EXCEPTION 'too big'; END IF; RETURN NEW; END $$;
CREATE TABLE box (id integer PRIMARY KEY, size integer);
INSERT INTO box VALUES (1, 5), (2, 500);
CREATE TRIGGER guard BEFORE ${events} ON box FOR EACH ROW EXECUTE FUNCTION guard();`;
      const wider = "ALTER TABLE box ALTER size TYPE bigint";
      const proof = await prove(wider, await planned(wider, guarded), guarded);
      expect(verdict(proof)).toEqual(failed);
    },
    120_000,
  );

  const renamedTable = "ALTER TABLE person RENAME TO account";

  it("COPY: a view that stands for a table does not take it, and the plan has to say so", async () => {
    const plan = await planned(renamedTable);
    const proof = await prove(renamedTable, plan);
    expect(proof.failures).toEqual([]);
    expect(proof.remarks).toContainEqual(
      expect.stringMatching(/COPY of public\.account by the new release does not go: cannot copy/),
    );
    const silent = await prove(renamedTable, { ...plan, exemptions: [] });
    expect(verdict(silent)).toContain("new-release");
    expect(silent.failures.some(({ statement }) => statement?.startsWith("COPY ") === true)).toBe(
      true,
    );
  }, 120_000);

  it("a note excuses what it says, of the table that it says it of, and nothing else", async () => {
    const naive = "CREATE UNIQUE INDEX once ON person (mail)";
    const plan = await planned(naive);
    expect(plan.exemptions).toEqual([{ kind: "refuses-duplicates", relation: "public.person" }]);
    expect((await prove(naive, plan)).failures).toEqual([]);
    const others: readonly Exemption[] = [
      { kind: "refuses-duplicates", relation: "public.other" },
      { kind: "refuses-values", relation: "public.person" },
      { kind: "other-type", relation: "public.person", column: "mail" },
    ];
    const proof = await prove(naive, { ...plan, exemptions: others });
    expect(verdict(proof)).toEqual(["old-release"]);
    expect(proof.failures[0]!.why).toContain("no note of the plan says it");
  }, 120_000);

  it("a label that goes is there until the contract phase, and what was prepared for its type is said", async () => {
    const from = `CREATE TYPE tone AS ENUM ('warm', 'cold', 'none'); CREATE TABLE item (id integer PRIMARY KEY, tone tone)`;
    const naive = `ALTER TYPE tone RENAME TO old_tone; CREATE TYPE tone AS ENUM ('warm', 'cold');
ALTER TABLE item ALTER tone TYPE tone USING tone::text::tone; DROP TYPE old_tone`;
    const plan = await planned(naive, from);
    const { failures, remarks } = await prove(naive, plan, from);
    expect(failures).toEqual([]);
    expect(remarks.join("\n")).toContain("cache lookup failed for type");
  }, 120_000);

  it("what each step locks and does is kept", async () => {
    const naive = "ALTER TABLE person DROP COLUMN nick; CREATE INDEX by_mail ON person (mail)";
    const plan = await planned(naive);
    const { steps } = await prove(naive, plan);
    expect(steps.map(({ phase, number }) => `${phase} ${number}`)).toEqual([
      ...plan.expand.map((_, n) => `expand ${n + 1}`),
      ...plan.backfill.map((_, n) => `backfill ${n + 1}`),
      ...plan.contract.map((_, n) => `contract ${n + 1}`),
    ]);
    const build = steps.find(({ phase }) => phase === "backfill")!.effect;
    expect(build.locks).toContainEqual(
      expect.objectContaining({ relation: "public.person", mode: "ShareUpdateExclusive" }),
    );
    expect(build.work).toMatchObject([{ kind: "index-build", concurrent: true }]);
    const drop = steps.find(({ phase }) => phase === "contract")!.effect;
    expect(drop.locks).toMatchObject([{ relation: "public.person", mode: "AccessExclusive" }]);
    expect(drop.breaks).toEqual([{ object: "public.person.nick", how: "dropped" }]);
  }, 60_000);
});
