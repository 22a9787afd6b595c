import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failuresOf, Laboratory, locksOf } from "./support.ts";

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await Laboratory.start();
});
afterAll(async () => laboratory[Symbol.asyncDispose]());

const schema = `
  CREATE TABLE users (id int PRIMARY KEY, email text, age int CHECK (age >= 0));
  CREATE TABLE orders (id int PRIMARY KEY, user_id int REFERENCES users (id));
  CREATE TYPE mood AS ENUM ('sad');`;

describe("locks", () => {
  it("are those of the statement itself, also where an earlier one of its transaction holds them", async () => {
    const observed = await laboratory.observe(
      schema,
      `ALTER TABLE users ADD COLUMN a int; ALTER TABLE users ADD COLUMN b int; COMMENT ON TABLE users IS 'x'`,
      { transaction: "file" },
    );
    expect(observed.map(locksOf)).toEqual([
      ["table public.users AccessExclusive"],
      ["table public.users AccessExclusive"],
      ["table public.users ShareUpdateExclusive"],
    ]);
  });

  it("are not waited for where a statement writes the catalogs again on which the observation waits", async () => {
    const [observed] = await laboratory.observe(schema, "VACUUM (FULL, ANALYZE)");
    expect(observed!.effect.unknown).toEqual([expect.stringContaining("every table")]);
  });

  it("name a relation as it is called just before the statement", async () => {
    const [, after] = await laboratory.observe(
      schema,
      "ALTER TABLE users RENAME TO people; ALTER TABLE people ADD COLUMN a int",
    );
    expect(locksOf(after!)).toEqual(["table public.people AccessExclusive"]);
  });

  it("leave out what the file itself made", async () => {
    const observed = await laboratory.observe(
      schema,
      "CREATE TABLE posts (id int, by int REFERENCES users); CREATE INDEX ON posts (by); DROP TABLE posts",
    );
    expect(observed.map(locksOf)).toEqual([
      ["table public.users ShareRowExclusive"],
      [],
      ["table public.users AccessExclusive"],
    ]);
  });

  it("show of dropped relations, and of those that go with them", async () => {
    const [drop] = await laboratory.observe(schema, "DROP TABLE orders");
    expect(locksOf(drop!)).toEqual([
      "table public.orders AccessExclusive",
      "index public.orders_pkey AccessExclusive",
      "table public.users AccessExclusive",
    ]);
  });

  it("are seen on empty tables where a program's own check does not let the rows pass", async () => {
    const [guard, after] = await laboratory.observe(
      schema,
      `DO $$ BEGIN IF EXISTS (SELECT FROM users) THEN RAISE EXCEPTION 'rows'; END IF; END $$;
       ALTER TABLE users ADD COLUMN a int`,
      { transaction: "file" },
    );
    expect(failuresOf(guard!)).toEqual(["on-rows P0001"]);
    expect(locksOf(guard!)).toContain("table public.users AccessShare");
    expect(failuresOf(after!)).toEqual([]);
    expect(locksOf(after!)).toEqual(["table public.users AccessExclusive"]);
  });

  it("are seen where a transaction says how it is isolated, which watching it must not come before", async () => {
    const observed = await laboratory.observe(
      schema,
      "BEGIN; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; ALTER TABLE users ADD COLUMN a int; DELETE FROM orders; COMMIT",
      { transaction: "query" },
    );
    expect(observed.map(failuresOf)).toEqual([[], [], [], [], []]);
    expect(locksOf(observed[2]!)).toEqual(["table public.users AccessExclusive"]);
  });

  it("are those that a DO block really took", async () => {
    const [skipped, done] = await laboratory.observe(
      schema,
      `DO $$ BEGIN IF false THEN ALTER TABLE users ADD COLUMN a int; END IF; END $$;
       DO $$ BEGIN EXECUTE 'ALTER TABLE ' || 'users ADD COLUMN a int'; END $$`,
    );
    expect(locksOf(skipped!)).toEqual([]);
    expect(locksOf(done!)).toEqual(["table public.users AccessExclusive"]);
  });

  it("are those of all parts of a block or procedure that commits by itself", async () => {
    const observed = await laboratory.observe(
      `${schema} CREATE PROCEDURE shrink() LANGUAGE plpgsql AS $$ BEGIN DELETE FROM orders; COMMIT; ALTER TABLE users ADD COLUMN b int; COMMIT AND CHAIN; END $$;`,
      `DO $$ BEGIN UPDATE orders SET id = id WHERE id = 1; COMMIT; ALTER TABLE users ADD COLUMN a int; END $$;
       CALL shrink();
       ALTER TABLE users DROP COLUMN a, DROP COLUMN b`,
    );
    expect(observed.flatMap(failuresOf)).toEqual([]);
    for (const each of observed.slice(0, 2)) {
      expect(locksOf(each)).toContain("table public.orders RowExclusive");
      expect(locksOf(each)).toContain("table public.users AccessExclusive");
    }
  });

  it("follow SET LOCAL search_path to its statements", async () => {
    const observed = await laboratory.observe(
      `${schema} CREATE SCHEMA other; CREATE TABLE other.users (id int)`,
      "SET LOCAL search_path = other; ALTER TABLE users ADD COLUMN a int",
      { transaction: "file" },
    );
    expect(observed.map(locksOf)).toEqual([[], ["table other.users AccessExclusive"]]);
  });
});

