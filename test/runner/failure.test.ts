import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { EventBody } from "../../src/events/index.ts";
import { readStatus } from "../../src/runner/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { failureOf } from "../support/failure.ts";
import { ask, folderOf, only, run, toolLedger } from "./support.ts";

let scratch: Scratch;
let url: string;
beforeAll(async () => {
  scratch = await startScratch();
});
beforeEach(async () => {
  ({ url } = await scratch.createDatabase());
});
afterAll(() => scratch.close());

describe("a failing transaction", () => {
  const sql = `CREATE TABLE a (id int);
INSERT INTO a VALUES (1);
-- a remark with "quotes" and ünïcödé 🎉
SELECT 'ü🎉',
  wrong FROM a;
DROP TABLE a;`;

  it("leaves nothing but rows that say which statement, where and why", async () => {
    const events: EventBody[] = [];
    const failure = await failureOf(() =>
      run(url, folderOf({ "0001_ok": "CREATE TABLE ok ()", "0002_bad": sql }), {}, { events }),
    );
    expect(failure).toMatchObject({
      code: "migration-failed",
      exitCode: 3,
      what: 'migrations/0002_bad.sql:5: column "wrong" does not exist',
      from: "migrations/0002_bad.sql:5",
    });
    expect(failure.found).toContain("SQLSTATE 42703");
    expect(failure.found).toContain("Nothing of its transaction remained");
    expect(await ask(url, "SELECT to_regclass('a') AS a, to_regclass('ok')::text AS ok")).toEqual([
      { a: null, ok: "ok" },
    ]);
    expect(
      await ask(
        url,
        "SELECT migration, state, failure->>'line' AS line, failure->>'sqlstate' AS sqlstate, failure->>'remained' AS remained, failure->>'sql' AS sql FROM lockstep.unit",
      ),
    ).toEqual([
      {
        migration: "0002_bad",
        state: "failed",
        line: "5",
        sqlstate: "42703",
        remained: "nothing",
        sql: "SELECT $1, wrong FROM a",
      },
    ]);
    expect(
      await ask(
        url,
        "SELECT statement, line, outcome, sqlstate FROM lockstep.step WHERE migration = '0002_bad' ORDER BY id",
      ),
    ).toEqual([
      { statement: 0, line: 1, outcome: "rolled-back", sqlstate: null },
      { statement: 1, line: 2, outcome: "rolled-back", sqlstate: null },
      { statement: 2, line: 4, outcome: "failed", sqlstate: "42703" },
    ]);
    expect(await ask(url, "SELECT outcome, error->>'code' AS code FROM lockstep.run")).toEqual([
      { outcome: "failed", code: "migration-failed" },
    ]);
    expect(only(events, "step.failed")).toMatchObject([
      { statement: { line: 4 }, reason: 'column "wrong" does not exist' },
    ]);
    expect(events.at(-1)).toMatchObject({ type: "run.finished", outcome: "failed", applied: 1 });
  });

  it("may be corrected and is then run whole", async () => {
    await failureOf(() => run(url, folderOf({ one: sql })));
    const { result } = await run(url, folderOf({ one: "CREATE TABLE a (id int)" }));
    expect(result.applied).toMatchObject([{ id: "one", resumed: true }]);
    expect(await ask(url, "SELECT state FROM lockstep.unit")).toEqual([{ state: "done" }]);
  });

  it("names the commit when a deferred constraint fails there", async () => {
    const failure = await failureOf(() =>
      run(
        url,
        folderOf({
          one: "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (id int REFERENCES p DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO c VALUES (1)",
        }),
      ),
    );
    expect(failure.expected).toContain("to commit");
    expect(failure.found).toContain("SQLSTATE 23503");
    expect(await ask(url, "SELECT to_regclass('c') AS c")).toEqual([{ c: null }]);
  });
});

