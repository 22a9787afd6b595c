import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { readStatus } from "../../src/runner/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { failureOf } from "../support/failure.ts";
import { ask, folderOf, only, open, run, toolLedger } from "./support.ts";

let scratch: Scratch;
let url: string;
beforeAll(async () => {
  scratch = await startScratch();
});
beforeEach(async () => {
  ({ url } = await scratch.createDatabase());
});
afterAll(() => scratch.close());

const one = { "0001": "CREATE TABLE one ()" };
const three = { "0003": "CREATE TABLE three ()" };
const states = async (files: Record<string, string>) =>
  (await readStatus({ url, folder: folderOf(files, { ledger: toolLedger }) })).migrations.map(
    ({ id, state, how }) => [id, state, how],
  );

it("refuses an edited file that was applied, and names when", async () => {
  await run(url, folderOf(one));
  const edited = { "0001": "CREATE TABLE one (id int)" };
  expect(await failureOf(() => run(url, folderOf(edited)))).toMatchObject({
    code: "migration-edited",
    from: "migrations/0001.sql",
    expected: expect.stringContaining(new Date().toISOString().slice(0, 10)),
  });
  expect(await states(edited)).toEqual([["0001", "edited", "applied"]]);
});

it("refuses two files of one id", async () => {
  const { migrations, ...folder } = folderOf(one);
  const twice = { ...folder, migrations: [...migrations, ...migrations] };
  expect(await failureOf(() => run(url, twice))).toMatchObject({ code: "migration-duplicate-id" });
});

it("refuses a pending migration before an applied one, unless told otherwise", async () => {
  await run(url, folderOf({ ...one, ...three }));
  const late = folderOf({ ...one, "0002": "CREATE TABLE two ()", ...three });
  expect(await failureOf(() => run(url, late))).toMatchObject({
    code: "migration-out-of-order",
    found: '"0003" is applied, "0002" before it is not',
  });
  const { result } = await run(url, late, { allowOutOfOrder: true });
  expect(result.applied.map(({ id }) => id)).toEqual(["0002"]);
});

it("refuses to go on when an applied migration is not in the folder, unless told otherwise", async () => {
  await run(url, folderOf({ ...one, ...three }));
  const missing = folderOf({ ...one, "0004": "CREATE TABLE four ()" });
  expect(await failureOf(() => run(url, missing))).toMatchObject({
    code: "migration-missing",
    what: expect.stringContaining('"0003"'),
  });
  expect(await states(one)).toEqual([
    ["0001", "applied", "applied"],
    ["0003", "unknown", "applied"],
  ]);
  const { result } = await run(url, missing, { allowMissing: true });
  expect(result.applied.map(({ id }) => id)).toEqual(["0004"]);
});

it("adopts what the tool itself has applied", async () => {
  await using session = await open(url);
  await session.batch(`${toolLedger.createSql}; INSERT INTO tool.applied (name) VALUES ('0001')`);
  const folder = folderOf({ ...one, ...three }, { ledger: toolLedger });
  expect(await states({ ...one, ...three })).toEqual([
    ["0001", "applied", "adopted"],
    ["0003", "pending", undefined],
  ]);
  const { result } = await run(url, folder);
  expect(result).toMatchObject({ adopted: ["0001"], applied: [{ id: "0003" }] });
  expect(await ask(url, "SELECT to_regclass('one') AS one")).toEqual([{ one: null }]);
  expect(await states({ ...one, ...three })).toEqual([
    ["0001", "applied", "adopted"],
    ["0003", "applied", "applied"],
  ]);
});

it("refuses a row of the tool's own ledger that no file stands for", async () => {
  await using session = await open(url);
  await session.batch(`${toolLedger.createSql}; INSERT INTO tool.applied (name) VALUES ('0000')`);
  const failure = await failureOf(() => run(url, folderOf(one, { ledger: toolLedger })));
  expect(failure).toMatchObject({ code: "migration-missing", from: "the tool's own ledger" });
});

it("puts a row back into the tool's ledger only when the catalog proves it", async () => {
  const folder = folderOf(
    { ...one, data: "INSERT INTO x VALUES (1)", ...three },
    { ledger: toolLedger },
  );
  await ask(url, "CREATE TABLE x (id int)");
  await run(url, folder);
  await ask(url, "DELETE FROM tool.applied WHERE name = '0001'");
  const { events } = await run(url, folder);
  expect(only(events, "notice")).toMatchObject([{ message: expect.stringContaining('"0001"') }]);
  expect(await ask(url, "SELECT name FROM tool.applied ORDER BY name")).toHaveLength(3);

  await ask(url, "DELETE FROM tool.applied WHERE name = '0003'; DROP TABLE three");
  expect(await failureOf(() => run(url, folder))).toMatchObject({
    code: "migration-unresolved",
    found: expect.stringContaining("table three is there"),
  });
  await ask(url, "CREATE TABLE three (); DELETE FROM tool.applied WHERE name <> '0001'");
  expect(await failureOf(() => run(url, folder))).toMatchObject({
    code: "migration-unresolved",
    found: expect.stringContaining("does not show whole"),
  });
});

it("reads a status without a ledger and writes nothing", async () => {
  expect(await states(one)).toEqual([["0001", "pending", undefined]]);
  expect(await ask(url, "SELECT to_regnamespace('lockstep') AS l")).toEqual([{ l: null }]);
});

it.each([
  [
    "a database that takes no changes",
    "ALTER DATABASE %I SET default_transaction_read_only = on",
    "database-read-only",
    "postgres",
  ],
  ["a role without rights", "CREATE ROLE weak LOGIN PASSWORD 'weak'", "privilege-missing", "weak"],
])("explains %s and changes nothing", async (_name, setup, code, user) => {
  const target = new URL(url);
  await ask(url, setup.replace("%I", `"${target.pathname.slice(1)}"`));
  if (user === "weak") {
    target.username = "weak";
    target.password = "weak";
  }
  expect(await failureOf(() => run(target.toString(), folderOf(one)))).toMatchObject({
    code,
    exitCode: 2,
  });
  expect(
    await ask(url, "SELECT to_regnamespace('lockstep') AS l, to_regclass('one') AS o"),
  ).toEqual([{ l: null, o: null }]);
});

it("works for an ordinary role that owns the database", async () => {
  const owner = new URL(url);
  const database = owner.pathname.slice(1);
  await ask(url, "CREATE ROLE plain LOGIN PASSWORD 'plain'");
  await ask(url, `ALTER DATABASE "${database}" OWNER TO plain`);
  [owner.username, owner.password] = ["plain", "plain"];
  const folder = folderOf(
    {
      "0001": "CREATE TABLE a (id int, n int); INSERT INTO a VALUES (1, 1), (1, 2)",
      "0002":
        "SET search_path = public; CREATE UNIQUE INDEX CONCURRENTLY a_u ON a (id); CREATE TABLE b ()",
    },
    { ledger: toolLedger },
  );
  expect((await failureOf(() => run(owner.toString(), folder))).code).toBe("migration-failed");
  await ask(url, "UPDATE a SET id = n");
  expect((await run(owner.toString(), folder)).result.applied).toMatchObject([{ id: "0002" }]);
  expect(
    await ask(
      url,
      "SELECT count(*)::int AS n FROM pg_index WHERE indrelid = 'a'::regclass AND indisvalid",
    ),
  ).toEqual([{ n: 1 }]);
});
