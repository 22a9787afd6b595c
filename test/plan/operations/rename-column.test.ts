import { expect, it } from "vitest";
import type { Scratch } from "../../../src/scratch/index.ts";
import { planOf } from "../operation-harness.ts";
import { testCases } from "./cases.ts";

const base = `
CREATE TABLE team (id integer PRIMARY KEY);
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE "App User" (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "Full Name" varchar(80) COLLATE "C" NOT NULL DEFAULT 'Nobody' CHECK (length("Full Name") > 1),
  team integer REFERENCES team,
  mood mood DEFAULT 'ok',
  visits integer NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX "user by name" ON "App User" (lower("Full Name")) INCLUDE (id) WHERE "Full Name" <> '';
CREATE INDEX ON "App User" (team, mood);
CREATE VIEW names AS SELECT id, "Full Name" FROM "App User";
COMMENT ON COLUMN "App User"."Full Name" IS 'As it is spoken';
GRANT SELECT ("Full Name"), UPDATE (id) ON "App User" TO PUBLIC;
INSERT INTO team VALUES (1), (2);
CREATE TABLE note (text varchar(9) DEFAULT 'none');
INSERT INTO note SELECT n % 7 FROM generate_series(1, 30) n;
CREATE TABLE animal (id integer PRIMARY KEY, name text);
CREATE TABLE dog (breed text) INHERITS (animal);
CREATE TABLE computed (id integer PRIMARY KEY, low text, up text GENERATED ALWAYS AS (upper(low)) STORED);
CREATE FUNCTION lowered() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.low := lower(NEW.low); RETURN NEW; END';
CREATE TRIGGER "über alles" BEFORE UPDATE ON computed FOR EACH ROW EXECUTE FUNCTION lowered();
CREATE FUNCTION same() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM to_jsonb(NEW); RETURN NEW; END';
CREATE DOMAIN positive AS integer CHECK (value > 0);
CREATE DOMAIN small AS positive CHECK (value < 1000);
CREATE DOMAIN filled AS text DEFAULT 'nothing' NOT NULL;
CREATE TABLE stock (id integer PRIMARY KEY, n small, what filled);
CREATE TRIGGER a_first BEFORE UPDATE ON stock FOR EACH ROW EXECUTE FUNCTION same();
INSERT INTO stock SELECT n, n, 'x' FROM generate_series(1, 30) n;
CREATE TABLE visit (id serial, at date NOT NULL, host integer REFERENCES team, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
CREATE TABLE visit_2021 PARTITION OF visit FOR VALUES FROM ('2021-01-01') TO ('2022-01-01') PARTITION BY LIST (at);
CREATE TABLE visit_2021_1 PARTITION OF visit_2021 DEFAULT;
CREATE TABLE visit_rest PARTITION OF visit DEFAULT;
CREATE UNIQUE INDEX ON visit (host, id, at) WHERE host > 0;
INSERT INTO visit (at, host) SELECT '2021-12-01'::date + n, 1 FROM generate_series(1, 60) n;
INSERT INTO "App User" ("Full Name", team) SELECT 'Name ' || n, 1 + n % 2 FROM generate_series(1, 50) n;
`;

const subject = {
  operation: "rename a column",
  does: "a second column, kept in step both ways by triggers, with what hangs on the first; that one goes in the contract phase",
};

