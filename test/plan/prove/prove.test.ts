import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { provePlan } from "../../../src/plan/prove/prove.ts";
import { parseSql } from "../../../src/sql/index.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { planOf } from "../operation-harness.ts";
import { Session } from "../../../src/pg/index.ts";

const base = `
CREATE TABLE team (id integer PRIMARY KEY);
CREATE TABLE person (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "Full Name" varchar(80) COLLATE "C" NOT NULL DEFAULT 'Nobody' CHECK (length("Full Name") > 1),
  team integer REFERENCES team
);
CREATE UNIQUE INDEX "by name" ON person (lower("Full Name"));
INSERT INTO team VALUES (1), (2);
INSERT INTO person ("Full Name", team) SELECT 'Name ' || n, 1 + n % 2 FROM generate_series(1, 50) n;
`;

describe.each([18])("proof on %i", (major) => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({ major });
  });
  afterAll(() => scratch.close());

  it("holds for a rename", async () => {
    const naive = `ALTER TABLE person RENAME COLUMN "Full Name" TO name`;
    const { plan } = await planOf(scratch, base, naive);
    const template = await scratch.template("x", async (url) => {
      await using session = await Session.open({ url, applicationName: "test" });
      await session.batch(base);
    });
    const proof = await provePlan({
      scratch,
      template,
      naive: await parseSql(naive, "naive.sql"),
      plan: plan!,
      searchPath: ["public"],
    });
    console.log(plan!.backfill.length, plan!.contract.length);
    console.log(JSON.stringify(proof, null, 1));
    expect(proof.failures).toEqual([]);
  }, 60_000);
});
