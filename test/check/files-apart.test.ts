import { expect, it } from "vitest";
import { temporaryFolder } from "../support/folder.ts";
import { checked, rulesOf } from "./checked.ts";

it("a file's transaction has ended before the next one begins", async () => {
  using folder = temporaryFolder({
    "base.sql":
      "CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE moods (id int PRIMARY KEY, is_mood mood);",
    "1_value.sql": "ALTER TYPE mood ADD VALUE 'happy';\n",
    "2_use.sql": "UPDATE moods SET is_mood = 'happy' WHERE id = 1;\n",
  });
  const check = async (transaction: string) =>
    checked(
      folder,
      "--static",
      "--base",
      "base.sql",
      "--transaction",
      transaction,
      "1_value.sql",
      "2_use.sql",
    );
  expect(rulesOf((await check("file")).report)).toEqual([]);
  expect(rulesOf((await check("deploy")).report)).toContain("fails-in-transaction:1");
});
