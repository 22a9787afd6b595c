import { expect, it } from "vitest";
import { slot, styleFor } from "../../src/report/style.ts";

const style = styleFor({ isTTY: false, columns: 60, env: {} });
const tail = "some more words, so that the line is longer than the terminal is wide";
const linesOf = (text: string) => slot(style, "next", text).split("\n").length;

it.each([
  `COPY of the table fails while it is a view; ${tail}`,
  `NULL is refused from the contract phase on; ${tail}`,
  `UPDATE of all rows takes a lock on each of them; ${tail}`,
  `DROP COLUMN loses what only the old release wrote; ${tail}`,
  `ALTER TABLE takes a lock that everybody waits for; ${tail}`,
  `JSON of an older version has no such member; ${tail}`,
])("wraps a sentence that begins with capitals: %s", (text) => {
  expect(linesOf(text)).toBeGreaterThan(1);
});

it.each([
  'ALTER TABLE "shop"."orders" ADD COLUMN "a column with a long name" text NOT NULL',
  "ALTER TYPE shop.status ADD VALUE 'a label that is rather long' AFTER 'another one that is long'",
  'CREATE UNIQUE INDEX CONCURRENTLY "a_long_name_of_an_index" ON "shop"."orders" (id, other)',
  'DROP INDEX CONCURRENTLY "shop"."a_long_name_of_an_index"; then build it again, under its name',
  'GRANT SELECT, INSERT, UPDATE, DELETE ON "shop"."orders" TO a_role_with_a_long_name_of_its_own',
  "UPDATE public.person AS t SET lockstep_p1 = 1 WHERE t.lockstep_p1 = 0 AND t.id > 1000",
  "lockstep migrate --phase contract a_plan_with_a_long_name --env production --quiet-for 60000",
])("keeps a command whole: %s", (text) => {
  expect(linesOf(text)).toBe(1);
});
