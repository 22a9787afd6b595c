import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { planOf } from "../operation-harness.ts";

const base = `
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE TABLE "Room" (id integer, during int4range);
INSERT INTO "Room" SELECT n, int4range(n, n + 1) FROM generate_series(1, 20) n;
`;

describe.each([14, 18])("exclusion constraints on Postgres %i", (major) => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({ major });
  });
  afterAll(() => scratch.close());

  const refused = [
    { naive: 'ALTER TABLE "Room" ADD EXCLUDE USING gist (during WITH &&)', from: 14 },
    { naive: 'ALTER TABLE "Room" ADD UNIQUE (id, during WITHOUT OVERLAPS)', from: 18 },
    { naive: 'ALTER TABLE "Room" ADD PRIMARY KEY (id, during WITHOUT OVERLAPS)', from: 18 },
  ].filter(({ from }) => major >= from);
  it.each(refused)("refuses $naive", async ({ naive }) => {
    const { parts, plan } = await planOf(scratch, base, naive);
    expect(plan).toBeUndefined();
    expect(parts).toMatchObject([
      { kind: "refused", why: expect.stringContaining('read or write public."Room"') },
    ]);
  });

  it("leaves one of a table that the migration makes", async () => {
    const naive = "CREATE TABLE n (r int4range); ALTER TABLE n ADD EXCLUDE USING gist (r WITH &&)";
    const { plan } = await planOf(scratch, base, naive);
    expect(plan?.expand).toHaveLength(2);
  });
});
