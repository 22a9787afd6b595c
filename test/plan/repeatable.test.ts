import { expect, it } from "vitest";
import { repeatable } from "../../src/plan/repeatable.ts";
import { parseSql } from "../../src/sql/index.ts";

it.each([
  ["ALTER TYPE mood ADD VALUE 'ok'", "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'ok'"],
  [
    `alter type "add value" /* ADD VALUE */ add value 'ok' before 'sad'`,
    `alter type "add value" /* ADD VALUE */ add value IF NOT EXISTS 'ok' before 'sad'`,
  ],
  ["ALTER TYPE add.value ADD\nVALUE 'é'", "ALTER TYPE add.value ADD\nVALUE IF NOT EXISTS 'é'"],
  ["ALTER TYPE m ADD VALUE IF NOT EXISTS 'ok'", "ALTER TYPE m ADD VALUE IF NOT EXISTS 'ok'"],
  [
    'alter domain "drop constraint" drop /* it */ constraint c',
    'alter domain "drop constraint" drop /* it */ constraint IF EXISTS c',
  ],
  ["ALTER DOMAIN d DROP CONSTRAINT IF EXISTS c", "ALTER DOMAIN d DROP CONSTRAINT IF EXISTS c"],
  ["ALTER TYPE m RENAME VALUE 'a' TO 'b'", "ALTER TYPE m RENAME VALUE 'a' TO 'b'"],
])("%s changes nothing a second time", async (sql, expected) => {
  const [statement] = await parseSql(sql, "test");
  expect(repeatable(statement!)).toBe(expected);
});
