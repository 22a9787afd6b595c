import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { examine, postconditionOf } from "../../src/runner/postcondition/index.ts";
import type { Session } from "../../src/pg/index.ts";
import { startScratch, supportedMajors, type Scratch } from "../../src/scratch/index.ts";
import { parseSql } from "../../src/sql/index.ts";
import { open } from "./support.ts";

/** What is there before each statement. */
const setUp = `
  CREATE SCHEMA s;
  CREATE TABLE t (id int NOT NULL, v varchar(10) DEFAULT 'x', gone int);
  ALTER TABLE t ADD CONSTRAINT c CHECK (id > 0) NOT VALID;
  CREATE TABLE s.u (id int PRIMARY KEY);
  CREATE TYPE mood AS ENUM ('calm', 'old');
  CREATE DOMAIN d AS int;
  CREATE TYPE comp AS (a int);
  CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE FUNCTION trig() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION trig();
  CREATE POLICY pol ON t;
  CREATE VIEW vw AS SELECT 1 AS one;
  CREATE MATERIALIZED VIEW mv AS SELECT 1 AS one;
  CREATE SEQUENCE sq;
  CREATE TABLE p (id int) PARTITION BY LIST (id);
  CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
  CREATE TABLE p2 (id int);
  CREATE INDEX i ON t (v);
`;

/** Statements whose effect shows whole in the catalog: nothing of it before, everything after. */
const visible = [
  "CREATE TABLE n (id bigserial PRIMARY KEY, a varchar(20)[] NOT NULL, b numeric(10,2) DEFAULT 1, c timestamptz(3), CONSTRAINT k CHECK (b > 0))",
  "CREATE TABLE s.n (id int)",
  "CREATE TABLE p3 PARTITION OF p FOR VALUES IN (3)",
  "CREATE TABLE n AS SELECT 1 AS one",
  "ALTER TABLE t ADD COLUMN n mood NOT NULL DEFAULT 'calm'",
  "ALTER TABLE t ADD COLUMN n int GENERATED ALWAYS AS IDENTITY",
  "ALTER TABLE t ADD COLUMN n int GENERATED ALWAYS AS (id * 2) STORED",
  "ALTER TABLE t DROP COLUMN gone",
  "ALTER TABLE t ALTER COLUMN id TYPE bigint",
  "ALTER TABLE t ALTER COLUMN v TYPE varchar(11)",
  "ALTER TABLE t ALTER COLUMN gone SET NOT NULL",
  "ALTER TABLE t ALTER COLUMN id DROP NOT NULL",
  "ALTER TABLE t ALTER COLUMN v DROP DEFAULT",
  "ALTER TABLE t ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY",
  "ALTER TABLE t ADD CONSTRAINT n CHECK (gone > 0)",
  "ALTER TABLE t ADD CONSTRAINT n FOREIGN KEY (gone) REFERENCES s.u NOT VALID",
  "ALTER TABLE t ADD PRIMARY KEY (id)",
  "ALTER TABLE t VALIDATE CONSTRAINT c",
  "ALTER TABLE t DROP CONSTRAINT c",
  "ALTER TABLE p ATTACH PARTITION p2 FOR VALUES IN (2)",
  "ALTER TABLE p DETACH PARTITION p1",
  "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
  "ALTER TABLE t RENAME TO n",
  "ALTER TABLE s.u RENAME TO n",
  "ALTER TABLE t RENAME COLUMN gone TO n",
  "ALTER TABLE t RENAME CONSTRAINT c TO n",
  "ALTER INDEX i RENAME TO n",
  "ALTER VIEW vw RENAME TO n",
  "ALTER TYPE mood RENAME TO n",
  "ALTER TYPE comp RENAME ATTRIBUTE a TO n",
  "ALTER SCHEMA s RENAME TO n",
  "ALTER TYPE mood ADD VALUE 'glad'",
  "ALTER TYPE mood RENAME VALUE 'old' TO 'new'",
  "CREATE INDEX n ON t (id)",
  "CREATE INDEX n ON s.u (id)",
  "CREATE INDEX n ON ONLY p (id)",
  "CREATE TYPE n AS ENUM ('a', 'b')",
  "CREATE TYPE n AS (a int)",
  "CREATE TYPE n AS RANGE (subtype = int4)",
  "CREATE DOMAIN n AS text",
  "CREATE SCHEMA n",
  "CREATE SEQUENCE n",
  "CREATE VIEW n AS SELECT 1 AS one",
  "CREATE MATERIALIZED VIEW n AS SELECT 1 AS one",
  "CREATE FUNCTION n(a int, b text[]) RETURNS int LANGUAGE sql AS 'SELECT 1'",
  "CREATE TRIGGER n BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION trig()",
  "CREATE POLICY n ON t",
  "CREATE PUBLICATION n",
  "CREATE ROLE n",
  "DROP TABLE t, s.u",
  "DROP INDEX i",
  "DROP VIEW vw",
  "DROP MATERIALIZED VIEW mv",
  "DROP SEQUENCE sq",
  "DROP TYPE mood",
  "DROP DOMAIN d",
  "DROP TYPE comp",
  "DROP FUNCTION f(int)",
  "DROP TRIGGER tr ON t",
  "DROP POLICY pol ON t",
  "DROP SCHEMA s CASCADE",
];

