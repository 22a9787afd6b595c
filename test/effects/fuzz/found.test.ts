import { expect, test } from "vitest";
import { predict } from "../../../src/effects/predict/index.ts";
import type { SessionState } from "../../../src/effects/index.ts";
import { createWorld, fold, readWorld } from "../../../src/effects/world/index.ts";
import { startScratch } from "../../../src/scratch/index.ts";
import { parseSql } from "../../../src/sql/index.ts";
import { comparable } from "../world/comparable.ts";
import { differences } from "./compare.ts";
import { Trial } from "./server.ts";

const schema = `
CREATE SCHEMA old;
CREATE TYPE old.level AS ENUM ('low');
CREATE TYPE old.pair AS (a integer);
CREATE DOMAIN old.positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN old.small AS old.positive;
CREATE DOMAIN filled AS text DEFAULT 'x' NOT NULL;
CREATE FUNCTION old.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TABLE parents (id integer PRIMARY KEY);
CREATE TABLE people (id integer PRIMARY KEY, age old.small CHECK (age > 0), name varchar(20), kind old.pair, nick filled NOT NULL);
CREATE INDEX ON people (lower(name));
CREATE VIEW named AS SELECT name AS called, id AS number, nick FROM people;
CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM people;
CREATE VIEW over_counted AS SELECT n FROM counted;
CREATE SEQUENCE tickets;
CREATE TABLE parts (id integer NOT NULL, kind text, parent integer REFERENCES parents) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10) TO (20) PARTITION BY LIST (kind);
CREATE TABLE parts_2_a PARTITION OF parts_2 FOR VALUES IN ('a');
ALTER TABLE parts_1 ADD UNIQUE (id);
CREATE TRIGGER seen AFTER DELETE ON parts FOR EACH ROW EXECUTE FUNCTION old.touch();
INSERT INTO parents VALUES (1);
INSERT INTO parts VALUES (1, 'a', 1);
INSERT INTO people VALUES (1, 1, 'a', NULL)`;

const statements = [
  "UPDATE parts SET id = 11",
  "DROP TRIGGER seen ON parts_1",
  "DROP TRIGGER seen ON parts",
  "CREATE OR REPLACE TRIGGER seen AFTER DELETE ON parts_1 FOR EACH ROW EXECUTE FUNCTION old.touch()",
  "ALTER TRIGGER seen ON parts_1 RENAME TO shown",
  "ALTER TRIGGER seen ON parts RENAME TO shown",
  "ALTER TABLE parts_1 ALTER CONSTRAINT parts_parent_fkey DEFERRABLE",
  "ALTER TABLE parts ALTER CONSTRAINT parts_parent_fkey DEFERRABLE",
  "ALTER TABLE parts ADD FOREIGN KEY (parent) REFERENCES parts_1 (id)",
  "ALTER TABLE parts ADD CHECK (id > 0) NO INHERIT",
  "ALTER TABLE people ALTER COLUMN name TYPE old.level USING name::text::old.level",
  "ALTER TABLE people ALTER COLUMN age TYPE date USING NULL::date",
  "INSERT INTO named (called, number) VALUES ('b', 2)",
  "UPDATE named SET called = 'c'",
  "INSERT INTO people (id) VALUES (3)",
  "DELETE FROM over_counted",
  "SELECT n FROM counted FOR UPDATE",
  "DELETE FROM people USING tickets",
  "UPDATE people SET name = 'x' FROM tickets",
  "ALTER VIEW named RENAME TO filled",
  "ALTER SEQUENCE tickets RENAME TO filled",
];

const never = { ms: 0, from: { kind: "default" } } as const;
const session: SessionState = {
  inTransaction: true,
  transaction: 1,
  failed: false,
  lockTimeout: never,
  statementTimeout: never,
  settings: new Map([["timezone", "UTC"]]),
  held: [],
};

/** Kinds of difference that `scripts/fuzz-effects.mjs` has found, each with a statement of its own. */
test.each([14, 18])(
  "what was found once stays found, on %i",
  async (major) => {
    await using scratch = await startScratch({ major });
    const database = await scratch.createDatabase();
    await using trial = await Trial.open(database.url);
    await trial.sessions.watcher.batch(schema);
    const read = await readWorld(trial.sessions.watcher);
    const folded = createWorld({
      major,
      complete: true,
      ...(read.server && { server: read.server }),
    });
    for (const statement of await parseSql(schema, "schema")) fold(statement, folded);
    const existing = await trial.start();
    expect(existing.size).toBeGreaterThan(0);
    const found: string[] = [];
    for (const sql of statements) {
      const [statement] = await parseSql(sql, "statement");
      const seen = await trial.undone(statement!);
      for (const world of [read, folded]) {
        const ids = new Set([...world.relations.values()].map(({ id }) => id));
        const effect = predict({ statement: statement!, world, existing: ids, session });
        found.push(...differences(statement!, effect, seen).map((what) => `${sql}: ${what}`));
      }
    }
    expect(found).toEqual([]);
  },
  60_000,
);

test.each([14, 18])(
  "a schema's new name reaches all that uses what is in it, on %i",
  async (major) => {
    await using scratch = await startScratch({ major });
    const database = await scratch.createDatabase();
    await using trial = await Trial.open(database.url);
    const text = `${schema};
      ALTER FUNCTION old.touch() RENAME TO touched;
      ALTER TRIGGER seen ON parts RENAME TO shown;
      ALTER SCHEMA old RENAME TO fresh`;
    await trial.sessions.watcher.batch(text);
    const read = await readWorld(trial.sessions.watcher);
    const folded = createWorld({
      major,
      complete: true,
      ...(read.server && { server: read.server }),
    });
    folded.extensions.add("plpgsql");
    for (const statement of await parseSql(text, "schema")) fold(statement, folded);
    expect(Object.fromEntries(comparable(folded))).toEqual(Object.fromEntries(comparable(read)));
  },
  60_000,
);
