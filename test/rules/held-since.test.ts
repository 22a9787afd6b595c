import { expect, test } from "vitest";
import { evaluateStatic } from "./support-evaluate.ts";

const base = "CREATE TABLE a (id bigint); CREATE TABLE b (id bigint); CREATE TABLE c (id bigint);";

test("every line since which a lock is held is named", async () => {
  const { findings } = await evaluateStatic(
    {
      rule: "lock-held-during-work",
      transaction: "file",
      runnerSetsTimeouts: true,
      sizes: undefined,
      base,
      migration: [
        "ALTER TABLE a ADD COLUMN x int;",
        "CREATE INDEX ON c (id);",
        "ALTER TABLE b ADD COLUMN x int;",
        "CREATE INDEX ON c (id);",
      ].join("\n"),
    },
    18,
  );
  const whys = findings.flatMap(({ rule, why }) => (rule === "lock-held-during-work" ? [why] : []));
  expect(whys).toEqual([
    expect.stringContaining("since line 1 the transaction holds ACCESS EXCLUSIVE on public.a,"),
    expect.stringContaining(
      "since lines 1 and 3 the transaction holds ACCESS EXCLUSIVE on public.a and public.b,",
    ),
  ]);
});