/** Statements of which the catalog shows a part at most: never "everything", never "nothing". */
const veiled = [
  "INSERT INTO t (id) VALUES (1)",
  "ALTER TABLE t ALTER COLUMN v SET DEFAULT 'y'",
  "ALTER TABLE t ADD CHECK (gone > 1)",
  "ALTER TABLE t DROP CONSTRAINT c, ADD CONSTRAINT c CHECK (gone > 0)",
  "ALTER TABLE t ADD COLUMN gone text, DROP COLUMN gone",
  "CREATE OR REPLACE VIEW vw AS SELECT 1 AS one",
  "CREATE INDEX ON t (id)",
  "COMMENT ON TABLE t IS 'x'",
  "DO $$ BEGIN END $$",
  "GRANT SELECT ON t TO PUBLIC",
];

describe.each(supportedMajors)("post-conditions on Postgres %i", (major) => {
  let scratch: Scratch;
  let url: string;
  beforeAll(async () => {
    scratch = await startScratch({ major });
    ({ url } = await scratch.createDatabase());
    await using session = await open(url);
    await session.batch(setUp);
  });
  afterAll(() => scratch.close());

  const remained = async (session: Session, sql: string) => {
    const statements = await parseSql(sql, "test");
    const before = await examine(session, statements);
    await session.batch(`BEGIN; ${sql}`);
    const after = await examine(session, statements);
    await session.batch("ROLLBACK");
    return { sql, before: before.remained, after: after.remained };
  };

  it("tell nothing before and everything after", async () => {
    await using session = await open(url);
    for (const sql of visible)
      expect
        .soft(await remained(session, sql))
        .toEqual({ sql, before: "nothing", after: "everything" });
  });

  it("say that they do not know what the catalog does not show", async () => {
    await using session = await open(url);
    for (const sql of veiled)
      expect
        .soft(await remained(session, sql))
        .toEqual({ sql, before: "unknown", after: "unknown" });
  });
});

it("miss nothing when a statement makes what it drops", async () => {
  await using scratch = await startScratch();
  await using session = await open((await scratch.createDatabase()).url);
  const again =
    "ALTER TABLE a DROP CONSTRAINT c, ADD CONSTRAINT c PRIMARY KEY (m), DROP COLUMN n, ADD COLUMN n text";
  await session.batch(`CREATE TABLE a (n int CONSTRAINT c PRIMARY KEY, m int); ${again}`);
  expect((await examine(session, await parseSql(again, "test"))).failing).toEqual([]);
});

it("see a part of several effects as something", async () => {
  await using scratch = await startScratch();
  await using session = await open((await scratch.createDatabase()).url);
  await session.query("CREATE TABLE a ()");
  const statements = await parseSql("CREATE TABLE a (); CREATE TABLE b ()", "test");
  expect(await examine(session, statements)).toEqual({
    remained: "something",
    failing: ["table b is there"],
  });
});

it("find names by the session's search_path", async () => {
  await using scratch = await startScratch();
  await using session = await open((await scratch.createDatabase()).url);
  const statements = await parseSql('CREATE TABLE "Odd"."Name" ()', "test");
  const short = await parseSql('CREATE TABLE "Name" ()', "test");
  await session.batch('CREATE SCHEMA "Odd"; CREATE TABLE "Odd"."Name" ()');
  expect((await examine(session, statements)).remained).toBe("everything");
  expect((await examine(session, short)).remained).toBe("nothing");
  await session.query('SET search_path = "Odd"');
  expect((await examine(session, short)).remained).toBe("everything");
});

it("take a statement that only sets something for one without effect", async () => {
  const [statement] = await parseSql("SET search_path = a", "test");
  expect(postconditionOf(statement!)).toEqual({ checks: [], complete: true });
});
