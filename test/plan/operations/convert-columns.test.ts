import { expect, it } from "vitest";
import { planOf } from "../operation-harness.ts";
import { testCases } from "./cases.ts";

const base = `
CREATE TABLE person (
  id serial PRIMARY KEY,
  full_name text NOT NULL,
  "Status" integer NOT NULL DEFAULT 1,
  street text,
  city text DEFAULT 'Basel',
  since timestamp
);
CREATE INDEX ON person (full_name);
INSERT INTO person (full_name, "Status", street)
  SELECT 'First' || n || ' Last' || n, 1 + n % 2, CASE WHEN n % 3 > 0 THEN 'Way ' || n END FROM generate_series(1, 40) n;
`;

const split = `
-- Names are two columns from now on.
-- lockstep: full_name = first_name || ' ' || coalesce("Last", '')
ALTER TABLE person ADD COLUMN first_name text DEFAULT 'No' CHECK (first_name <> ''), ADD COLUMN "Last" text;
UPDATE person SET first_name = split_part(full_name, ' ', 1), "Last" = split_part(full_name, ' ', 2);
ALTER TABLE person ALTER COLUMN first_name SET NOT NULL, DROP COLUMN full_name;
`;

const subject = {
  operation: "split, merge or convert columns",
  does: "the new columns beside the old ones, kept in step both ways by the expressions of the directives",
};

testCases(
  subject,
  { base, old: "SELECT 1", new: "SELECT 1" },
  [
    {
      name: "split into two",
      naive: split,
      old: `INSERT INTO person (full_name) VALUES ('Ada Lovelace'); UPDATE person SET full_name = 'A B' WHERE id = 2`,
      new: `INSERT INTO person (first_name, "Last") VALUES ('Ada', NULL); INSERT INTO person ("Last") VALUES ('x'); UPDATE person SET "Last" = 'C' WHERE id = 2`,
    },
    {
      name: "two merged into one, beside a conversion of a third",
      naive: `
-- lockstep: street = split_part(address, ', ', 1)
-- lockstep: city = nullif(split_part(address, ', ', 2), '')
-- lockstep: "Status" = CASE state WHEN 'new' THEN 1 ELSE 2 END
ALTER TABLE person ADD COLUMN address text UNIQUE, ADD COLUMN state text;
UPDATE person SET address = street || ', ' || city, state = CASE "Status" WHEN 1 THEN 'new' ELSE 'paid' END;
ALTER TABLE person DROP COLUMN street, DROP COLUMN city, DROP COLUMN "Status";
`,
      old: `INSERT INTO person (full_name, street) VALUES ('x', 'Lane ' || random()); UPDATE person SET "Status" = 2, city = 'Bern' WHERE id = 3`,
      new: `INSERT INTO person (full_name, address) VALUES ('x', 'Lane ' || random() || ', Bern'); UPDATE person SET state = 'new' WHERE id = 3`,
    },
    {
      name: "a moment that gets its time zone",
      naive: `
-- lockstep: since = since_at AT TIME ZONE 'UTC'
ALTER TABLE person ADD COLUMN since_at timestamptz;
UPDATE person SET since_at = since AT TIME ZONE 'UTC';
ALTER TABLE person DROP COLUMN since;
`,
      old: `INSERT INTO person (full_name, since) VALUES ('x', '2026-07-01 12:00'); UPDATE person SET since = '2026-03-29 02:30' WHERE id = 4`,
      new: `INSERT INTO person (full_name, since_at) VALUES ('x', '2026-07-01 12:00+02'); UPDATE person SET since_at = 'infinity' WHERE id = 5`,
    },
  ],
  (scratch) => {
    it("says how a moment gets its time zone under another name", async () => {
      const naive =
        "ALTER TABLE person ALTER since TYPE timestamptz USING since AT TIME ZONE 'UTC'";
      const { parts } = await planOf(scratch(), base, naive);
      expect(parts).toMatchObject([
        {
          why: expect.stringContaining("TimeZone of each session"),
          instead: expect.arrayContaining([
            expect.stringMatching(/since"? = "?since_at"? AT TIME ZONE/),
          ]),
        },
      ]);
    });

    it("asks for the way back", async () => {
      const { parts, plan } = await planOf(
        scratch(),
        base,
        split.replace("-- lockstep: full_name", "-- full_name"),
      );
      expect(plan).toBeUndefined();
      expect(parts.find(({ kind }) => kind === "refused")).toMatchObject({
        instead: [
          expect.stringContaining("docs/plan-directives.md"),
          expect.stringMatching(
            /expect a stall of 0\.2 to 1 s for each million rows of public\.person/,
          ),
        ],
      });
    });

    it.each([
      ["no assignment", "-- lockstep: full_name = "],
      ["another release's column only", "-- lockstep: full_name = first_name || city"],
      ["one row", "-- lockstep: full_name = (SELECT max(first_name) FROM person)"],
    ])("names the line of what is not %s", async (_what, line) => {
      const naive = split.replace(/-- lockstep: .*/, line);
      await expect(planOf(scratch(), base, naive)).rejects.toMatchObject({
        code: "plan-expression",
        explanation: { from: "naive.sql:3" },
      });
    });
  },
);
