import { expect, it } from "vitest";
import { planOf } from "../operation-harness.ts";
import { testCases } from "./cases.ts";

const base = `
CREATE TYPE mood AS ENUM ('ok', 'sad');
CREATE TABLE team (id integer PRIMARY KEY, name text);
INSERT INTO team VALUES (1, 'a'), (2, 'b');
CREATE TABLE "Per""son" (
  id integer, region integer DEFAULT 1, "User" text NOT NULL, age integer NOT NULL CHECK (age > 0), code text NOT NULL UNIQUE,
  mood mood NOT NULL, tags text[] NOT NULL, key uuid NOT NULL UNIQUE, at timestamptz NOT NULL DEFAULT now(), note text,
  number serial, twice integer GENERATED ALWAYS AS (id * 2) STORED, team integer REFERENCES team,
  PRIMARY KEY (id, region)
);
CREATE INDEX ON "Per""son" (note, age);
CREATE VIEW people AS SELECT id, note FROM "Per""son";
INSERT INTO "Per""son" SELECT n, 1, 'u' || n, n, 'c' || n, 'ok', '{}', gen_random_uuid() FROM generate_series(1, 20) n;
CREATE TABLE "order" (id integer PRIMARY KEY, team integer REFERENCES team);
CREATE TABLE visit (at date NOT NULL, host text NOT NULL, n integer NOT NULL DEFAULT 1) PARTITION BY RANGE (at);
CREATE TABLE visit_2021 PARTITION OF visit FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
ALTER TABLE visit_2021 ALTER n SET DEFAULT 5;
INSERT INTO visit VALUES ('2021-02-02', 'b');
CREATE TABLE animal (name text NOT NULL, legs integer DEFAULT 4);
CREATE TABLE dog (breed text) INHERITS (animal);
INSERT INTO dog VALUES ('Rex', 4, 'Collie');
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touch BEFORE UPDATE ON team FOR EACH ROW EXECUTE FUNCTION touch();
CREATE FUNCTION "Next!"(a integer, b text DEFAULT 'x') RETURNS integer LANGUAGE sql AS 'SELECT a + 1';
CREATE SEQUENCE loose;
CREATE TABLE vault (id integer PRIMARY KEY, team integer NOT NULL CONSTRAINT vault_team REFERENCES team ON DELETE CASCADE);
CREATE TABLE badge (id integer PRIMARY KEY, color text DEFAULT 'red', owner text DEFAULT NULL::varchar, kind text, part text DEFAULT 'all');
CREATE UNIQUE INDEX badge_color ON badge (color);
CREATE UNIQUE INDEX badge_owner ON badge (lower(owner));
CREATE UNIQUE INDEX badge_part ON badge (kind, part);
CREATE DOMAIN code AS text;
CREATE TABLE coded (code code NOT NULL);
CREATE TABLE post (place text);
CREATE TABLE lamp (watt integer, CONSTRAINT lit CHECK (watt > 0 AND place IS NOT NULL)) INHERITS (post);
CREATE DOMAIN called AS text DEFAULT 'x';
CREATE TABLE street (name called NOT NULL);
`;

const person = '"Per""son"';
const old = `
INSERT INTO ${person} (id, "User", age, code, mood, tags, key) SELECT max(id) + 1, 'u', 3, 'c' || max(id) + 1, 'sad', '{}', gen_random_uuid() FROM ${person};
SELECT 1 / (count(*) FILTER (WHERE "User" IS NULL) = 0)::integer, count(note), count(number) FROM ${person};
INSERT INTO visit VALUES ('2021-03-03', 'c'); INSERT INTO dog VALUES ('Bo', 4, 'Beagle'); SELECT host FROM visit;
SELECT * FROM people; SELECT "Next!"(1); SELECT nextval('loose'); INSERT INTO "order" SELECT count(*), 1 FROM "order"`;

/** Columns that the new release leaves out, of those that are required. */
const without = (...names: readonly string[]) => {
  const all: Readonly<Record<string, string>> = {
    id: "max(id) + 1",
    '"User"': "'u'",
    age: "3",
    code: "'c' || max(id) + 1",
    mood: "'sad'",
    tags: "'{}'",
    key: "gen_random_uuid()",
  };
  const given = Object.entries(all).filter(([name]) => !names.includes(name));
  return `INSERT INTO ${person} (${given.map(([name]) => name).join(", ")}) SELECT ${given.map(([, value]) => value).join(", ")} FROM ${person}`;
};

const subject = {
  operation: "drop a column, table or another object",
  does: "in the contract phase; until then a required column has a default for the new release",
};

