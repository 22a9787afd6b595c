import { expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import { sqlName } from "../../src/rules/sql-names.ts";
import { startScratch } from "../../src/scratch/index.ts";
import { loadParser } from "../../src/sql/index.ts";

it("names of ASCII letters are quoted as the server does, all keywords among them", async () => {
  await loadParser();
  await using scratch = await startScratch();
  const { url } = await scratch.createDatabase();
  await using session = await Session.open({ url, applicationName: "lockstep/test" });
  const others = ["users", "item_12", "a1", "_", "Users", "with space", "1a", "a-b"];
  const long = ["current_timestamps", "x".repeat(63)];
  const { rows } = await session.query<{ word: string; quoted: string }>(
    `SELECT word, quote_ident(word) AS quoted
     FROM (SELECT word FROM pg_get_keywords() UNION SELECT unnest($1::text[])) AS words`,
    [[...others, ...long]],
  );
  expect(rows.length).toBeGreaterThan(450);
  const differing = rows.filter(({ word, quoted }) => sqlName(word) !== quoted);
  expect(differing).toEqual([]);
});
