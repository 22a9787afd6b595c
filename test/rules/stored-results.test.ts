import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Session } from "../../src/pg/index.ts";
import { CaseDatabase, evaluateStatic } from "./support-evaluate.ts";

const base = `
CREATE FUNCTION norm(address text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN lower(address); END $$;
CREATE FUNCTION parity(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN n % 2; END $$;
CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL);
CREATE UNIQUE INDEX users_norm ON users (norm(email));
CREATE TABLE events (id int) PARTITION BY LIST (parity(id));
CREATE TABLE events_even PARTITION OF events FOR VALUES IN (0);
CREATE TABLE events_odd PARTITION OF events FOR VALUES IN (1);
INSERT INTO users SELECT i, 'User ' || i || '@Example.com' FROM generate_series(1, 1000) i;
INSERT INTO events SELECT generate_series(1, 10);
`;

const replaceNorm = `CREATE OR REPLACE FUNCTION norm(address text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN upper(address); END $$;\n`;
const replaceParity = `CREATE OR REPLACE FUNCTION parity(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN (n + 1) % 2; END $$;\n`;

/** What the rule says is so on a real server, and its way out is a way out. */
describe.each([14, 18])("a function under stored results on %i", (major) => {
  let database: CaseDatabase;
  beforeAll(async () => {
    database = await CaseDatabase.start(major);
  });
  afterAll(() => database[Symbol.asyncDispose]());

  test("rows are missed and duplicates let in once it is replaced", async () => {
    await database.reset(base);
    await database.run(replaceNorm);
    const found = "SELECT count(*) FROM users WHERE norm(email) = 'USER 5@EXAMPLE.COM'";
    expect(await counts(found, "enable_seqscan")).toEqual([0, 1]);
    await database.run("INSERT INTO users VALUES (1001, 'user 5@example.com')");
    expect(await counts(found, "enable_seqscan")).toEqual([1, 2]);
  });

  test("a partition is left out in which the rows stand", async () => {
    await database.reset(base);
    await database.run(replaceParity);
    const found = "SELECT count(*) FROM events WHERE parity(id) = 0";
    expect(await counts(found, "enable_partition_pruning", ["on", "off"])).toEqual([0, 5]);
  });

  test("the way out finds every row, through the index", async () => {
    await database.reset(base);
    const one = {
      rule: "changes-stored-results",
      transaction: "statement",
      runnerSetsTimeouts: true,
      sizes: undefined,
      base: base.split("INSERT")[0]!,
      migration: replaceNorm,
    } as const;
    const { findings } = await evaluateStatic(one, major);
    expect(findings.map(({ rule }) => rule)).toEqual(["changes-stored-results"]);
    await database.run(findings[0]!.wayOut.code!);
    for (const [name, value] of [
      ["norm_v2", "USER 5@EXAMPLE.COM"],
      ["norm", "user 5@example.com"],
    ])
      expect(
        await counts(
          `SELECT count(*) FROM users WHERE ${name}(email) = '${value}'`,
          "enable_seqscan",
        ),
      ).toEqual([1, 1]);
  });

  test("an index of the way out is made as the one that it stands beside", async () => {
    const unique =
      major >= 15
        ? "CREATE UNIQUE INDEX users_one ON users (norm(email) DESC, id NULLS FIRST) NULLS NOT DISTINCT;"
        : "";
    const several = `
CREATE FUNCTION norm(address text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN lower(address); END $$;
CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL, tags text[]);
CREATE INDEX users_norm ON users (norm(email) text_pattern_ops, email COLLATE "C" DESC NULLS LAST) INCLUDE (id);
CREATE INDEX users_words ON users USING gin (to_tsvector('simple'::regconfig, norm(email)), tags);
CREATE INDEX users_hash ON users USING hash (norm(email)) WHERE id > 0;
${unique}
`;
    await database.reset(several);
    const one = {
      rule: "changes-stored-results",
      transaction: "statement",
      runnerSetsTimeouts: true,
      sizes: undefined,
      base: several,
      migration: replaceNorm,
    } as const;
    const { findings } = await evaluateStatic(one, major);
    await database.run(findings[0]!.wayOut.code!);
    await using session = await Session.open({ url: database.url, applicationName: "test" });
    const { rows } = await session.query<{ name: string; definition: string }>(
      `SELECT c.relname AS name, pg_get_indexdef(c.oid) AS definition FROM pg_index i
         JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = 'users'::regclass AND NOT i.indisprimary`,
    );
    const made = new Map(rows.map(({ name, definition }) => [name, definition]));
    const old = [...made].filter(([name]) => !name.endsWith("_v2"));
    expect(old).toHaveLength(major >= 15 ? 4 : 3);
    for (const [name, definition] of old)
      expect(made.get(`${name}_v2`)).toBe(
        definition.replace(name, `${name}_v2`).replace("norm(", "norm_v2("),
      );
  });

  /** A count with a planner's setting off, and on. */
  async function counts(
    query: string,
    setting: string,
    values = ["off", "on"],
  ): Promise<readonly number[]> {
    await using session = await Session.open({ url: database.url, applicationName: "test" });
    const found: number[] = [];
    for (const value of values) {
      await session.query(`SET ${setting} = ${value}`);
      if (setting === "enable_seqscan" && value === "on")
        await session.query("SET enable_indexscan = off; SET enable_bitmapscan = off");
      found.push(Number((await session.query<{ count: string }>(query)).rows[0]!.count));
    }
    return found;
  }
});