testCases(
  subject,
  { base, old, new: "SELECT 1" },
  [
    {
      name: "columns that are required get a default: one that says nothing, another for each row, or the one that is written",
      naive: `ALTER TABLE ${person} ALTER age SET DEFAULT 1, ALTER mood DROP NOT NULL;
ALTER TABLE ${person} DROP COLUMN "User", DROP age, DROP COLUMN code, DROP mood, DROP COLUMN tags, DROP key`,
      old: old.replace('WHERE "User" IS NULL', "WHERE id IS NULL"),
      new: `${without('"User"', "age", "code", "mood", "tags", "key")}; ${without('"User"', "age", "code", "mood", "tags", "key")}`,
      also: ({ backfill, contract }) => {
        expect(backfill).toHaveLength(6);
        expect(contract).toHaveLength(6);
      },
    },
    {
      name: "columns that need nothing: nullable, serial, generated, with a default, with a foreign key",
      naive: `ALTER TABLE ${person} DROP COLUMN IF EXISTS number; ALTER TABLE ${person} DROP twice, DROP at, DROP team`,
      new: without(),
      also: ({ expand, backfill, notes, exemptions }) => {
        expect([expand, backfill]).toEqual([[], []]);
        // One that is generated, or has a default, is not NULL.
        expect(notes.filter((note) => note.includes("reads NULL"))).toEqual([
          `the old release reads NULL as team of public.${person} in rows that the new one inserts`,
        ]);
        expect(notes).toContainEqual(
          expect.stringMatching(
            /rows of public.team that it points to cannot be deleted .*release$/,
          ),
        );
        expect(exemptions).toEqual([{ kind: "still-referenced", relation: "public.team" }]);
      },
    },
    {
      name: "columns with unique indexes: of what is NULL, and with another column",
      naive: "ALTER TABLE badge DROP owner, DROP part",
      new: "INSERT INTO badge (id, color, kind) SELECT count(*), count(*), count(*) FROM badge",
      also: ({ notes, exemptions }) => {
        expect(notes).toContainEqual(expect.stringContaining("have to differ in kind"));
        expect(notes.at(-1)).toMatch(/^the old release reads NULL as owner of public.badge/);
        expect(exemptions).toEqual([{ kind: "refuses-duplicates", relation: "public.badge" }]);
      },
    },
    {
      name: "a column with an index and a view that goes with it",
      naive: `ALTER TABLE ${person} DROP COLUMN note CASCADE`,
      new: without(),
    },
    {
      name: "a column of a partitioned table",
      naive: "ALTER TABLE visit DROP COLUMN host",
      new: "INSERT INTO visit (at) VALUES ('2021-05-05')",
    },
    {
      name: "a column of a table with children, and of the parent alone",
      naive: "ALTER TABLE animal DROP COLUMN name; ALTER TABLE ONLY animal DROP COLUMN legs",
      new: "INSERT INTO dog (breed) VALUES ('x')",
    },
    {
      name: "NOT NULL that goes",
      naive: `ALTER TABLE ${person} ALTER COLUMN "User" DROP NOT NULL; ALTER TABLE visit ALTER host DROP NOT NULL; ALTER TABLE animal ALTER name DROP NOT NULL`,
      old: old.replace('WHERE "User" IS NULL', "WHERE id IS NULL"),
      new: without('"User"'),
    },
    {
      name: "NOT NULL that goes by its constraint's name",
      from: 18,
      base: `${base}; ALTER TABLE team ADD CONSTRAINT "Team ""Name""" NOT NULL name;`,
      naive: 'ALTER TABLE team DROP CONSTRAINT "Team ""Name"""',
      new: "INSERT INTO team SELECT max(id) + 1 FROM team",
    },
    {
      name: "defaults that change, come and go",
      naive: `ALTER TABLE ${person} ALTER region SET DEFAULT 2, ALTER "User" SET DEFAULT 'nobody', ALTER COLUMN at DROP DEFAULT;
ALTER TABLE visit ALTER n SET DEFAULT 7;
ALTER TABLE animal ALTER legs DROP DEFAULT`,
      new: `INSERT INTO ${person} (id, age, code, mood, tags, key, at) SELECT max(id) + 1, 3, 'c' || max(id) + 1, 'sad', '{}', gen_random_uuid(), now() FROM ${person}`,
    },
    {
      name: "a default of a table one of whose partitions goes",
      naive: `DROP TABLE visit_2021; ALTER TABLE visit ALTER n SET DEFAULT 7`,
      new: "SELECT host, n FROM visit",
    },
    {
      name: "a default only for a moment",
      naive: `ALTER TABLE ${person} ADD COLUMN n integer NOT NULL DEFAULT 5; ALTER TABLE ${person} ALTER n DROP DEFAULT`,
      new: `INSERT INTO ${person} (id, "User", age, code, mood, tags, key, n) SELECT max(id) + 1, 'u', 3, 'c' || max(id) + 1, 'sad', '{}', gen_random_uuid(), 4 FROM ${person}`,
    },
    {
      name: "a table that others point to, and one that points to others",
      naive: 'DROP TABLE "order"; DROP TABLE team CASCADE',
      new: without(),
      also: ({ contract, notes, exemptions }) => {
        expect(contract[0]).toMatchObject({
          statements: [expect.stringMatching("^LOCK TABLE ONLY"), 'DROP TABLE "order"'],
        });
        expect(notes).toEqual([
          expect.stringContaining("public.order refers to public.team"),
          expect.stringMatching(/^public\.order stays .* finds no rows there/),
          expect.stringMatching(/^public\.team stays .* finds no rows there/),
          expect.stringContaining("stays until the contract phase"),
          expect.stringContaining("public.vault.vault_team stays until the contract phase"),
        ]);
        expect(exemptions).toContainEqual({ kind: "still-referenced", relation: "public.vault" });
      },
    },
    {
      name: "a trigger, and the table that it is on",
      naive: `DROP TRIGGER touch ON team; DROP TABLE team CASCADE`,
      new: "SELECT 1",
    },
    {
      name: "a partition, and a partitioned table",
      naive: "DROP TABLE visit_2021; DROP TABLE IF EXISTS visit, nothing",
      // The new release writes rows into the partition.
      also: ({ notes }) => expect(notes).toEqual([expect.stringMatching(/^public\.visit stays/)]),
    },
    {
      name: "a view, functions, a trigger, a sequence",
      naive: `DROP VIEW people; DROP FUNCTION "Next!"(integer, text); DROP TRIGGER touch ON team; DROP FUNCTION touch; DROP SEQUENCE loose`,
      new: without(),
      also: ({ expand, backfill }) => expect([expand, backfill]).toEqual([[], []]),
    },
  ],
  (scratch, major) => {
    const rare =
      "CREATE TABLE rare (id integer, owner text, sign called, signs called[]); CREATE UNIQUE INDEX rare_owner ON rare (owner) NULLS NOT DISTINCT;";
    if (major >= 15)
      it("refuses a column by whose NULLs rows are equal, and says of others what the releases meet", async () => {
        const { parts } = await planOf(
          scratch(),
          base + rare,
          "ALTER TABLE rare DROP owner, DROP sign, DROP signs; DROP TABLE vault; ALTER TABLE badge DROP part; CREATE UNIQUE INDEX badge_kind ON badge (kind)",
        );
        const planned = parts.map((part) => (part.kind === "refused" ? part.why : part.planned));
        expect(planned).toMatchObject([
          expect.stringContaining("rare_owner takes one row"),
          { leftNull: [] },
          { leftNull: [{ column: "signs" }] },
          { notes: [expect.stringContaining("ON DELETE CASCADE"), expect.anything()] },
          {
            notes: expect.arrayContaining([expect.stringContaining('has "badge_kind" beside it')]),
          },
          {},
        ]);
      });

    it("takes NULL for the end of a default, also where a domain has one", async () => {
      const { plan } = await planOf(
        scratch(),
        base,
        "ALTER TABLE street ALTER name SET DEFAULT NULL",
      );
      expect([plan!.expand, plan!.backfill]).toEqual([[], []]);
      expect(JSON.stringify(plan!.contract)).toContain("SET DEFAULT NULL");
    });

    it.each([
      [
        `ALTER TABLE ${person} ALTER region DROP DEFAULT; ALTER TABLE ${person} DROP region`,
        "what the old one may read",
      ],
      [`ALTER TABLE ${person} DROP mood`, "what the old one may read"],
      [`ALTER TABLE ${person} DROP age`, "what the old one may read"],
      // Until the contract phase the key refuses 0, and any other value that says nothing.
      ["ALTER TABLE vault DROP team", "what the old one may read there: any value that is made up"],
      [
        "ALTER TABLE vault DROP CONSTRAINT vault_team; ALTER TABLE vault DROP team",
        "what the old one may read",
      ],
      [
        `ALTER TABLE ${person} ALTER code SET DEFAULT 'x'; ALTER TABLE ${person} DROP code`,
        '"Per""son_code_key" takes one row',
      ],
      ["ALTER TABLE badge DROP color", "badge_color takes one row"],
      ["ALTER TABLE post DROP place", "lit of public.lamp refuses rows in which"],
      ["ALTER TABLE badge ALTER color DROP DEFAULT, DROP color", "badge_color takes one row"],
      ["DROP INDEX badge_color; ALTER TABLE badge DROP color", "badge_color takes one row"],
      [
        "ALTER TABLE dog RENAME TO hound; ALTER TABLE animal ALTER legs SET DEFAULT 3",
        "it reaches public.hound, which has that name from the contract phase on only",
      ],
      ["DROP DOMAIN code CASCADE", "CASCADE takes public.coded.code along"],
      [
        "TRUNCATE team CASCADE",
        "empties public.team, with what refers to it (CASCADE), in one moment",
      ],
      ["DROP TABLE team CASCADE; CREATE TABLE team (id bigint)", "anew under the same name"],
    ])(
      "refuses %s",
      async (naive, why) => {
        const { parts } = await planOf(scratch(), base, naive);
        const refused = parts.filter(({ kind }) => kind === "refused");
        expect(refused).toMatchObject([{ why: expect.stringContaining(why) }]);
      },
      60_000,
    );
  },
);
