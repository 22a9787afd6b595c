import { afterAll, beforeAll, expect, it } from "vitest";
import { Laboratory, locksOf } from "./support.ts";

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await Laboratory.start();
});
afterAll(async () => laboratory[Symbol.asyncDispose]());

const schema = "CREATE TABLE users (id int PRIMARY KEY)";
const limitMs = 2_000;
const reason = "it did not end within 2 s on a scratch database and was ended";

it.each([
  ["a sleep", "statement", "SELECT pg_sleep(3600)"],
  ["a sleep in the tool's transaction", "file", "SELECT pg_sleep(3600)"],
  ["a loop", "statement", "DO $$ BEGIN LOOP NULL; END LOOP; END $$"],
  ["a loop that commits", "statement", "DO $$ BEGIN LOOP COMMIT; END LOOP; END $$"],
  [
    "one that catches the first request to end",
    "statement",
    "DO $$ BEGIN LOOP PERFORM pg_sleep(3600); EXIT; END LOOP; EXCEPTION WHEN query_canceled THEN PERFORM pg_sleep(3600); END $$",
  ],
  [
    "a wait for what nobody gives back",
    "statement",
    "DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_tables WHERE tablename = 'never') LOOP PERFORM pg_sleep(0.1); END LOOP; END $$",
  ],
] as const)("%s is ended, and what comes after it observed", async (_, transaction, sql) => {
  const [endless, next] = await laboratory.observe(
    schema,
    `${sql}; ALTER TABLE users ADD COLUMN a int`,
    { transaction, limitMs },
  );
  expect(endless!.effect.unknown).toEqual([reason]);
  expect(endless!.error?.wasEnded).toBe(true);
  expect(next!.effect.unknown).toEqual([]);
  expect(locksOf(next!)).toEqual(["table public.users AccessExclusive"]);
});

it("a limit that the migration sets itself is a failure of its own", async () => {
  const [, slow] = await laboratory.observe(
    schema,
    "SET statement_timeout = '10ms'; SELECT pg_sleep(3600)",
    { limitMs: 600_000 },
  );
  expect(slow!.effect).toMatchObject({ failures: [{ sqlState: "57014" }], unknown: [] });
  expect(slow!.error?.wasEnded).toBe(false);
});
