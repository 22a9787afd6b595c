import { expect, it } from "vitest";
import { planOf } from "../operation-harness.ts";
import { testCases } from "./cases.ts";

const base = `
CREATE TABLE team (id integer PRIMARY KEY, code text UNIQUE);
INSERT INTO team VALUES (1, 'a'), (2, 'b');
CREATE TABLE person (
  id integer PRIMARY KEY, mood text CONSTRAINT "Mood?" CHECK (mood IN ('ok', 'sad')),
  age integer, team integer REFERENCES team, code text REFERENCES team (code) ON DELETE CASCADE
);
ALTER TABLE person ADD CONSTRAINT grown CHECK (age > 17) NOT VALID;
COMMENT ON CONSTRAINT "Mood?" ON person IS 'It''s a mood';
INSERT INTO person SELECT n, 'ok', 20 + n, 1 + n % 2, 'a' FROM generate_series(1, 20) n;
CREATE TABLE visit (at date NOT NULL, team integer REFERENCES team, n integer CONSTRAINT few CHECK (n < 99)) PARTITION BY RANGE (at);
CREATE TABLE visit_2021 PARTITION OF visit FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
INSERT INTO visit VALUES ('2021-02-02', 2, 2);
CREATE TABLE animal (legs integer CONSTRAINT legs CHECK (legs > 0));
CREATE TABLE dog (breed text) INHERITS (animal);
CREATE TABLE room (id integer, during int4range, EXCLUDE USING gist (during WITH &&));
`;

const old = `INSERT INTO person SELECT max(id) + 1, 'sad', 30, 1, 'a' FROM person;
INSERT INTO visit VALUES ('2021-05-05', 1, 1)`;
const released = (...statements: readonly string[]) => [old, ...statements].join(";\n");
const undone = (statement: string) => `BEGIN; ${statement}; ROLLBACK`;

const subject = {
  operation: "drop a constraint",
  does: "a check goes before the new release starts, a key after the old one has ended; what replaces it is there first",
};

const replaced = (table: string, after: string) =>
  `ALTER TABLE ${table} DROP CONSTRAINT own, ADD CONSTRAINT own FOREIGN KEY (team) REFERENCES team ${after}`;

const refused: readonly (readonly [string, string, string, string])[] = [
  ["person", "ON UPDATE CASCADE", "ON DELETE CASCADE", "old release relies on ON UPDATE CASCADE"],
  ["person", "ON DELETE CASCADE", "ON UPDATE CASCADE", "new release relies on ON UPDATE CASCADE"],
  ["person", "DEFERRABLE INITIALLY DEFERRED", "ON DELETE CASCADE", "INITIALLY DEFERRED"],
  ["visit", "", "ON DELETE SET NULL", "new release relies on ON DELETE SET NULL"],
];

