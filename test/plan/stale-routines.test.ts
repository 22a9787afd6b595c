import { afterAll, beforeAll, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { planOf } from "./operation-harness.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
});
afterAll(() => scratch.close(), 180_000);

const base = `
CREATE TABLE "Total" (what text PRIMARY KEY, n integer NOT NULL DEFAULT 0);
CREATE TABLE item (id integer PRIMARY KEY);
CREATE VIEW totals AS SELECT * FROM "Total";
CREATE FUNCTION counted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE "Total" SET n = n + 1; RETURN NULL; END';
CREATE TRIGGER counted AFTER INSERT ON item FOR EACH ROW EXECUTE FUNCTION counted();
CREATE FUNCTION sum_of() RETURNS bigint LANGUAGE sql AS 'SELECT sum(n) FROM totals';
CREATE FUNCTION standard() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT sum(n) FROM "Total"; END;
CREATE FUNCTION other() RETURNS integer LANGUAGE plpgsql AS 'BEGIN /* "Total" */ RETURN 1; END';
`;

const note = (name: string, routine: string) =>
  `from the contract phase on nothing is called ${name}; routines in whose text that name stands fail then, unless they mean something else: ${routine}`;

it.each([
  ['ALTER TABLE "Total" RENAME TO sums', note('public."Total"', "public.counted()")],
  ["DROP VIEW totals", note("public.totals", "public.sum_of()")],
  ["DROP TABLE item", undefined],
  [
    `ALTER TABLE "Total" RENAME TO sums;
CREATE OR REPLACE FUNCTION counted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
    undefined,
  ],
])("tells which routines name what goes: %s", async (naive, expected) => {
  const { plan, parts } = await planOf(scratch, base, naive);
  const notes =
    plan?.notes ?? parts.flatMap((one) => ("planned" in one ? (one.planned.notes ?? []) : []));
  expect(notes.filter((one) => one.includes("in whose text"))).toEqual(
    expected === undefined ? [] : [expected],
  );
});
