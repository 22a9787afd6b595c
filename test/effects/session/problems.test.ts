import { expect, it } from "vitest";
import {
  noEffect,
  SimulatedSession,
  type SessionOptions,
  type TransactionMode,
} from "../../../src/effects/index.ts";
import { timeoutMs } from "../../../src/effects/index.ts";
import { parseSql } from "../../../src/sql/index.ts";

async function run(text: string, options: SessionOptions) {
  const statements = await parseSql(text, "one.sql");
  const session = new SimulatedSession(options);
  session.startFile("one.sql", statements);
  const states = statements.map((statement) => {
    const state = session.before(statement);
    session.after(statement, noEffect);
    return state;
  });
  const problems = session.endFile().map(({ kind, line }) => `${kind}@${line}`);
  return { states, problems };
}

it.each<readonly [string, TransactionMode, readonly string[]]>([
  ["BEGIN;\nSELECT 1;\nCOMMIT", "statement", []],
  ["BEGIN;\nSELECT 1;\nCOMMIT", "query", []],
  ["BEGIN;\nSELECT 1", "statement", ["never-committed@1"]],
  ["BEGIN;\nSELECT 1", "query", ["never-committed@1"]],
  ["BEGIN;\nBEGIN;\nCOMMIT", "statement", ["begin-in-transaction@2"]],
  ["BEGIN;\nSELECT 1;\nCOMMIT", "file", ["begin-in-transaction@1", "commit-without-begin@3"]],
  ["SELECT 1;\nCOMMIT;\nSELECT 2", "file", ["commit-without-begin@2"]],
  ["SELECT 1;\nCOMMIT", "statement", ["commit-without-begin@2"]],
  ["BEGIN;\nSELECT 1;\nROLLBACK", "statement", ["rolled-back@3"]],
  ["SET LOCAL lock_timeout = '1s'", "statement", ["local-outside-transaction@1"]],
  ["SET LOCAL lock_timeout = '1s'", "query", ["local-outside-transaction@1"]],
  ["SET LOCAL lock_timeout = '1s';\nSELECT 1", "query", []],
  ["SET LOCAL lock_timeout = '1s'", "file", []],
  ["SAVEPOINT a", "statement", ["savepoint-outside-transaction@1"]],
])("%j sent by %s", async (text, transaction, expected) => {
  expect((await run(text, { transaction })).problems).toEqual(expected);
});

it("timeouts come from the role, the runner and the text, in this order", async () => {
  const text = "SELECT 1; SET lock_timeout = '0'; SELECT 1; RESET lock_timeout; SELECT 1";
  const defaults = new Map([["Lock_Timeout", "4s"]]);
  const role = await run(text, { transaction: "statement", defaults });
  expect(role.states.map(({ lockTimeout }) => [lockTimeout.ms, lockTimeout.from.kind])).toEqual([
    [4_000, "role"],
    [4_000, "role"],
    [0, "statement"],
    [0, "statement"],
    [4_000, "role"],
  ]);
  const runner = { lockTimeoutMs: 2_000, statementTimeoutMs: 60_000 };
  const both = await run("SELECT 1", { transaction: "statement", defaults, runner });
  expect(both.states[0]!.lockTimeout).toEqual({ ms: 2_000, from: { kind: "runner" } });
  expect(both.states[0]!.statementTimeout).toEqual({ ms: 60_000, from: { kind: "runner" } });
});

it("a timeout that the text does not show counts as off", async () => {
  const sql =
    "SET lock_timeout = '5s'; SELECT set_config('lock_timeout', current_user, false); SELECT 1";
  const { states } = await run(sql, { transaction: "statement" });
  expect(states.map(({ lockTimeout }) => lockTimeout.ms)).toEqual([0, 5_000, 0]);
});

it.each([
  ["5s", 5_000],
  ["250", 250],
  ["1.5s", 1_500],
  [" 2 min ", 120_000],
  ["1h", 3_600_000],
  ["0", 0],
  ["600us", 1],
  ["soon", undefined],
  ["5 parsecs", undefined],
])("%j is %s ms", (text, ms) => {
  expect(timeoutMs(text)).toBe(ms);
});