testCases(
  subject,
  { base, old: "SELECT 1", new: "SELECT 1" },
  [
    {
      name: "a column with a unique index, a check, a default and a view",
      naive: `ALTER TABLE "App User" RENAME COLUMN "Full Name" TO name`,
      old: `INSERT INTO "App User" ("Full Name") VALUES ('Old ' || txid_current())`,
      new: `INSERT INTO "App User" (name) VALUES ('New ' || txid_current()); SELECT 1 / has_column_privilege('pg_monitor', '"App User"', 'name', 'SELECT')::integer`,
      also: ({ notes }) => {
        // Not the primary key, which does not read the column.
        expect(notes).toContainEqual(
          expect.stringContaining('contract phase "user by name" has a second index beside it'),
        );
        expect(notes).toContainEqual(expect.stringContaining("COPY … FROM without a list"));
      },
    },
    {
      name: "a column with a foreign key",
      naive: `ALTER TABLE "App User" RENAME COLUMN team TO "Team Id"`,
      old: `INSERT INTO "App User" ("Full Name", team) VALUES ('Old ' || txid_current(), 2)`,
      new: `INSERT INTO "App User" ("Full Name", "Team Id") VALUES ('New ' || txid_current(), 1)`,
    },
    {
      name: "a column of an enum with a default",
      naive: `ALTER TABLE "App User" RENAME mood TO feeling`,
      old: `INSERT INTO "App User" ("Full Name", mood) VALUES ('Old ' || txid_current(), NULL)`,
      new: `INSERT INTO "App User" ("Full Name", feeling) VALUES ('New ' || txid_current(), 'sad')`,
    },
    {
      name: "a column of a table without a key",
      naive: "ALTER TABLE note RENAME text TO body",
      old: "INSERT INTO note VALUES ('old'); UPDATE note SET text = 'older' WHERE text = 'old'",
      new: "INSERT INTO note (body) VALUES ('new'); SELECT 1 / (count(*) = 0)::integer FROM note WHERE body IS NULL",
    },
    {
      name: "a column of a domain with a check, over another one",
      naive: "ALTER TABLE stock RENAME n TO amount",
      old: "INSERT INTO stock SELECT max(id) + 1, 7, 'x' FROM stock; UPDATE stock SET n = NULL WHERE id = 3",
      new: "INSERT INTO stock (id, amount, what) SELECT max(id) + 1, 7, 'x' FROM stock; SELECT 1 / (count(*) = 0)::integer FROM stock WHERE amount IS NULL AND id <> 3",
      also: ({ notes, exemptions }) => {
        expect(notes.join()).toContain("is integer until the contract phase");
        expect(notes).toContainEqual(
          expect.stringContaining("triggers fire for each row of public.stock: a_first"),
        );
        expect(notes).toContainEqual(expect.stringMatching(/stock have both forms.*: a_first$/));
        expect(exemptions).toContainEqual({
          kind: "other-type",
          relation: "public.stock",
          column: "amount",
        });
      },
    },
    {
      name: "a column of the key of a partitioned table of two levels",
      naive: "ALTER TABLE visit RENAME id TO number",
      old: "INSERT INTO visit (at, host) VALUES ('2021-02-02', 2), ('2024-02-02', NULL)",
      new: "INSERT INTO visit (at, host) VALUES ('2021-02-02', 2) ON CONFLICT (at, number) DO NOTHING",
    },
    {
      name: "a column of a partitioned table with a foreign key and a partial unique index",
      naive: "ALTER TABLE visit RENAME host TO team",
      old: "INSERT INTO visit (at, host) VALUES ('2021-02-02', 2), ('2024-02-02', NULL)",
      new: "INSERT INTO visit (at, team) VALUES ('2021-02-02', 2) ON CONFLICT (team, id, at) WHERE team > 0 DO NOTHING",
    },
  ],
  (scratch) => {
    it.each([
      ["do not fire for rows of public.dog", "ALTER TABLE animal RENAME name TO called"],
      [
        "do not fire for rows of public.dog",
        `-- lockstep: called = upper(name)
-- lockstep: name = lower(called)
ALTER TABLE animal ADD COLUMN called text;
ALTER TABLE animal DROP COLUMN name`,
      ],
    ])("refuses what triggers cannot keep in step: %s", async (why, naive) => {
      await refuses(scratch(), naive, why);
    });
    it("T15: refuses a generated column, which is computed after the triggers", async () => {
      const naive = "ALTER TABLE computed RENAME up TO upper";
      await refuses(scratch(), naive, "computes it only after them");
    });
    it("refuses a column that decides on a row's partition, on any level", async () => {
      await refuses(scratch(), "ALTER TABLE visit RENAME at TO day", "is partitioned by at");
    });
    it("refuses a domain that refuses NULL: another type would not", async () => {
      await refuses(
        scratch(),
        "ALTER TABLE stock RENAME what TO kind",
        "of the domain public.filled",
      );
    });
    it.each([
      "ALTER TABLE stock ALTER n SET NOT NULL; ALTER TABLE stock RENAME n TO amount",
      "ALTER TABLE stock ALTER what DROP DEFAULT; ALTER TABLE stock ALTER n SET NOT NULL; ALTER TABLE stock RENAME n TO amount",
    ])("refuses what would come behind a rename with the old name: %s", async (naive) => {
      const { parts } = await planOf(scratch(), base, naive);
      const refused = parts.filter(({ kind }) => kind === "refused");
      expect(refused).toMatchObject([{ why: expect.stringContaining("already, as a later") }]);
    });
    it("refuses to go by way of a name that it gives and takes again", async () => {
      const naive = "ALTER TABLE stock RENAME n TO amount; ALTER TABLE stock RENAME amount TO many";
      const { parts } = await planOf(scratch(), base, naive);
      expect(parts.at(-1)).toMatchObject({
        why: expect.stringContaining("gives and takes again"),
        instead: [expect.stringMatching(/RENAME COLUMN "n" TO "many"/)],
      });
    });
    it("refuses a name that the old release has", async () => {
      const naive =
        "ALTER TABLE note ADD plain text; ALTER TABLE note DROP text; ALTER TABLE note RENAME plain TO text";
      const { parts } = await planOf(scratch(), base, naive);
      expect(parts.at(-1)).toMatchObject({ why: expect.stringContaining("of its own until") });
    });
    it("T12: refuses a table with a trigger that fires after ours, whatever it is called", async () => {
      await refuses(scratch(), "ALTER TABLE computed RENAME low TO lower", "fires outside of them");
    });
  },
);

async function refuses(scratch: Scratch, naive: string, why: string): Promise<void> {
  const { parts } = await planOf(scratch, base, naive);
  expect(parts[0]).toMatchObject({ kind: "refused", why: expect.stringContaining(why) });
}
