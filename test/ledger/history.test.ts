import { afterAll, beforeAll, expect, it } from "vitest";
import {
  finishRun,
  installLedger,
  ledgerVersion,
  readHistory,
  recordMigrationSql,
  recordUnitSql,
  startRun,
  takeLease,
  writeSteps,
  type StepRow,
} from "../../src/ledger/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { failureOf } from "../support/failure.ts";

const run = "00000000-0000-4000-8000-000000000001";
const details = { id: run, command: "migrate", actor: "me", host: "here" };

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch();
});
afterAll(() => scratch.close());
const open = async () =>
  Session.open({ url: (await scratch.createDatabase()).url, applicationName: "test" });

it("reads nothing out of a database without a ledger", async () => {
  await using session = await open();
  expect(await readHistory(session, "x")).toMatchObject({ installed: false });
});

it("refuses a ledger of a newer format", async () => {
  await using session = await open();
  await installLedger(session);
  await session.query(`UPDATE lockstep.meta SET version = ${ledgerVersion + 1}`);
  expect((await failureOf(() => readHistory(session, "x"))).code).toBe("ledger-newer");
});

it("reads one folder's migrations, and units of those that are not applied", async () => {
  await using session = await open();
  await installLedger(session);
  const fence = (await takeLease(session, { run, holder: "me" }))!;
  const by = { source: "it's \\ mine", run, fence };
  const unit = { number: 0, hash: "h", line: 3, state: "done" } as const;
  const failure = {
    statement: 1,
    line: 7,
    sql: "SELECT $1",
    sqlstate: "42703",
    message: "it's \\ wrong",
    remained: "nothing",
  } as const;
  await session.batch(
    [
      recordUnitSql(by, { ...unit, migration: "done" }),
      recordMigrationSql(by, { id: "done", checksum: "c", how: "resolved", reason: "it's \\ so" }),
      recordUnitSql(by, { ...unit, migration: "open" }),
      recordUnitSql(by, {
        ...unit,
        migration: "open",
        number: 1,
        state: "started",
        heldBefore: false,
      }),
      recordUnitSql(by, { ...unit, migration: "open", number: 1, state: "failed", failure }),
      recordMigrationSql({ ...by, source: "other" }, { id: "x", checksum: "c", how: "applied" }),
    ].join(";\n"),
  );
  const history = await readHistory(session, by.source);
  expect([...history.migrations.values()]).toEqual([
    {
      id: "done",
      checksum: "c",
      how: "resolved",
      reason: "it's \\ so",
      run,
      appliedAt: expect.any(Date),
    },
  ]);
  expect([...history.units.keys()]).toEqual(["open"]);
  expect(history.units.get("open")).toMatchObject([
    { number: 0, state: "done", failure: undefined, line: 3 },
    { number: 1, state: "failed", failure, heldBefore: false },
  ]);
});

it("marks runs lost whose fence has passed, and only those", async () => {
  await using session = await open();
  await installLedger(session);
  const id = (number: number) => run.replace(/1$/, String(number));
  await startRun(session, { ...details, id: id(1) }, 1);
  await startRun(session, { ...details, id: id(2) }, 2);
  await finishRun(session, id(2), "failed", { code: "c", what: "w" });
  await session.query(
    `INSERT INTO lockstep.run (id, command, version) VALUES ('${id(3)}', 'deploy', '0')`,
  );
  expect(await startRun(session, { ...details, id: id(4), detail: { why: "x" } }, 3)).toBe(true);
  const { rows } = await session.query(
    "SELECT fence::int, outcome, finished_at IS NOT NULL AS ended, error, detail FROM lockstep.run ORDER BY id",
  );
  expect(rows).toEqual([
    { fence: 1, outcome: "lost", ended: true, error: null, detail: null },
    { fence: 2, outcome: "failed", ended: true, error: { code: "c", what: "w" }, detail: null },
    { fence: null, outcome: "running", ended: false, error: null, detail: null },
    { fence: 3, outcome: "running", ended: false, error: null, detail: { why: "x" } },
  ]);
});

it("leaves the end of a row to the caller that wrote it", async () => {
  await using session = await open();
  await installLedger(session);
  await session.query(
    `INSERT INTO lockstep.run (id, command, version) VALUES ('${run}', 'deploy', '0')`,
  );
  expect(await startRun(session, details, 1)).toBe(false);
  const { rows } = await session.query("SELECT command, fence::int FROM lockstep.run");
  expect(rows).toEqual([{ command: "deploy", fence: 1 }]);
});

it("writes many traces at once", async () => {
  await using session = await open();
  await installLedger(session);
  const row: StepRow = {
    run,
    source: "x",
    migration: "m",
    unit: 0,
    statement: 0,
    line: 1,
    sql: "SELECT $1",
    started_at: "2026-01-02T03:04:05.678Z",
    ms: null,
    attempts: 2,
    paused_ms: 1.5,
    waited_ms: 2.5,
    outcome: "failed",
    sqlstate: "42703",
    error: "it's \\ wrong",
    remained: "nothing",
  };
  await writeSteps(session, [row, { ...row, statement: 1 }]);
  const { rows } = await session.query("SELECT * FROM lockstep.step ORDER BY id");
  expect(rows).toMatchObject([{ ...row, started_at: new Date(row.started_at) }, { statement: 1 }]);
});