testCases(
  subject,
  { base, old, new: old },
  [
    {
      name: "a check with a comment, which the new release breaks",
      naive: 'ALTER TABLE person DROP CONSTRAINT "Mood?"',
      new: released(undone("UPDATE person SET mood = 'new'")),
    },
    {
      name: "a check that was NOT VALID, and one of a table with children",
      naive: "ALTER TABLE person DROP CONSTRAINT grown; ALTER TABLE animal DROP CONSTRAINT legs",
      new: released(
        undone("UPDATE person SET age = 3"),
        undone("INSERT INTO dog VALUES (-1, 'x')"),
      ),
    },
    {
      name: "a check of the parent alone",
      naive: "ALTER TABLE ONLY animal DROP CONSTRAINT legs",
    },
    {
      name: "a check of a partitioned table",
      naive: "ALTER TABLE visit DROP CONSTRAINT IF EXISTS few",
      new: released(undone("UPDATE visit SET n = 100")),
    },
    {
      name: "a check that another one of its name replaces: in between either is enough",
      naive: `ALTER TABLE person DROP CONSTRAINT "Mood?", ADD CONSTRAINT "Mood?" CHECK (mood IN ('ok', 'sad', 'new'))`,
      new: released(undone("UPDATE person SET mood = 'new'")),
      also: ({ contract, notes }) => {
        expect(notes[0]).toContain("the old one may read rows that break it");
        // Not for a moment may a row be written that neither allows: VALIDATE would never end.
        expect(contract.map((step) => step.kind === "transaction" && step.statements)).toEqual([
          [expect.stringMatching(/ADD CONSTRAINT "Mood\?" .* NOT VALID$/)],
          [expect.stringContaining('VALIDATE CONSTRAINT "Mood?"')],
          [expect.stringContaining('DROP CONSTRAINT IF EXISTS "Mood?_or_new')],
        ]);
      },
    },
    {
      name: "a foreign key without actions",
      naive: "ALTER TABLE person DROP CONSTRAINT person_team_fkey",
      new: released(undone("UPDATE person SET team = 99")),
      also: ({ backfill }) =>
        expect(backfill[0]).toMatchObject({
          statements: [expect.stringMatching("^LOCK"), expect.stringContaining("DROP")],
        }),
    },
    {
      name: "a foreign key whose actions the old release relies on",
      naive: "ALTER TABLE person DROP CONSTRAINT person_code_fkey",
      also: ({ expand, backfill, notes, exemptions }) => {
        expect([expand, backfill]).toEqual([[], []]);
        expect(notes).toEqual([expect.stringContaining("contract phase only")]);
        expect(exemptions).toContainEqual({ kind: "still-referenced", relation: "public.team" });
      },
    },
    {
      name: "foreign keys beside which one over another column is made, one of them with its column",
      base: `${base}; ALTER TABLE person ADD COLUMN home integer, ADD COLUMN away integer REFERENCES team ON DELETE CASCADE;`,
      naive: `ALTER TABLE person DROP CONSTRAINT person_code_fkey;
ALTER TABLE person DROP CONSTRAINT person_away_fkey;
ALTER TABLE person ADD CONSTRAINT person_home_fkey FOREIGN KEY (home) REFERENCES team ON DELETE CASCADE;
ALTER TABLE person DROP COLUMN away`,
      also: ({ backfill, contract, notes }) => {
        expect(backfill).toEqual([]);
        // Rows whose team goes in between would stop the new one.
        expect(contract.map((step) => step.kind === "transaction" && step.statements)).toEqual([
          [expect.stringMatching(/ADD CONSTRAINT "person_home_fkey" .* NOT VALID$/)],
          [expect.stringContaining('VALIDATE CONSTRAINT "person_home_fkey"')],
          [expect.stringMatching("^LOCK"), expect.stringContaining('DROP COLUMN IF EXISTS "away"')],
          [expect.stringMatching("^LOCK"), expect.stringContaining('"person_code_fkey"')],
        ]);
        expect(notes.join()).toContain("that they refer to by code is deleted");
        expect(notes.join()).toContain("that they refer to by home is deleted");
      },
    },
    {
      name: "a foreign key that the next statement makes anew under its name",
      naive: `ALTER TABLE person DROP CONSTRAINT person_team_fkey;
ALTER TABLE person ADD CONSTRAINT person_team_fkey FOREIGN KEY (team) REFERENCES team ON DELETE SET NULL`,
      also: ({ backfill, contract }) => {
        expect(backfill.at(-1)).toMatchObject({
          // The one lock before the other: a deadlock would end the application's statement.
          statements: [
            'LOCK TABLE ONLY "public"."person" IN ACCESS EXCLUSIVE MODE',
            expect.stringContaining("DROP"),
            expect.stringContaining("RENAME"),
          ],
        });
        expect(contract).toEqual([]);
      },
    },
    {
      name: "foreign keys that are all dropped first and made anew later, one with another action",
      naive: `ALTER TABLE person DROP CONSTRAINT person_code_fkey;
ALTER TABLE person DROP CONSTRAINT person_team_fkey;
CREATE TABLE town (id integer PRIMARY KEY, team integer REFERENCES team);
ALTER TABLE person ADD CONSTRAINT person_code_fkey FOREIGN KEY (code) REFERENCES team (code) ON DELETE SET NULL;
ALTER TABLE person ADD CONSTRAINT person_team_fkey FOREIGN KEY (team) REFERENCES team ON UPDATE CASCADE`,
      new: released(
        undone(
          "INSERT INTO team VALUES (9, 'z'); UPDATE person SET code = 'z' WHERE id = 1; DELETE FROM team WHERE id = 9; UPDATE person SET mood = CASE WHEN code IS NULL THEN 'ok' ELSE 'lost' END WHERE id = 1",
        ),
      ),
      also: ({ backfill, contract, notes, exemptions }) => {
        expect(backfill).toHaveLength(6);
        expect(contract).toEqual([]);
        expect(notes.join()).toContain("makes them refer to nothing");
        expect(exemptions).toEqual([{ kind: "leaves-orphans", relation: "public.team" }]);
      },
    },
    {
      name: "a foreign key that empties what must not be empty, and one that takes rows along instead",
      base: `${base}; ALTER TABLE person ALTER code SET NOT NULL, DROP CONSTRAINT person_team_fkey, ADD FOREIGN KEY (team) REFERENCES team ON DELETE SET NULL;`,
      naive: `ALTER TABLE person DROP CONSTRAINT person_code_fkey, DROP CONSTRAINT person_team_fkey,
  ADD CONSTRAINT person_code_fkey FOREIGN KEY (code) REFERENCES team (code) ON DELETE SET NULL,
  ADD CONSTRAINT person_team_fkey FOREIGN KEY (team) REFERENCES team ON DELETE CASCADE`,
      also: ({ backfill, contract, notes }) => {
        expect(backfill).toEqual([]);
        expect(contract).toHaveLength(6);
        expect(notes.join()).toContain("until the contract phase rows go when");
      },
    },
    {
      name: "a foreign key that would empty what must not be empty, and takes rows along instead",
      base: `${base}; ALTER TABLE person ALTER code SET NOT NULL, DROP CONSTRAINT person_code_fkey, ADD CONSTRAINT person_code_fkey FOREIGN KEY (code) REFERENCES team (code) ON DELETE SET NULL;`,
      naive: `ALTER TABLE person DROP CONSTRAINT person_code_fkey, ADD CONSTRAINT person_code_fkey FOREIGN KEY (code) REFERENCES team (code) ON DELETE CASCADE`,
      new: released(
        undone(
          "INSERT INTO team VALUES (9, 'z'); UPDATE person SET code = 'z' WHERE id = 1; DELETE FROM team WHERE id = 9",
        ),
      ),
      also: ({ backfill, contract, notes }) => {
        expect(backfill).toHaveLength(3);
        expect(contract).toEqual([]);
        expect(notes).toEqual([expect.stringContaining("before, it was refused")]);
      },
    },
    {
      name: "a foreign key of a partitioned table",
      naive: "ALTER TABLE visit DROP CONSTRAINT visit_team_fkey",
      also: ({ notes, exemptions }) => {
        expect(notes).toEqual([
          expect.stringMatching("keep it from being deleted when the row of"),
        ]);
        expect(exemptions).toEqual([
          { kind: "still-referenced", relation: "public.visit" },
          { kind: "still-referenced", relation: "public.team" },
        ]);
      },
    },
    {
      name: "a unique constraint with the foreign key that needs it",
      naive: "ALTER TABLE team DROP CONSTRAINT team_code_key CASCADE",
      also: ({ notes, exemptions }) => {
        expect(notes[1]).toContain("person_code_fkey stays until the contract phase");
        expect(exemptions).toEqual([
          { kind: "refuses-duplicates", relation: "public.team" },
          { kind: "still-referenced", relation: "public.person" },
          { kind: "still-referenced", relation: "public.team" },
        ]);
      },
      old: `${old}; INSERT INTO team VALUES (3, 'a') ON CONFLICT (code) DO NOTHING`,
    },
    {
      name: "a foreign key that is looked at later, and one that is looked at earlier",
      base: `${base}; ALTER TABLE person ALTER CONSTRAINT person_code_fkey DEFERRABLE INITIALLY DEFERRED;`,
      naive: `ALTER TABLE person ALTER CONSTRAINT person_team_fkey DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE person ALTER CONSTRAINT person_code_fkey DEFERRABLE;
ALTER TABLE visit ALTER CONSTRAINT visit_team_fkey DEFERRABLE;
ALTER TABLE visit ALTER CONSTRAINT visit_team_fkey NOT DEFERRABLE`,
      old: released(
        "BEGIN; UPDATE person SET code = 'zz' WHERE id = 2; INSERT INTO team VALUES (8, 'zz'); UPDATE person SET code = 'a' WHERE id = 2; DELETE FROM team WHERE id = 8; COMMIT",
      ),
      new: released(
        "BEGIN; UPDATE person SET team = 9 WHERE id = 1; INSERT INTO team VALUES (9, 'z'); UPDATE person SET team = 1 WHERE id = 1; DELETE FROM team WHERE id = 9; COMMIT",
      ),
      also: ({ expand, backfill, contract, notes, remains }) => {
        expect([expand.length, backfill.length, contract.length]).toEqual([0, 1, 1]);
        expect(notes).toEqual([expect.stringContaining("at COMMIT")]);
        expect(remains).toEqual([]);
      },
    },
    {
      name: "an exclusion constraint",
      naive: "ALTER TABLE room DROP CONSTRAINT room_during_excl",
    },
    {
      name: "a constraint that is not there",
      naive: "ALTER TABLE room DROP CONSTRAINT IF EXISTS nothing",
    },
  ],
  (scratch) => {
    it.each(refused)("refuses on %s: %s, then %s", async (table, before, after, why) => {
      const start = `${base}; ALTER TABLE ${table} DROP CONSTRAINT ${table}_team_fkey, ADD CONSTRAINT own FOREIGN KEY (team) REFERENCES team ${before};`;
      const { parts } = await planOf(scratch(), start, replaced(table, after));
      expect(parts).toMatchObject([{ kind: "refused", why: expect.stringContaining(why) }]);
    });
  },
);
