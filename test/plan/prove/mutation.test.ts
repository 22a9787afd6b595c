import { afterAll, beforeAll, expect, it } from "vitest";
import { Session } from "../../../src/pg/index.ts";
import type { Plan } from "../../../src/plan/model.ts";
import type { Proof } from "../../../src/plan/prove/proof.ts";
import { provePlan } from "../../../src/plan/prove/prove.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { parseSql } from "../../../src/sql/index.ts";
import { planOf } from "../operation-harness.ts";
import { mutantsOf } from "./mutants.ts";

const base = `
CREATE TABLE team (id integer PRIMARY KEY, name text);
CREATE TABLE person (id integer PRIMARY KEY, team integer, nick text);
INSERT INTO team SELECT n FROM generate_series(1, 5) n;
INSERT INTO person SELECT n, 1 + n % 5, 'Name ' || n FROM generate_series(1, 20) n;
`;

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
});
afterAll(() => scratch.close());

async function proofOf(naive: string, plan: Plan): Promise<Proof> {
  const template = await scratch.template(`mutants ${base}`, async (url) => {
    await using session = await Session.open({ url, applicationName: "test" });
    await session.batch(base);
  });
  const statements = await parseSql(naive, "naive.sql");
  return await provePlan({ scratch, template, naive: statements, plan, searchPath: ["public"] });
}

/** Of these plans no step can be lost, moved or joined with the next without harm. */
it.each([
  "ALTER TABLE person ALTER COLUMN nick SET NOT NULL",
  "ALTER TABLE person ADD FOREIGN KEY (team) REFERENCES team",
])(
  "no mutant is proven: %s",
  async (naive) => {
    const { plan } = await planOf(scratch, base, naive);
    const proven: string[] = [];
    const mutants = [{ name: "as it is", plan: plan! }, ...mutantsOf(plan!)];
    expect(mutants.length).toBeGreaterThan(5);
    for (const mutant of mutants) {
      const { failures } = await proofOf(naive, mutant.plan);
      if (failures.length === 0) proven.push(mutant.name);
    }
    expect(proven).toEqual(["as it is"]);
  },
  240_000,
);

it("dual writes that do not fire for what a subscription writes are not proven", async () => {
  const naive = "ALTER TABLE person RENAME COLUMN nick TO name";
  const { plan } = await planOf(scratch, base, naive);
  const expand = plan!.expand.map((step) =>
    step.kind === "transaction"
      ? { ...step, statements: step.statements.filter((one) => !one.includes("ENABLE ALWAYS")) }
      : step,
  );
  expect(expand).not.toEqual(plan!.expand);
  const { failures } = await proofOf(naive, { ...plan!, expand });
  expect(failures.map(({ proof, found }) => [proof, found])).toContainEqual([
    "data",
    "it is enabled for origin",
  ]);
}, 240_000);
