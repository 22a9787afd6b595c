import { expect, test } from "vitest";
import { evaluateStatic } from "./support-evaluate.ts";

const base = "CREATE TABLE items (id bigint PRIMARY KEY, org_id bigint);";

async function messageOf(migration: string): Promise<string | undefined> {
  return (await findingOf("blocking-index-build", migration))?.message;
}

async function findingOf(rule: string, migration: string) {
  const { findings } = await evaluateStatic(
    {
      rule,
      transaction: "file",
      runnerSetsTimeouts: true,
      sizes: undefined,
      base,
      migration,
    },
    18,
  );
  return findings.find((finding) => finding.rule === rule);
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

test("work inside of a program is not said to have no other form", async () => {
  const block = (sql: string) => `DO $do$ BEGIN ${sql}; END $do$;`;
  const build = await findingOf(
    "blocking-index-build",
    block("ALTER TABLE items ADD UNIQUE (org_id)"),
  );
  const scan = await findingOf(
    "blocking-scan",
    block("ALTER TABLE items ALTER org_id SET NOT NULL"),
  );
  for (const finding of [build, scan]) {
    expect(finding?.wayOut.text).toContain("a statement of its own");
    expect(finding?.wayOut.needsPlan).toBeUndefined();
  }
});