describe("a failure after earlier units of the file", () => {
  const start = `CREATE TABLE a (id int);
CREATE INDEX CONCURRENTLY a_id ON a (id);
`;

  it("goes on at the failed unit, and lets only what was not run be edited", async () => {
    const bad = folderOf({ one: `${start}SELECT wrong` }, { ledger: toolLedger });
    const failure = await failureOf(() => run(url, bad));
    expect(failure.found).toContain("The 2 units of the file before it are applied and recorded");
    expect(await ask(url, "SELECT count(*)::int AS n FROM tool.applied")).toEqual([{ n: 0 }]);
    const status = await readStatus({ url, folder: bad });
    expect(status.migrations).toMatchObject([
      { id: "one", state: "failed", unitsDone: 2, failure: { line: 3, sqlstate: "42703" } },
    ]);

    const edited = `${start.replace("id int", "id bigint")}SELECT 1`;
    expect(await failureOf(() => run(url, folderOf({ one: edited })))).toMatchObject({
      code: "migration-unresolved",
      from: "migrations/one.sql:1",
    });

    const corrected = `-- a new remark\n${start}CREATE TABLE b ()`;
    const { result, events } = await run(url, folderOf({ one: corrected }, { ledger: toolLedger }));
    expect(result.applied).toMatchObject([{ resumed: true }]);
    expect(only(events, "step.started").map(({ statement }) => statement.line)).toEqual([4]);
    expect(await ask(url, "SELECT name FROM tool.applied")).toEqual([{ name: "one" }]);
    expect(
      (await readStatus({ url, folder: folderOf({ one: corrected }) })).migrations,
    ).toMatchObject([{ state: "applied", how: "applied", failure: undefined }]);
  });

  it("stops when what was applied is gone from the catalog", async () => {
    const bad = folderOf({ one: `${start}SELECT wrong` });
    await failureOf(() => run(url, bad));
    await ask(url, "DROP INDEX a_id");
    const failure = await failureOf(() => run(url, folderOf({ one: `${start}SELECT 1` })));
    expect(failure).toMatchObject({
      code: "migration-unresolved",
      expected: "index a_id of a is there and valid",
      from: "migrations/one.sql:2",
    });
  });

  it("does not take for gone what a later unit has changed", async () => {
    const moved = `${start}CREATE TYPE tone AS ENUM ('low');
ALTER TABLE a ADD CONSTRAINT own UNIQUE (id);
ALTER TABLE a DROP CONSTRAINT own, ADD CONSTRAINT own PRIMARY KEY (id);
ALTER TABLE a RENAME TO b;
VACUUM b;
ALTER TYPE tone ADD VALUE 'high';
VACUUM b;
SELECT `;
    await failureOf(() => run(url, folderOf({ one: `${moved}wrong` })));
    const { result } = await run(url, folderOf({ one: `${moved}1` }));
    expect(result.applied).toMatchObject([{ resumed: true }]);
  });

  it("sets again for the rest of the file what its first part had set", async () => {
    const sql = (last: string) => `CREATE SCHEMA s; SET search_path = s; CREATE TABLE a (id int);
CREATE INDEX CONCURRENTLY a_id ON a (id);
${last}`;
    await failureOf(() => run(url, folderOf({ one: sql("SELECT wrong FROM a") })));
    await run(url, folderOf({ one: sql("CREATE TABLE b ()") }));
    expect(await ask(url, "SELECT to_regclass('s.b')::text AS b")).toEqual([{ b: "s.b" }]);
  });
});

