import { expect } from "vitest";
import { testCases } from "./cases.ts";

const base = `
CREATE TABLE item (id integer PRIMARY KEY, name varchar(20) NOT NULL, price numeric(6, 2));
INSERT INTO item SELECT n, 'Name ' || n, n FROM generate_series(1, 20) n;
`;

const old = `INSERT INTO item SELECT max(id) + 1, 'old', 1 FROM item; UPDATE item SET name = 'x' WHERE id = 2`;
const wide = `INSERT INTO item SELECT max(id) + 1, repeat('long ', 9), 1234567.5 FROM item`;

const subject = {
  operation: "change a type freely",
  does: "what Postgres does in its catalogs alone (a longer varchar, text) comes right before the new release",
};

testCases(subject, { base, old, new: wide }, [
  {
    name: "varchar to text with a cast that says nothing new, numeric with more digits",
    naive:
      "ALTER TABLE item ALTER COLUMN name TYPE text USING name::text::text, ALTER COLUMN price TYPE numeric(12, 2)",
    also: ({ expand, contract, notes, remains }) => {
      expect([expand, contract]).toEqual([[], []]);
      expect(remains).toEqual([
        "column-type-changed public.item.name",
        "column-type-changed public.item.price",
      ]);
      expect(notes).toContainEqual(
        expect.stringMatching(/prepared by name.*until it is prepared again/),
      );
    },
  },
]);
