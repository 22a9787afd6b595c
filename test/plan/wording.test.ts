import { expect, it } from "vitest";
import { statementTitle } from "../../src/plan/wording.ts";

it.each([
  [`ALTER TABLE a  DROP b`, `ALTER TABLE a DROP b`],
  [
    `alter table "quotes" alter column "highestEstimatedExchangeRateNumeratorOfAll" drop default`,
    `alter table "quotes" alter column …`,
  ],
  [
    `COMMENT ON COLUMN "It's a long table" IS 'what nobody has to read to its end, ever'`,
    `COMMENT ON COLUMN "It's a long table" IS …`,
  ],
  ["x".repeat(80), `${"x".repeat(72)} …`],
])("a title of %s ends with a word", (sql, title) => {
  expect(statementTitle(sql)).toBe(title);
});