describe("a failing statement outside a transaction", () => {
  it("is known to have left nothing when its invalid index was removed", async () => {
    const files = (column: string) =>
      folderOf({
        one: `CREATE TABLE a (id int, n int); INSERT INTO a VALUES (1, 1), (1, 2);\nCREATE UNIQUE INDEX CONCURRENTLY a_u ON a (${column})`,
      });
    const failure = await failureOf(() => run(url, files("id")));
    expect(failure.found).toContain("SQLSTATE 23505");
    expect(failure.found).toContain("Nothing of the statement remained");
    expect(
      await ask(url, "SELECT indexrelid FROM pg_index WHERE indrelid = 'a'::regclass"),
    ).toEqual([]);
    // It left nothing, so the very statement may be corrected.
    await run(url, files("n"));
    expect(
      await ask(url, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_u'::regclass"),
    ).toEqual([{ indisvalid: true }]);
  });
});

describe("a statement outside a transaction whose run died right after it", () => {
  const setUp = `CREATE TABLE a (id int); CREATE INDEX a_old ON a (id);
    CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)`;

  it.each([
    ["CREATE INDEX CONCURRENTLY a_id ON a (id) WHERE id > 0"],
    ["CREATE INDEX CONCURRENTLY ON a (id) WHERE id > 0"],
    ["DROP INDEX CONCURRENTLY a_old"],
    ["ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY"],
  ])("is found done and not sent again: %s", async (sql) => {
    const folder = folderOf({ setup: setUp, one: sql });
    await run(url, folder);
    const catalog =
      "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1";
    const after = await ask(url, catalog);
    // As the ledger is between the statement and its record.
    await ask(url, "DELETE FROM lockstep.migration WHERE id = 'one'");
    await ask(url, "UPDATE lockstep.unit SET state = 'started' WHERE migration = 'one'");
    expect((await readStatus({ url, folder })).migrations).toMatchObject([
      {},
      { state: "partly-applied" },
    ]);
    const { result, events } = await run(url, folder);
    expect(result.applied).toMatchObject([{ id: "one", resumed: true }]);
    expect(only(events, "step.started")).toEqual([]);
    expect(await ask(url, catalog)).toEqual(after);
    expect(
      await ask(url, "SELECT outcome FROM lockstep.step WHERE migration = 'one' ORDER BY id"),
    ).toEqual([{ outcome: "succeeded" }, { outcome: "found" }]);
  });

  it("is sent again when its effect was there before, for then the catalog proves nothing", async () => {
    const folder = folderOf({ one: "DROP INDEX CONCURRENTLY IF EXISTS nothing" });
    await run(url, folder);
    await ask(url, "DELETE FROM lockstep.migration");
    await ask(url, "UPDATE lockstep.unit SET state = 'started'");
    const { events } = await run(url, folder);
    expect(only(events, "step.started")).toHaveLength(1);
  });
});

it("parses every file before it changes anything", async () => {
  const failure = await failureOf(() =>
    run(url, folderOf({ one: "CREATE TABLE a ()", two: "SELECT 1;\nSELEC 2" })),
  );
  expect(failure).toMatchObject({ code: "sql-syntax", from: "migrations/two.sql:2:1" });
  expect(await ask(url, "SELECT to_regclass('a') AS a, to_regnamespace('lockstep') AS l")).toEqual([
    { a: null, l: null },
  ]);
});

it("keeps passwords out of the ledger, the events and the error", async () => {
  const secret = "s3cr3t-canary";
  const events: EventBody[] = [];
  const failure = await failureOf(() =>
    run(
      url,
      folderOf({
        one: `CREATE ROLE canary PASSWORD '${secret}'; CREATE ROLE canary PASSWORD '${secret}'; SELECT '${secret}'`,
        two: `ALTER ROLE canary PASSWORD '${secret}'`,
      }),
      {},
      { events },
    ),
  );
  const ledger = await ask(
    url,
    "SELECT (SELECT json_agg(u) FROM lockstep.unit u) AS u, (SELECT json_agg(s) FROM lockstep.step s) AS s, (SELECT json_agg(r) FROM lockstep.run r) AS r",
  );
  const password = new URL(url).password;
  for (const text of [failure, events, ledger].map((value) => JSON.stringify(value))) {
    expect(text).not.toContain(secret);
    expect(text).not.toContain(password);
  }
});
