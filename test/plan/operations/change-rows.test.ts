import { expect, it } from "vitest";
import { planOf, testOperation } from "../operation-harness.ts";
import { testCases } from "./cases.ts";

const base = `
CREATE EXTENSION IF NOT EXISTS citext;
CREATE TYPE mood AS ENUM ('ok', 'sad');
CREATE TABLE "Per""son" (id integer PRIMARY KEY, "User" citext, state text, mood mood, price numeric(9, 2), note json, n integer NOT NULL DEFAULT 1);
INSERT INTO "Per""son" SELECT n, 'Mixed ' || n, CASE WHEN n % 2 = 0 THEN 'old' END, 'ok', n, '{}' FROM generate_series(1, 20) n;
CREATE TABLE setting (person integer PRIMARY KEY, theme text);
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER stamp BEFORE UPDATE ON setting FOR EACH ROW EXECUTE FUNCTION stamp();
CREATE TABLE paper (id integer PRIMARY KEY, body jsonb);
INSERT INTO paper VALUES (1, '{}'), (2, '{"of": {}, "n": 1}'), (3, NULL);
CREATE TABLE watched (id integer);
CREATE TRIGGER stamp BEFORE UPDATE OF id ON watched FOR EACH ROW EXECUTE FUNCTION stamp();
CREATE FUNCTION restate() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.state := OLD.state; RETURN NEW; END';
CREATE TABLE seated (id integer, state text, note text);
CREATE TRIGGER restate BEFORE UPDATE ON seated FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION restate();
CREATE TABLE keyless (id integer);
INSERT INTO keyless SELECT n % 7 FROM generate_series(1, 30) n;
CREATE TABLE visit (id serial, at date NOT NULL, host text, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
CREATE TABLE visit_2021 PARTITION OF visit FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
INSERT INTO visit (at, host) VALUES ('2021-02-02', 'b');
CREATE TABLE seat (id integer PRIMARY KEY, state text);
INSERT INTO seat SELECT n, CASE WHEN n % 2 = 0 THEN 'free' ELSE 'taken' END FROM generate_series(1, 2000) n;
CREATE TABLE seen (id integer, job timestamptz, PRIMARY KEY (id, job));
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF current_setting('application_name') = 'lockstep/backfill' THEN INSERT INTO seen SELECT NEW.id, created_at FROM lockstep.backfill; END IF;
  RETURN NEW; END $$;
CREATE TRIGGER see AFTER UPDATE ON seat FOR EACH ROW EXECUTE FUNCTION see();
CREATE FUNCTION unseen() RETURNS SETOF integer LANGUAGE plpgsql AS $$ BEGIN
  IF to_regclass('lockstep.backfill') IS NULL THEN RETURN; END IF;
  RETURN QUERY EXECUTE 'SELECT seat.id FROM seat, lockstep.backfill WHERE seat.id BETWEEN 3 AND 2000 AND NOT EXISTS (SELECT FROM seen WHERE (seen.id, job) = (seat.id, created_at))';
  END $$;
CREATE FUNCTION odd(n integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN n; END';
`;

const person = '"Per""son"';
const old = `INSERT INTO ${person} (id, "User", state) SELECT max(id) + 1, 'Abc', 'old' FROM ${person};
UPDATE ${person} SET n = 1 WHERE id = 3; INSERT INTO visit (at, host) VALUES ('2021-05-05', 'X')`;
/** Fails when a row is as it says. */
const none = (condition: string, table = person) =>
  `SELECT 1 / (count(*) = 0)::integer FROM ${table} WHERE ${condition}`;

const subject = {
  operation: "change rows",
  does: "an UPDATE of all rows becomes a fill in batches",
};

