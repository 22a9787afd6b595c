import { expect, test } from "vitest";
import type { TransactionMode } from "../../src/effects/index.ts";
import { evaluateStatic } from "./support-evaluate.ts";

async function wayOut(rule: string, transaction: TransactionMode, migration: string) {
  const { findings } = await evaluateStatic(
    {
      rule,
      transaction,
      runnerSetsTimeouts: false,
      sizes: undefined,
      base: "CREATE TABLE a (id bigint PRIMARY KEY, n int); CREATE TABLE b (id bigint, a_id bigint);",
      migration,
    },
    18,
  );
  return findings.find((finding) => finding.rule === rule)?.wayOut;
}

const rename = "ALTER TABLE a RENAME TO z;";

test("the view of the old name comes in a transaction of its own only where there is none yet", async () => {
  const of = async (transaction: TransactionMode) =>
    (await wayOut("breaks-running-release", transaction, rename))?.code ?? "";
  for (const transaction of ["file", "deploy", "query"] as const) {
    expect(await of(transaction)).toMatch(/^ALTER TABLE [^]*CREATE VIEW [^]*;$/);
    expect(await of(transaction)).not.toMatch(/COMMIT|BEGIN/);
  }
  expect(await of("statement")).toMatch(/^BEGIN;\n[^]*\nCOMMIT;$/);
});

const key = "ALTER TABLE b ADD CONSTRAINT k FOREIGN KEY (a_id) REFERENCES a;";

test("steps that go to several migrations set their timeouts each, and none has to run outside of a transaction", async () => {
  const apart = await wayOut("blocking-scan", "file", "ALTER TABLE a ALTER COLUMN n SET NOT NULL;");
  expect(apart?.code?.match(/SET lock_timeout/g)).toHaveLength(3);
  expect(apart?.text).toMatch(/in one transaction: give each statement a migration of its own\.$/);
  const together = await wayOut(
    "blocking-scan",
    "statement",
    "ALTER TABLE a ALTER COLUMN n SET NOT NULL;",
  );
  expect(together?.code?.match(/SET lock_timeout/g)).toHaveLength(1);
  expect((await wayOut("blocking-foreign-key", "deploy", key))?.text).toMatch(
    /give each statement a migration of its own, and deploy one after the other\.$/,
  );
  const index = await wayOut("blocking-index-build", "file", "CREATE INDEX ON b (a_id);");
  expect(index?.text).toContain("outside one");
});

test("a required column is not made optional beside a DROP of what its rows may be filled from", async () => {
  const rule = "fails-on-rows";
  const add = "ALTER TABLE a ADD COLUMN x int NOT NULL";
  expect((await wayOut(rule, "file", `${add};`))?.code).toContain("ADD COLUMN x int");
  const beside = await wayOut(rule, "file", `${add}, DROP COLUMN n;`);
  expect(beside?.code).toBeUndefined();
  expect(beside?.text).toContain("Drop the old column last");
});
