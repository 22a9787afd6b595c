import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { plainTokens } from "../../src/rules/plain-tokens.ts";
import { loadParser, parseSql } from "../../src/sql/index.ts";

const { scanSync } = await loadParser();

/** What Postgres' scanner makes of it. */
function scanned(sql: string) {
  const bytes = Buffer.from(sql, "utf8");
  const offset = (byte: number) => bytes.toString("utf8", 0, byte).length;
  return scanSync(sql).tokens.map(({ start, end }) => ({
    start: offset(start),
    end: offset(end),
  }));
}

test.each([
  "ALTER TABLE ONLY public.a1 ADD CONSTRAINT c FOREIGN KEY (x, y$1) REFERENCES b (id)",
  "UPDATE a SET b = coalesce(b, ''), c = 'it''s' WHERE d >= 10 AND e <> 2 AND f<=3",
  `ALTER TABLE "Odd ""Name""" ALTER "Ünit" SET DEFAULT 'größe'::text, DROP "x"`,
  "CREATE INDEX ON t (a) WHERE a[1] = 2;\n\f\tSELECT 1",
])("plain text has the scanner's tokens: %s", (sql) => {
  expect(plainTokens(sql)).toEqual(scanned(sql));
});

test.each([
  "SELECT 1 -- why",
  "SELECT 1 /* why */",
  "SELECT 1.5",
  "SELECT .5",
  "SELECT 1e5",
  "SELECT E'a\\'b'",
  `SELECT U&"a"`,
  "SELECT 'a'\n'b'",
  "SELECT $$a$$",
  "SELECT $1",
  "SELECT a <-> b",
  "SELECT größe",
  "SELECT a[1:2]",
])("anything else is left to the scanner: %s", (sql) => {
  expect(plainTokens(sql)).toBeUndefined();
});

test("every statement of the rules' cases that is plain has the scanner's tokens", async () => {
  const folder = join(import.meta.dirname, "cases");
  let plain = 0;
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".sql")))
    for (const { sql } of await parseSql(readFileSync(join(folder, name), "utf8"), name)) {
      const tokens = plainTokens(sql);
      if (tokens === undefined) continue;
      plain++;
      expect(tokens, sql).toEqual(scanned(sql));
    }
  expect(plain).toBeGreaterThan(100);
});