testCases(
  subject,
  { base, old, new: "SELECT 1" },
  [
    {
      name: "a value that is not the same though equal, an own function of it, a type without equality",
      naive: `UPDATE ${person} p SET "User" = lower(p."User"), note = '{"a": 1}', mood = 'sad' WHERE n > 0;
UPDATE paper SET body = jsonb_set(body, '{of,land}', '"IN"') WHERE id > 1`,
      new: `${none(
        `id <= 20 AND ("User"::text <> lower("User"::text) OR note::text = '{}' OR mood = 'ok')`,
      )}; ${none(`id = 2 AND body #>> '{of,land}' IS DISTINCT FROM 'IN'`, "paper")}`,
      also: ({ notes, contract }) => {
        expect(contract).toEqual([]);
        expect(notes).toContainEqual(expect.stringContaining("after the fill are not changed"));
      },
    },
    {
      name: "T33: a value that takes the place of another, which a check then refuses",
      naive: `UPDATE ${person} SET state = 'new' WHERE state = 'old' OR state IS NULL;
ALTER TABLE ${person} ADD CHECK (state <> 'old')`,
      new: `INSERT INTO ${person} (id, state) SELECT max(id) + 1, 'new' FROM ${person}`,
      also: ({ contract }) => expect(contract[0]).toMatchObject({ kind: "fill" }),
    },
    {
      name: "T33: a new column with a value of its own for each row, NOT NULL in the end",
      naive: `ALTER TABLE ${person} ADD COLUMN key uuid;
UPDATE ${person} SET key = gen_random_uuid() WHERE key IS NULL;
ALTER TABLE ${person} ALTER key SET NOT NULL`,
      new: `INSERT INTO ${person} (id, key) SELECT max(id) + 1, gen_random_uuid() FROM ${person}`,
    },
    {
      name: "a new column from the primary key, NOT NULL in the end",
      naive: `ALTER TABLE ${person} ADD COLUMN code text;
UPDATE ${person} SET code = 'c' || "Per""son".id;
ALTER TABLE ${person} ALTER code SET NOT NULL`,
      new: `INSERT INTO ${person} (id, code) SELECT max(id) + 1, 'mine' FROM ${person}`,
    },
    {
      name: "a new column with a default, changed in the rows that are there",
      naive: `ALTER TABLE ${person} ADD COLUMN active boolean NOT NULL DEFAULT false; UPDATE ${person} SET active = true`,
      new: none("id <= 20 AND NOT active"),
      also: ({ notes, contract }) => {
        expect(contract).toEqual([]);
        expect(notes).toContainEqual(expect.stringContaining("after the fill are not changed"));
      },
    },
    {
      name: "a partitioned table",
      naive: "UPDATE visit SET host = coalesce(host, 'nobody')",
    },
    {
      name: "a table without a key",
      naive: "UPDATE keyless SET id = 100 WHERE id < 100",
      new: none("id < 100", "keyless"),
    },
    {
      name: "one row by its key, and one that is given where it is missing",
      naive: `UPDATE ${person} SET state = 'third' WHERE id = 3; INSERT INTO setting VALUES (-1, 'x') ON CONFLICT DO NOTHING`,
      new: "SELECT 1 / (count(*) = 1)::integer FROM setting WHERE person = -1",
      also: ({ remains, notes }) => {
        expect(remains).toContain("inserted rows of public.setting");
        expect(notes.join()).toContain("stays after an abort");
      },
    },
    {
      // The trigger itself refuses a row that is visited twice.
      name: "rows that are visited once each, also those that stay as they are: a trigger fires for them",
      naive: "UPDATE seat SET state = 'free' WHERE id > 2",
      old: "INSERT INTO seat SELECT max(id) + 1, 'taken' FROM seat; UPDATE seat SET state = 'taken' WHERE id IN (1, 3, 2000)",
      new: "SELECT 1 / (count(*) = 0)::integer FROM unseen()",
      also: ({ backfill }) => expect(backfill).toMatchObject([{ kind: "fill", once: true }]),
    },
    {
      name: "rows for another table, twice",
      naive: `CREATE TABLE profile (person integer PRIMARY KEY, name text);
INSERT INTO profile SELECT id, "User" FROM ${person} ON CONFLICT DO NOTHING;
INSERT INTO setting SELECT id, 'light' FROM ${person} p WHERE p.n > 0 AND NOT EXISTS (SELECT FROM setting s WHERE s.person = p.id)`,
      new: `SELECT 1 / (count(*) >= 20)::integer FROM profile; SELECT 1 / (count(*) >= 20)::integer FROM setting`,
    },
  ],
  (scratch) => {
    it("says what a fill does not do as the UPDATE does, and what stays after an abort", async () => {
      const { plan } = await planOf(
        scratch(),
        base,
        `ALTER TABLE setting ADD COLUMN open boolean DEFAULT true; UPDATE setting SET open = true;
ALTER TABLE setting ALTER open SET NOT NULL;
ALTER TABLE paper ADD COLUMN size text DEFAULT 'a3'; UPDATE paper SET size = 'a4';
ALTER TABLE keyless ALTER id DROP DEFAULT;
UPDATE keyless SET id = 0 WHERE id IS NULL; ALTER TABLE keyless ALTER id SET NOT NULL;
ALTER TABLE ${person} ADD COLUMN code text; UPDATE ${person} SET code = "User", state = 'x'; ALTER TABLE ${person} ALTER code SET NOT NULL;
ALTER TABLE visit RENAME host TO domain; UPDATE visit SET domain = 'd'; ALTER TABLE visit ALTER domain SET NOT NULL;
ALTER TYPE mood ADD VALUE 'it''s'; CREATE TYPE tone AS ENUM ('low'); ALTER TYPE tone ADD VALUE 'high'`,
      );
      const nulls = "may read NULL there, in rows that the old one wrote";
      expect(plan!.notes).toEqual([
        "the fill is an UPDATE, so that triggers fire once for each row of public.setting that the migration means, also where it holds already what it would get: stamp",
        expect.stringContaining("a row that gets another key meanwhile may be passed over"),
        expect.stringContaining(
          "what triggers of public.setting do for filled rows stays after an abort",
        ),
        expect.stringContaining("until the contract phase NULL is not refused"),
        "rows of public.paper that the old release writes after the fill are not changed",
        "what is changed in rows of public.keyless stays changed after an abort",
        `public.keyless.id NOT NULL: until the contract phase the new release ${nulls}`,
        `what is changed in state of rows of public.${person} stays changed after an abort`,
        expect.stringContaining("when the fill comes by"),
        expect.stringContaining("rows that hold NULL keep the contract phase from ending"),
        `public.${person}.code NOT NULL: until the contract phase the new release ${nulls}`,
        expect.stringContaining("has columns of the plan's"),
        expect.stringContaining("SELECT * of public.visit"),
        "what is changed in rows of public.visit stays changed after an abort",
        `public.visit.domain NOT NULL: until the contract phase the new release ${nulls}`,
        "stays done after an abort: ALTER TYPE mood ADD VALUE 'it''s'",
        "the old release may read 'it''s' of public.mood in rows that the new one writes",
      ]);
      expect(plan!.contract.filter(({ kind }) => kind === "fill")).toHaveLength(3);
      expect(JSON.stringify(plan!.contract)).not.toMatch(/IS NULL\W+AND\W+t\W+id\W+IS NULL/);
      expect(plan!.expand.map(({ title }) => title).join()).not.toContain("keyless");
    });

    it("may do what it does twice where its own values end its WHERE", async () => {
      const { plan } = await planOf(
        scratch(),
        base,
        `UPDATE ${person} SET n = n + 1, state = 'new' WHERE state = 'old'; UPDATE paper SET id = id + 10, body = '{}' WHERE body IS NULL;
UPDATE setting SET theme = 'x' WHERE theme IS DISTINCT FROM 'x' AND person > 0`,
      );
      expect(plan!.backfill.map((step) => step.kind === "fill" && step.once)).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
    });

    it("sets a default before the rows are changed, so that no row of the old release has neither", async () => {
      const { backfill, notes } = await testOperation(scratch(), {
        name: "default first",
        base,
        naive: `ALTER TABLE ${person} ADD COLUMN factor boolean; UPDATE ${person} SET factor = 'f';
ALTER TABLE ${person} ALTER factor SET NOT NULL; ALTER TABLE ${person} ALTER factor SET DEFAULT false;
UPDATE ${person} SET state = 'new' WHERE state = 'old'; ALTER TABLE ${person} ALTER state SET DEFAULT 'old'`,
        old,
        new: none("factor IS NULL"),
      });
      expect(backfill.map(({ kind }) => kind)).toEqual([
        "transaction",
        "fill",
        "fill",
        "transaction",
      ]);
      expect(notes.join()).not.toContain("NULL");
    });

    it("refuses what batches do not do, each with its reason", async () => {
      const refused = [
        [`UPDATE ${person} SET n = n + 1`, "done twice may be wrong"],
        [`UPDATE ${person} SET n = n + 1 WHERE id = 3`, "done twice may be wrong"],
        ["INSERT INTO setting VALUES (-1, 'x')", "an abort could not tell the rows"],
        [
          "DO $$ BEGIN DELETE FROM setting WHERE person = 1; END $$",
          "changes rows of public.setting",
        ],
        [
          `UPDATE ${person} SET n = n + 1, "User" = 'a' WHERE "User" = 'A'`,
          "is not known whether a row that is done",
        ],
        [`UPDATE ${person} SET n = odd(n)`, "another value each time"],
        [`UPDATE ${person} SET n = id, id = n WHERE n > 0`, "done twice may be wrong"],
        [`UPDATE ${person} SET state = now()::text`, "another value each time"],
        [`UPDATE ${person} SET state = 'x' WHERE now() > '2020-01-01'`, "depends on the moment"],
        [`UPDATE ONLY ${person} SET state = 'x'`, "ONLY"],
        [`UPDATE ${person} SET (state, n) = ('x', 1)`, "several columns at once"],
        [`UPDATE ${person} SET n = DEFAULT`, "or a default"],
        [`INSERT INTO setting SELECT id FROM ${person}`, "would be missing"],
        [
          `UPDATE ${person} SET state = upper(state) || 'x' WHERE state LIKE 'old%'`,
          "is not known whether a row that is done",
        ],
        [`UPDATE paper SET body = jsonb_set(body, '{9}', '1')`, "done twice may be wrong"],
        [
          "UPDATE setting SET person = 7, theme = 'x' WHERE person = 7",
          "it changes person, of its key",
        ],
        ["UPDATE watched SET id = 0 WHERE id >= 0", "it has no key for all its rows"],
        [
          "UPDATE seated SET state = 'x' WHERE state IS NULL",
          "may write other values than the statement (restate)",
        ],
      ] as const;
      const naive = refused.map(([statement]) => statement).join(";\n");
      const { parts } = await planOf(scratch(), base, naive);
      expect(parts).toEqual(
        refused.map(([, why]) =>
          expect.objectContaining({ kind: "refused", why: expect.stringContaining(why) }),
        ),
      );
    });

    it("refuses rows that change while the migration has turned triggers off", async () => {
      const naive = `ALTER TABLE seat DISABLE TRIGGER see; UPDATE seat SET state = 'x'; DELETE FROM seat WHERE state = 'y';
ALTER TABLE seat ENABLE TRIGGER see; UPDATE seated SET note = 'x' WHERE note IS NULL`;
      const { parts } = await planOf(scratch(), base, naive);
      expect(parts.map(({ kind }) => kind)).toEqual([
        expect.anything(),
        "refused",
        "refused",
        expect.anything(),
        "operation",
      ]);
      expect(parts[1]).toMatchObject({ why: expect.stringContaining("turned off (see)") });
    });

    it("parts what is done to rows from what needs them, where the same migration does both", async () => {
      const naive = `DELETE FROM ${person} WHERE random() < 0.1; UPDATE ${person} SET n = n + 1;
UPDATE ${person} SET price = random();
ALTER TABLE ${person} ADD CHECK (n > 1)`;
      const { parts } = await planOf(scratch(), base, naive);
      const ways = parts.flatMap((part) => (part.kind === "refused" ? [part.instead[0]] : []));
      expect(ways).toEqual([
        expect.stringMatching(/^two migrations.* DELETE FROM .* from line 3 on$/),
        expect.stringMatching(/^two migrations.* UPDATE .* from line 3 on$/),
        expect.stringMatching(/^after the contract phase/),
      ]);
    });
  },
);
