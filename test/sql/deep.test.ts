import { expect, test } from "vitest";
import { isLockstepError } from "../../src/errors/index.ts";
import { createWorld, fold } from "../../src/effects/index.ts";
import { parseSql } from "../../src/sql/index.ts";

const nested = (levels: number) => `SELECT 1;\nSELECT 1${"+1".repeat(levels)};`;

async function refusal(text: string): Promise<string | undefined> {
  try {
    await parseSql(text, "deep.sql");
    return undefined;
  } catch (error) {
    if (!isLockstepError(error)) throw error;
    return error.explanation.what;
  }
}

test("a statement that is nested too deeply to be gone through is refused where it stands", async () => {
  expect(await refusal(nested(900))).toBeUndefined();
  for (const levels of [1_100, 3_000, 6_000])
    expect(await refusal(nested(levels))).toMatch(/^deep\.sql:2:1: stack depth limit exceeded/);
});

test("the next file is read after the parser ran out of stack", async () => {
  expect(await refusal(nested(100_000))).toContain("stack depth limit exceeded");
  expect(await parseSql("SELECT 1", "next.sql")).toHaveLength(1);
});

const blocks = (levels: number) =>
  `DO $$ BEGIN ${"BEGIN ".repeat(levels)} CREATE TABLE t (id int); ${"END; ".repeat(levels)} END $$`;

test("blocks that are nested too deeply are unknown, others are gone through", async () => {
  for (const [levels, isKnown] of [
    [150, true],
    [2_000, false],
  ] as const) {
    const world = createWorld({ major: 18, complete: true });
    for (const statement of await parseSql(blocks(levels), "deep.sql")) fold(statement, world);
    expect(world.uncertain.length === 0).toBe(isKnown);
    expect(world.relations.size).toBe(Number(isKnown));
  }
});

test("loops in loops come to an end", async () => {
  const text = `DO $$ BEGIN ${"FOR i IN 1..100 LOOP ".repeat(5)} CREATE TABLE IF NOT EXISTS t (id int); ${"END LOOP; ".repeat(5)} END $$`;
  const world = createWorld({ major: 18, complete: true });
  for (const statement of await parseSql(text, "loops.sql")) fold(statement, world);
  expect(world.relations.size).toBe(1);
});
