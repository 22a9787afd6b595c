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

test("whose readers wait and whose writers alone is told apart", async () => {
  const { findings } = await evaluateStatic(
    {
      rule: "lock-held-during-work",
      transaction: "file",
      runnerSetsTimeouts: true,
      sizes: undefined,
      base,
      migration: [
        "ALTER TABLE a ADD COLUMN x int;",
        "CREATE INDEX ON b (id);",
        "CREATE INDEX ON c (id);",
      ].join("\n"),
    },
    18,
  );
  const said = findings.flatMap(({ rule, message }) =>
    rule === "lock-held-during-work" ? [message] : [],
  );
  expect(said).toEqual([
    "builds an index of public.b while reads and writes of public.a wait",
    "builds an index of public.c while reads and writes of public.a, and writes of public.b wait",
  ]);
});
