import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { introspect } from "../../../src/catalog/index.ts";
import { Session } from "../../../src/pg/index.ts";
import { keepAccepted } from "../../../src/plan/prove/data/accepted.ts";
import { makePool } from "../../../src/plan/prove/data/pool.ts";
import { takeRows } from "../../../src/plan/prove/data/take.ts";
import { releaseTables } from "../../../src/plan/prove/release/tables.ts";
import { Stage } from "../../../src/plan/prove/stage.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { parseSql } from "../../../src/sql/index.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
});
afterAll(() => scratch.close());

/** Children before their parents, by name as well as by their first column. */
const base = `
CREATE TABLE shop_order (id integer PRIMARY KEY, key text);
CREATE TABLE payment (shop_order integer NOT NULL REFERENCES shop_order, id integer PRIMARY KEY, sum integer);
CREATE TABLE mail (payment integer PRIMARY KEY REFERENCES payment, sent boolean);
CREATE TABLE line (shop_order integer REFERENCES shop_order, id integer PRIMARY KEY);
`;

it("rows that are taken can come back in any order: what they refer to stays, and no key of the migration has a value twice", async () => {
  const naive = await parseSql("ALTER TABLE payment ADD UNIQUE (shop_order)", "naive.sql");
  const template = await scratch.template(base, async (url) => {
    await using session = await Session.open({ url, applicationName: "test" });
    await session.batch(base);
  });
  await using stage = new Stage(scratch, ["public"], undefined);
  const database = await stage.copy(template);
  await makePool(stage, database, naive);
  await using session = await stage.open(database);
  const catalog = await introspect(session);
  const tables = releaseTables(catalog, new Set(Object.keys(catalog.tables)));
  const rows = await takeRows(session, catalog, naive, tables);
  const values = (table: string, column: string, which: "kept" | "taken") =>
    rows.get(`public.${table}`)![which].map((row) => row[column]);

  for (const [table, column, parent] of [
    ["payment", "shop_order", "shop_order"],
    ["mail", "payment", "payment"],
    ["line", "shop_order", "shop_order"],
  ] as const) {
    const parents = new Set(values(parent, "id", "kept"));
    expect(values(table, column, "taken").length).toBeGreaterThan(16);
    for (const which of ["kept", "taken"] as const)
      expect(
        values(table, column, which).filter((one) => one !== null && !parents.has(one)),
      ).toEqual([]);
  }
  const paid = [
    ...values("payment", "shop_order", "kept"),
    ...values("payment", "shop_order", "taken"),
  ];
  expect(new Set(paid).size).toBe(paid.length);
}, 60_000);

it("rows that no index can hold go for good, also while somebody who came before still sees them", async () => {
  const naive = await parseSql("CREATE INDEX ON one ((n + 1))", "naive.sql");
  const { url } = await scratch.createDatabase();
  await using session = await Session.open({ url, applicationName: "test" });
  await session.batch(
    "CREATE TABLE one (n integer); INSERT INTO one VALUES (1), (2), (2147483647)",
  );
  await using reader = await Session.open({ url, applicationName: "test" });
  await reader.batch("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM one");
  await using watcher = await Session.open({ url, applicationName: "test" });
  const isWaitedFor = `SELECT FROM pg_stat_activity WHERE pid = ${session.keyDataPid} AND query LIKE '%backend_xmin IS NOT NULL%'`;
  const kept = keepAccepted(session, await introspect(watcher), naive);
  const ended = (async () => {
    while ((await watcher.query(isWaitedFor)).rowCount === 0) await sleep(20);
    await reader.query("COMMIT");
  })();
  expect(await Promise.race([kept, ended.then(async () => kept)])).toBeUndefined();
  expect(await session.queryArrays("SELECT n FROM one ORDER BY n")).toEqual([[1], [2]]);
}, 60_000);
