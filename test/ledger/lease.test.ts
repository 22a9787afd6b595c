import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import {
  beatLease,
  installLedger,
  isFenceError,
  leaveLease,
  readLease,
  recordMigrationSql,
  recordUnitSql,
  takeLease,
  tryRunLock,
} from "../../src/ledger/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";

const runs = [
  "00000000-0000-4000-8000-000000000001",
  "00000000-0000-4000-8000-000000000002",
] as const;
const by = (fence: number) => ({ source: "sql:x", run: runs[0], fence });
const migration = { id: "0001", checksum: "c", how: "applied" } as const;

let scratch: Scratch;
let url: string;
const open = async () => Session.open({ url, applicationName: "test" });

beforeAll(async () => {
  scratch = await startScratch();
});
beforeEach(async () => {
  ({ url } = await scratch.createDatabase());
  await using session = await open();
  await installLedger(session);
});
afterAll(() => scratch.close());

it("lets one session at a time have the lock, a database", async () => {
  await using one = await open();
  await using two = await open();
  expect(await tryRunLock(one)).toBe(true);
  expect(await tryRunLock(two)).toBe(false);
  const other = await scratch.createDatabase();
  await using three = await Session.open({ url: other.url, applicationName: "test" });
  expect(await tryRunLock(three)).toBe(true);
  await one.close();
  // The server frees it a moment after the client is gone.
  await expect.poll(async () => tryRunLock(two)).toBe(true);
});

it("moves the fence with each holder and tells who it is", async () => {
  await using session = await open();
  expect(await readLease(session)).toBeUndefined();
  expect(await takeLease(session, { run: runs[0], holder: "a@host" })).toBe(1);
  expect(await takeLease(session, { run: runs[1], holder: "b's@host" })).toBe(2);
  expect(await readLease(session)).toMatchObject({
    fence: 2,
    run: runs[1],
    holder: "b's@host",
    pid: session.keyDataPid,
  });
  expect(await readLease(session)).toMatchObject({ held: false });
  await tryRunLock(session);
  expect(await readLease(session)).toMatchObject({ held: true });
  expect(await beatLease(session, 1)).toBe(false);
  expect(await beatLease(session, 2)).toBe(true);
  await leaveLease(session, 1);
  expect(await readLease(session)).toMatchObject({ holder: "b's@host" });
  await leaveLease(session, 2);
  expect(await readLease(session)).toMatchObject({ fence: 2, holder: undefined, run: undefined });
});

it.each([
  ["a migration", (fence: number) => recordMigrationSql(by(fence), migration)],
  [
    "a unit",
    (fence: number) =>
      recordUnitSql(by(fence), { migration: "0001", number: 0, hash: "h", line: 1, state: "done" }),
  ],
])(
  "refuses %s under a fence that has passed, with all that came with it",
  async (_name, record) => {
    await using session = await open();
    await takeLease(session, { run: runs[0], holder: "a" });
    await session.batch(`BEGIN; CREATE TABLE kept (); ${record(1)}; COMMIT`);
    await takeLease(session, { run: runs[1], holder: "b" });
    const late = session.batch(`BEGIN; CREATE TABLE late (); ${record(1)}; COMMIT`);
    expect(isFenceError(await late.catch((error: unknown) => error))).toBe(true);
    await session.batch("ROLLBACK");
    const { rows } = await session.query(
      "SELECT to_regclass('kept') AS kept, to_regclass('late') AS late",
    );
    expect(rows).toEqual([{ kept: "kept", late: null }]);
  },
);

it("keeps the fence where it is while a transaction that passed it is open; heartbeats go on", async () => {
  await using worker = await open();
  await using keeper = await open();
  await takeLease(keeper, { run: runs[0], holder: "a" });
  await worker.batch(`BEGIN; ${recordMigrationSql(by(1), migration)}`);
  expect(await beatLease(keeper, 1)).toBe(true);
  expect(await takeLease(keeper, { run: runs[1], holder: "b" })).toBeUndefined();
  await worker.batch("COMMIT");
  expect(await takeLease(keeper, { run: runs[1], holder: "b" })).toBe(2);
});

it("tells a fence error from other errors on null", async () => {
  await using session = await open();
  await session.query("CREATE TABLE t (fence int NOT NULL)");
  const error = await session
    .query("INSERT INTO t VALUES (NULL)")
    .catch((reason: unknown) => reason);
  expect(isFenceError(error)).toBe(false);
});
