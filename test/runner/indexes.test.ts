import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startScratch, supportedMajors, type Scratch } from "../../src/scratch/index.ts";
import { failureOf } from "../support/failure.ts";
import { ask, folderOf, only, open, quick, run } from "./support.ts";

describe.each(supportedMajors)("what failed builds leave on Postgres %i", (major) => {
  let scratch: Scratch;
  let url: string;
  beforeAll(async () => {
    scratch = await startScratch({ major });
  });
  beforeEach(async () => {
    ({ url } = await scratch.createDatabase());
    await using session = await open(url);
    await session.batch(`CREATE SCHEMA s; CREATE TABLE s.t (gone int, id int, v text, n int); ALTER TABLE s.t DROP COLUMN gone;
      INSERT INTO s.t SELECT 1, 'v' || i, i FROM generate_series(1, 3) i`);
  });
  afterAll(() => scratch.close());

  /** Leaves an invalid index, as a real build does that meets two equal keys. */
  const breakIndex = async (sql: string) => {
    await using session = await open(url);
    await session.batch("SET search_path = s");
    await expect(session.query(sql)).rejects.toMatchObject({ code: "23505" });
  };
  const indexes = async () =>
    ask<{ name: string; valid: boolean }>(
      url,
      "SELECT indexrelid::regclass::text AS name, indisvalid AS valid FROM pg_index WHERE indrelid = 's.t'::regclass ORDER BY 1",
    );
  const repair = async () => ask(url, "UPDATE s.t SET id = n");

  it.each([
    ["named", "CREATE UNIQUE INDEX CONCURRENTLY t_id ON s.t (id)", "s.t_id"],
    ["IF NOT EXISTS", "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_id ON s.t (id)", "s.t_id"],
    ["unnamed", "CREATE UNIQUE INDEX CONCURRENTLY ON s.t (id)", "s.t_id_idx"],
    [
      "with everything",
      `CREATE UNIQUE INDEX CONCURRENTLY "T id" ON ONLY s.t USING btree (id DESC NULLS LAST, lower(v || 'concurrently') COLLATE "C" text_pattern_ops) INCLUDE (n) WITH (fillfactor = 70) WHERE n > 0 AND v <> 'x'`,
      's."T id"',
    ],
  ])(
    "an invalid index of the same definition is removed and built anew: %s",
    async (_name, sql, name) => {
      const duplicates = sql.includes("lower") ? "UPDATE s.t SET v = 'v'" : "SELECT 1";
      await ask(url, duplicates);
      await breakIndex(sql.replace("IF NOT EXISTS", ""));
      expect(await indexes()).toEqual([{ name, valid: false }]);
      await repair();
      const { events } = await run(url, folderOf({ one: sql }));
      expect(await indexes()).toEqual([{ name, valid: true }]);
      expect(only(events, "step.cleaned")).toMatchObject([
        { reason: "left invalid by an earlier build" },
      ]);
    },
  );

  it.each([
    ["another column", "CREATE UNIQUE INDEX CONCURRENTLY t_x ON s.t (n)"],
    ["another order", "CREATE UNIQUE INDEX CONCURRENTLY t_x ON s.t (id DESC)"],
    ["a predicate", "CREATE UNIQUE INDEX CONCURRENTLY t_x ON s.t (id) WHERE n > 0"],
    ["not unique", "CREATE INDEX CONCURRENTLY t_x ON s.t (id)"],
    ["more in it", "CREATE UNIQUE INDEX CONCURRENTLY t_x ON s.t (id) INCLUDE (v)"],
    ["another method", "CREATE INDEX CONCURRENTLY t_x ON s.t USING hash (id)"],
    ["IF NOT EXISTS in a transaction", "CREATE INDEX IF NOT EXISTS t_x ON s.t (id)"],
  ])("an invalid index of another definition is left and named: %s", async (_name, sql) => {
    await breakIndex("CREATE UNIQUE INDEX CONCURRENTLY t_x ON t (id)");
    await repair();
    const failure = await failureOf(() => run(url, folderOf({ one: sql })));
    expect(failure).toMatchObject({
      code: "postcondition-failed",
      what: expect.stringContaining("s.t_x"),
      found: "an INVALID index with another definition",
    });
    expect(await indexes()).toEqual([{ name: "s.t_x", valid: false }]);
  });

  it("IF NOT EXISTS in a transaction does not pass over an invalid index either", async () => {
    await breakIndex("CREATE UNIQUE INDEX CONCURRENTLY t_id ON t (id)");
    await repair();
    await run(
      url,
      folderOf({ one: "SET search_path = s; CREATE UNIQUE INDEX IF NOT EXISTS t_id ON s.t (id)" }),
    );
    expect(await indexes()).toEqual([{ name: "s.t_id", valid: true }]);
    await ask(url, "UPDATE s.t SET id = 1; DROP INDEX s.t_id".split(";")[1]!);
    await ask(url, "UPDATE s.t SET id = 1");
    await breakIndex("CREATE UNIQUE INDEX CONCURRENTLY t_id ON t (id)");
    // Found only where the file's own search_path leads: the statement itself is checked after.
    const failure = await failureOf(() =>
      run(
        url,
        folderOf({
          one: "SET search_path = s; CREATE UNIQUE INDEX IF NOT EXISTS t_id ON s.t (id)",
          two: "SET search_path = s; SELECT 1; CREATE UNIQUE INDEX IF NOT EXISTS t_id ON t (id)",
        }),
      ),
    );
    expect(failure.code).toBe("postcondition-failed");
    expect(failure.what).toContain("two.sql:1: IF NOT EXISTS found an invalid index");
  });

  it("IF NOT EXISTS does not pass over a valid index of another definition, and passes over the same", async () => {
    await ask(url, "CREATE INDEX t_n ON s.t (n)");
    const failure = await failureOf(() =>
      run(url, folderOf({ one: "CREATE INDEX CONCURRENTLY IF NOT EXISTS t_n ON s.t (id)" })),
    );
    expect(failure).toMatchObject({
      code: "postcondition-failed",
      found: "a valid index with another definition",
    });
    await run(url, folderOf({ one: "CREATE INDEX CONCURRENTLY IF NOT EXISTS t_n ON s.t (n)" }));
    expect(await indexes()).toEqual([{ name: "s.t_n", valid: true }]);
  });

  it("what an interrupted REINDEX CONCURRENTLY left is removed", async () => {
    await ask(url, "CREATE INDEX t_n ON s.t (n)");
    await using old = await open(url);
    await old.batch("BEGIN; INSERT INTO s.t VALUES (9, 'v9', 9)");
    await using victim = await open(url);
    const reindex = victim
      .query("SET lock_timeout = 300")
      .then(async () => victim.query("REINDEX INDEX CONCURRENTLY s.t_n"));
    await expect(reindex).rejects.toMatchObject({ code: "55P03" });
    await old.batch("COMMIT");
    expect(await indexes()).toContainEqual({ name: "s.t_n_ccnew", valid: false });
    const { events } = await run(url, folderOf({ one: "REINDEX TABLE CONCURRENTLY s.t" }));
    expect(await indexes()).toEqual([{ name: "s.t_n", valid: true }]);
    expect(only(events, "step.cleaned")).toMatchObject([{ object: "index s.t_n_ccnew" }]);
  });

  it("a DETACH PARTITION CONCURRENTLY that stopped half-way is finished", async () => {
    await using session = await open(url);
    await session.batch(
      "CREATE TABLE s.p (id int) PARTITION BY LIST (id); CREATE TABLE s.p1 PARTITION OF s.p FOR VALUES IN (1)",
    );
    await using old = await open(url);
    await old.batch("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM s.p");
    const sql = "ALTER TABLE s.p DETACH PARTITION s.p1 CONCURRENTLY";
    const detach = session.query("SET lock_timeout = 300").then(async () => session.query(sql));
    await expect(detach).rejects.toMatchObject({ code: "55P03" });
    await old.batch("COMMIT");
    expect(await ask(url, "SELECT inhdetachpending AS pending FROM pg_inherits")).toEqual([
      { pending: true },
    ]);
    await run(url, folderOf({ one: sql }));
    expect(await ask(url, "SELECT FROM pg_inherits")).toEqual([]);
  });
});

it("an invalid index that somebody is building right now is waited for, not dropped", async () => {
  await using scratch = await startScratch();
  const { url } = await scratch.createDatabase();
  await ask(url, "CREATE TABLE t (id int)");
  await using old = await open(url);
  await old.batch("BEGIN; INSERT INTO t VALUES (1)");
  await using builder = await open(url);
  const build = builder.query("CREATE INDEX CONCURRENTLY t_id ON t (id)");
  await using looker = await open(url);
  for (;;) {
    const { rows } = await looker.query("SELECT FROM pg_index WHERE indrelid = 't'::regclass");
    if (rows.length > 0) break;
  }
  const running = run(
    url,
    folderOf({ one: "CREATE INDEX CONCURRENTLY IF NOT EXISTS t_id ON t (id)" }),
    quick,
  );
  setTimeout(() => void old.batch("COMMIT"), 600);
  const { events } = await running;
  await build;
  expect(only(events, "notice")).toMatchObject([
    { message: expect.stringContaining(`backend ${builder.keyDataPid} is building`) },
    { message: 'relation "t_id" already exists, skipping' },
  ]);
  expect(only(events, "step.cleaned")).toEqual([]);
});
