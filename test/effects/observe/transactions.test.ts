import { expect, it } from "vitest";
import { placesOf } from "../../../src/effects/observe/transactions.ts";
import type { TransactionMode } from "../../../src/effects/index.ts";
import { parseSql } from "../../../src/sql/index.ts";

/** Transactions of a file, as indexes of their statements: in brackets a block, then how it is run. */
async function transactionsOf(sql: string, mode: TransactionMode): Promise<readonly string[]> {
  const statements = await parseSql(sql, "f.sql");
  const places = placesOf("f.sql", statements, mode);
  return [...new Set([...places.values()].map(({ transaction }) => transaction))].map(
    ({ statements: own, isBlock, isIndivisible, isRolledBack }) => {
      const indexes = own.map(({ index }) => index).join(" ");
      const flags = `${isIndivisible ? " whole" : ""}${isRolledBack ? " undone" : ""}`;
      return `${isBlock ? `[${indexes}]` : indexes}${flags}`;
    },
  );
}

it.each<[TransactionMode, string, string[]]>([
  ["statement", "SELECT 1; SELECT 2", ["0", "1"]],
  ["statement", "SELECT 1; BEGIN; SELECT 2; SELECT 3; COMMIT; SELECT 4", ["0", "[2 3]", "5"]],
  ["file", "SELECT 1; SELECT 2", ["[0 1]"]],
  ["file", "SELECT 1; COMMIT; SELECT 2", ["[0]", "2"]],
  ["query", "SELECT 1; SELECT 2", ["[0 1]"]],
  ["query", "SELECT 1", ["0"]],
  ["query", "SELECT 1; BEGIN; SELECT 2; COMMIT; SELECT 3; SELECT 4", ["[0 2]", "[4 5]"]],
  ["statement", "BEGIN; SELECT 1; ROLLBACK; SELECT 2", ["[1] whole undone", "3"]],
  ["statement", "BEGIN; SAVEPOINT a; SELECT 1; RELEASE a; COMMIT", ["[1 2 3]"]],
  ["statement", "BEGIN; SAVEPOINT a; SELECT 1; ROLLBACK TO a; COMMIT", ["[1 2 3] whole"]],
  ["file", "DECLARE c CURSOR FOR SELECT 1; FETCH c", ["[0 1] whole"]],
  ["file", "CREATE TEMP TABLE t (a int) ON COMMIT DELETE ROWS; SELECT 1", ["[0 1] whole"]],
])("%s: %s", async (mode, sql, expected) => {
  expect(await transactionsOf(sql, mode)).toEqual(expected);
});
