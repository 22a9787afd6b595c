import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failuresOf, Laboratory, locksOf } from "./support.ts";

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await Laboratory.start();
});
afterAll(async () => laboratory[Symbol.asyncDispose]());

const schema = `
  CREATE TYPE mood AS ENUM ('sad', 'ok');
  CREATE TABLE people (id int GENERATED ALWAYS AS IDENTITY, feels mood, note text);`;

describe("a definition that is wrong fails always", () => {
  const wrong = [
    ["ALTER TABLE people ALTER COLUMN id TYPE text", "22023"],
    ["ALTER TABLE people SET (nothing = 5)", "22023"],
    ["ALTER TABLE people ALTER COLUMN feels SET DEFAULT 'glad'", "22P02"],
    ["ALTER TABLE people ADD CHECK (feels <> 'glad')", "22P02"],
    ["INSERT INTO people (feels) VALUES ('glad')", "22P02"],
    ["SELECT FROM people WHERE id = 'one'", "22P02"],
  ] as const;

  it.each(wrong)("%s", async (sql, sqlState) => {
    const [alone] = await laboratory.observe(schema, sql);
    expect(failuresOf(alone!)).toEqual([`always ${sqlState}`]);
    const [, , inside] = await laboratory.observe(
      schema,
      `BEGIN; DELETE FROM people; ${sql}; ROLLBACK`,
    );
    expect(failuresOf(inside!)).toEqual([`always ${sqlState}`]);
  });

  it("a value of a row does not", async () => {
    const [cast] = await laboratory.observe(
      schema,
      "ALTER TABLE people ALTER COLUMN note TYPE int USING note::int",
    );
    expect(failuresOf(cast!)).toEqual(["on-rows 22P02"]);
  });
});

describe("a lock that a transaction holds already", () => {
  it("is said to be taken again where the transaction cannot be taken apart", async () => {
    const [, first, again, stronger] = await laboratory.observe(
      schema,
      `BEGIN; COMMENT ON TABLE people IS 'x'; COMMENT ON TABLE people IS 'y';
       ALTER TABLE people ADD COLUMN age int; ROLLBACK`,
    );
    expect(first!.retaken).toBeUndefined();
    expect(locksOf(again!)).toEqual([]);
    expect(again!.retaken).toEqual(["public.people"]);
    expect(locksOf(stronger!)).toEqual(["table public.people AccessExclusive"]);
    expect(stronger!.retaken).toBeUndefined();
  });
});