describe("work", () => {
  it("is told from storage, counters and the server's own messages", async () => {
    const observed = await laboratory.observe(
      schema,
      `ALTER TABLE users ALTER COLUMN age TYPE bigint;
       ALTER TABLE users ADD CHECK (age > -1);
       CREATE INDEX by_age ON users (age);
       ALTER TABLE orders ADD CONSTRAINT again FOREIGN KEY (user_id) REFERENCES users (id);
       ALTER TABLE users ADD COLUMN plain int`,
    );
    const users = "public.users";
    expect(observed.map(({ effect }) => effect.work)).toEqual([
      [
        {
          kind: "index-build",
          relation: users,
          index: "public.users_pkey",
          again: true,
          concurrent: false,
        },
        { kind: "rewrite", relation: users },
      ],
      [{ kind: "scan", relation: users }],
      [
        {
          kind: "index-build",
          relation: users,
          index: "public.by_age",
          again: false,
          concurrent: false,
        },
      ],
      [{ kind: "foreign-key-check", relation: "public.orders", parent: users }],
      [],
    ]);
  });

  it("counts the rows that were written, and says whether the text bounds them", async () => {
    const observed = await laboratory.observe(
      `${schema} ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey, ADD FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE`,
      "UPDATE users SET age = 1 WHERE id = 1048580; UPDATE users SET age = 1 WHERE age IS NULL; DELETE FROM users",
    );
    expect(observed.map(({ effect }) => effect.work)).toEqual([
      [{ kind: "row-change", relation: "public.users", command: "update", bounded: true }],
      [{ kind: "row-change", relation: "public.users", command: "update", bounded: false }],
      [
        { kind: "row-change", relation: "public.orders", command: "delete", bounded: false },
        { kind: "row-change", relation: "public.users", command: "delete", bounded: false },
      ],
    ]);
  });

  it("goes on with an index that a type change made again", async () => {
    const [, drop] = await laboratory.observe(
      `${schema} CREATE INDEX by_age ON users (age)`,
      "ALTER TABLE users ALTER COLUMN age TYPE bigint; DROP INDEX by_age",
    );
    expect(locksOf(drop!)).toEqual([
      "index public.by_age AccessExclusive",
      "table public.users AccessExclusive",
    ]);
  });
});

