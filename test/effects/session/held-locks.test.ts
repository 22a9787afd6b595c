import { expect, it } from "vitest";
import {
  noEffect,
  SimulatedSession,
  type Effect,
  type LockMode,
  type SessionOptions,
  type StatementGroup,
} from "../../../src/effects/index.ts";
import { parseSql } from "../../../src/sql/index.ts";

/** `LOCK TABLE name IN … MODE` as an effect. */
function locking(name: string, mode: LockMode): Effect {
  return {
    ...noEffect,
    locks: [{ relation: `public.${name}`, kind: "table", mode, role: "self" }],
  };
}

const effects: Readonly<Record<string, Effect>> = {
  "SELECT 'share a'": locking("a", "Share"),
  "SELECT 'exclusive a'": locking("a", "AccessExclusive"),
  "SELECT 'share b'": locking("b", "Share"),
  "SELECT 'fails'": { ...noEffect, failures: [{ when: "always", sqlState: "42P01", message: "" }] },
};

/** What is held before each statement, as `a:Share@1`. */
async function held(
  text: string,
  options: SessionOptions,
  groups?: readonly StatementGroup[],
): Promise<readonly string[]> {
  const statements = await parseSql(text, "one.sql");
  const session = new SimulatedSession(options);
  session.startFile("one.sql", statements, groups);
  return statements.map((statement) => {
    const state = session.before(statement);
    session.after(statement, effects[statement.sql] ?? noEffect);
    return state.held
      .map(({ relation, mode, line }) => `${relation.split(".")[1]}:${mode}@${line}`)
      .join(" ");
  });
}

const text = `SELECT 'share a';
SELECT 'exclusive a';
SELECT 'share b';
SELECT 'share a';
SELECT 1;`;

it("keeps the strongest lock and where it was taken, until the transaction ends", async () => {
  const all = ["", "a:Share@1", "a:AccessExclusive@2", "a:AccessExclusive@2 b:Share@3"];
  const expected = [...all, all[3]];
  expect(await held(text, { transaction: "file" })).toEqual(expected);
  expect(await held(text, { transaction: "query" })).toEqual(expected);
  expect(await held(text, { transaction: "deploy" })).toEqual(expected);
  expect(await held(text, { transaction: "statement" })).toEqual(["", "", "", "", ""]);
  expect(
    await held(text, { transaction: "units" }, [
      { statements: [0, 1], inTransaction: true },
      { statements: [2], inTransaction: false },
      { statements: [3, 4], inTransaction: true },
    ]),
  ).toEqual(["", "a:Share@1", "", "", "a:Share@4"]);
});

it("releases what was taken after a savepoint, and everything at COMMIT and ROLLBACK", async () => {
  const sql = `BEGIN;
SELECT 'share a';
SAVEPOINT one;
SELECT 'exclusive a';
SELECT 'share b';
ROLLBACK TO one;
SELECT 1;
COMMIT AND CHAIN;
SELECT 'share b';
ROLLBACK;
SELECT 1`;
  expect(await held(sql, { transaction: "statement" })).toEqual([
    "",
    "",
    "a:Share@2",
    "a:Share@2",
    "a:AccessExclusive@4",
    "a:AccessExclusive@4 b:Share@5",
    "a:Share@2",
    "a:Share@2",
    "",
    "b:Share@9",
    "",
  ]);
});

it("a statement that fails takes nothing with it but the transaction", async () => {
  const sql = "SELECT 'share a';\nSELECT 'fails';\nSELECT 'share b';\nROLLBACK;\nSELECT 'share b'";
  expect(await held(sql, { transaction: "file" })).toEqual([
    "",
    "a:Share@1",
    "a:Share@1",
    "a:Share@1",
    "",
  ]);
});

it("one transaction spans the files of a deploy; other modes begin anew with each file", async () => {
  const counts = async (transaction: "deploy" | "file") => {
    const session = new SimulatedSession({ transaction });
    const states = [];
    for (const file of ["one.sql", "two.sql"]) {
      const statements = await parseSql("SET lock_timeout = '3s'; SELECT 'share a'", file);
      session.startFile(file, statements);
      for (const statement of statements) {
        states.push(session.before(statement));
        session.after(statement, effects[statement.sql] ?? noEffect);
      }
      session.endFile();
    }
    return states.map(({ held, lockTimeout }) => [held.length, lockTimeout.ms]);
  };
  expect(await counts("deploy")).toEqual([
    [0, 0],
    [0, 3_000],
    [1, 3_000],
    [1, 3_000],
  ]);
  expect(await counts("file")).toEqual([
    [0, 0],
    [0, 3_000],
    [0, 0],
    [0, 3_000],
  ]);
});
