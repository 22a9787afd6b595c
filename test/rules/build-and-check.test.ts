import { expect, test } from "vitest";
import { evaluateStatic } from "./support-evaluate.ts";

const base = "CREATE TABLE items (id bigint PRIMARY KEY, org_id bigint);";

async function messageOf(migration: string): Promise<string | undefined> {
  const { findings } = await evaluateStatic(
    {
      rule: "blocking-index-build",
      transaction: "file",
      runnerSetsTimeouts: true,
      sizes: undefined,
      base,
      migration,
    },
    18,
  );
  return findings.find(({ rule }) => rule === "blocking-index-build")?.message;
}

test("a check of every row beside an index build is named with it", async () => {
  const primaryKey = "DROP CONSTRAINT items_pkey, ADD PRIMARY KEY (id, org_id)";
  expect(
    await messageOf(`ALTER TABLE items ALTER COLUMN org_id SET NOT NULL, ${primaryKey};`),
  ).toBe(
    "builds an index of public.items, and reads all of public.items to check it, while reads and writes wait",
  );
  expect(await messageOf("ALTER TABLE items ADD UNIQUE (org_id);")).toBe(
    "builds an index of public.items while reads and writes wait",
  );
});