describe("failures", () => {
  it("on rows are repeated without rows, so that the locks are known and the history goes on", async () => {
    const [notNull, next] = await laboratory.observe(
      schema,
      "ALTER TABLE users ALTER COLUMN email SET NOT NULL; ALTER TABLE users ALTER COLUMN email DROP NOT NULL",
    );
    expect(failuresOf(notNull!)).toEqual(["on-rows 23502"]);
    expect(locksOf(notNull!)).toEqual(["table public.users AccessExclusive"]);
    expect(notNull!.effect.work).toEqual([{ kind: "scan", relation: "public.users" }]);
    expect(failuresOf(next!)).toEqual([]);
  });

  it("of the tool's transaction are found, and the statement is run without it", async () => {
    const sql = `ALTER TYPE mood ADD VALUE 'glad'; SELECT 'glad'::mood; CREATE INDEX CONCURRENTLY ON users (age); ALTER TABLE users DROP COLUMN age`;
    const inFile = await laboratory.observe(schema, sql, { transaction: "file" });
    expect(inFile.map(failuresOf)).toEqual([
      [],
      ["in-transaction 55P04"],
      ["in-transaction 25001"],
      [],
    ]);
    expect(locksOf(inFile[2]!)).toEqual(["table public.users ShareUpdateExclusive"]);
    const alone = await laboratory.observe(schema, sql, { transaction: "statement" });
    expect(alone.map(failuresOf)).toEqual([[], [], [], []]);
  });

  it("are the same in the implicit transaction of a query string, and not for a lone statement in one", async () => {
    const several = await laboratory.observe(
      schema,
      "SELECT 1; CREATE INDEX CONCURRENTLY ON users (age)",
      { transaction: "query" },
    );
    expect(several.map(failuresOf)).toEqual([[], ["in-transaction 25001"]]);
    const lone = await laboratory.observe(schema, "CREATE INDEX CONCURRENTLY ON users (age)", {
      transaction: "query",
    });
    expect(lone.map(failuresOf)).toEqual([[]]);
  });

  it("follow the units that a runner cuts", async () => {
    const observed = await laboratory.observe(
      schema,
      "ALTER TABLE users ADD COLUMN a int; CREATE INDEX CONCURRENTLY ON users (a)",
      {
        transaction: "units",
        groups: [
          { statements: [0], inTransaction: true },
          { statements: [1], inTransaction: false },
        ],
      },
    );
    expect(observed.map(failuresOf)).toEqual([[], []]);
  });

  it("are found across the files of a deploy that is one transaction", async () => {
    const files = ["ALTER TYPE mood ADD VALUE 'glad'", "SELECT 'glad'::mood; SELECT 1"];
    const together = await laboratory.observe(schema, files, { transaction: "deploy" });
    expect(together.map(failuresOf)).toEqual([[], ["in-transaction 55P04"], []]);
    const apart = await laboratory.observe(schema, files, { transaction: "file" });
    expect(apart.map(failuresOf)).toEqual([[], [], []]);
  });

  it("of any other kind are the statement's own, on every catalog like this one", async () => {
    const [missing, next] = await laboratory.observe(
      schema,
      "ALTER TABLE nobody ADD COLUMN a int; ALTER TABLE users ADD COLUMN a int",
      { transaction: "file" },
    );
    expect(missing!.effect).toMatchObject({
      locks: [],
      failures: [{ when: "always", sqlState: "42P01" }],
    });
    expect(missing!.error?.sqlState).toBe("42P01");
    expect(locksOf(next!)).toEqual(["table public.users AccessExclusive"]);
  });

  it("that no rows would spare are the statement's own; rows of a migration's own are put aside for DDL", async () => {
    const observed = await laboratory.observe(
      schema,
      `ALTER TABLE users ADD COLUMN n int DEFAULT 'seven'; INSERT INTO users VALUES (1, '');
       ALTER TABLE users ADD CHECK (email <> '')`,
    );
    expect(observed.map(failuresOf)).toEqual([["always 22P02"], [], ["on-rows 23514"]]);
    expect(locksOf(observed[2]!)).toEqual(["table public.users AccessExclusive"]);
  });

  it("leave no invalid index behind when a concurrent build is repeated", async () => {
    const [build, drop] = await laboratory.observe(
      schema,
      "CREATE UNIQUE INDEX CONCURRENTLY once ON users (email); DROP INDEX once",
    );
    expect(failuresOf(build!)).toEqual(["on-rows 23505"]);
    expect(locksOf(build!)).toEqual(["table public.users ShareUpdateExclusive"]);
    expect(failuresOf(drop!)).toEqual([]);
  });
});

describe("transactions that mean something else in parts", () => {
  it("are undone when they end in ROLLBACK", async () => {
    const observed = await laboratory.observe(
      schema,
      "BEGIN; DROP TABLE orders; ROLLBACK; ALTER TABLE orders ADD COLUMN a int",
    );
    expect(observed.map(failuresOf)).toEqual([[], [], [], []]);
    expect(locksOf(observed[1]!)).toContain("table public.orders AccessExclusive");
    expect(locksOf(observed[3]!)).toEqual(["table public.orders AccessExclusive"]);
  });

  it("go back to savepoints", async () => {
    const observed = await laboratory.observe(
      schema,
      "BEGIN; SAVEPOINT s; DROP TABLE orders; ROLLBACK TO s; ALTER TABLE orders ADD COLUMN a int; COMMIT; ALTER TABLE orders DROP COLUMN a",
    );
    expect(observed.flatMap(failuresOf)).toEqual([]);
  });

  it("keep temporary tables that end with them", async () => {
    const observed = await laboratory.observe(
      schema,
      `BEGIN; CREATE TEMP TABLE found ON COMMIT DROP AS SELECT id FROM users; DELETE FROM orders USING found WHERE orders.user_id = found.id;
       DELETE FROM orders USING found WHERE orders.user_id = found.id; COMMIT; CREATE TABLE found (id int)`,
    );
    expect(observed.flatMap(failuresOf)).toEqual([]);
    expect(locksOf(observed[2]!)).toEqual(locksOf(observed[3]!));
    expect(locksOf(observed[2]!)).toContain("table public.orders RowExclusive");
  });

  it("check what is deferred when they end, not after each statement", async () => {
    const observed = await laboratory.observe(
      "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (id int REFERENCES p DEFERRABLE INITIALLY DEFERRED)",
      "BEGIN; INSERT INTO c VALUES (1); INSERT INTO p VALUES (1); COMMIT",
    );
    expect(observed.flatMap(failuresOf)).toEqual([]);
  });
});

it("says on which version it was seen", async () => {
  const [one] = await laboratory.observe(schema, "SELECT 1");
  expect(one!.source).toEqual({ kind: "observed", on: expect.stringMatching(/^18\.\d+$/) });
});
