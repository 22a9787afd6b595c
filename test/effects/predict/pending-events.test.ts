import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fold, objectsOf, readWorld, type SessionState } from "../../../src/effects/index.ts";
import { startPredicting } from "../../../src/effects/predict/index.ts";
import { Session, sqlState } from "../../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { parseSql } from "../../../src/sql/index.ts";

const schema = `
CREATE TABLE p (id int PRIMARY KEY, note text);
CREATE TABLE now (id int, p int REFERENCES p);
CREATE TABLE later (id int, p int REFERENCES p DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE maybe (id int, p int REFERENCES p DEFERRABLE);
CREATE TABLE parts (id int, p int REFERENCES p DEFERRABLE INITIALLY DEFERRED) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (9);
INSERT INTO p VALUES (1), (2);
INSERT INTO later VALUES (1, 1);
INSERT INTO parts VALUES (1, 1)`;

/** What a transaction does, and whether its last statement finds its table in use. */
const transactions: readonly (readonly [sql: string, isInUse: boolean])[] = [
  ["INSERT INTO later VALUES (2, 1); ALTER TABLE later ADD x int", true],
  ["INSERT INTO later VALUES (2, 1); TRUNCATE later", true],
  ["INSERT INTO later VALUES (2, 1); DROP TABLE later", true],
  ["INSERT INTO later VALUES (2, 1); ALTER TABLE p ADD x int", false],
  [
    "INSERT INTO later VALUES (2, 1); SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE later ADD x int",
    false,
  ],
  ["INSERT INTO now VALUES (2, 1); ALTER TABLE now ADD x int", false],
  ["INSERT INTO maybe VALUES (2, 1); ALTER TABLE maybe ADD x int", false],
  [
    "SET CONSTRAINTS ALL DEFERRED; INSERT INTO maybe VALUES (2, 1); ALTER TABLE maybe ADD x int",
    true,
  ],
  ["UPDATE p SET id = 3 WHERE id = 1; ALTER TABLE p ADD x int", true],
  ["DELETE FROM p WHERE id = 2; DROP TABLE p CASCADE", true],
  ["INSERT INTO parts VALUES (2, 1); ALTER TABLE parts ADD x int", true],
  ["INSERT INTO parts VALUES (2, 1); ALTER TABLE parts_1 ADD CHECK (id > 0)", true],
];

const off = { ms: 0, from: { kind: "default" } } as const;
const session: SessionState = {
  inTransaction: true,
  transaction: 1,
  failed: false,
  lockTimeout: off,
  statementTimeout: off,
  settings: new Map(),
  held: [],
};

describe.each([14, 18])("what waits for the end of the transaction, on %i", (major) => {
  let scratch: Scratch;
  let worker: Session;
  beforeAll(async () => {
    scratch = await startScratch({ major });
    const { url } = await scratch.createDatabase();
    worker = await Session.open({ url, applicationName: "pending" });
    await worker.batch(schema);
  }, 60_000);
  afterAll(async () => {
    await worker.close();
    await scratch.close();
  });

  it.each(transactions)("%s", async (sql, isInUse) => {
    const world = await readWorld(worker);
    const existing = objectsOf(world);
    const predictNext = startPredicting();
    const states: (string | undefined)[] = [];
    await worker.batch("BEGIN");
    let failure: string | undefined;
    for (const statement of await parseSql(sql, "transaction")) {
      const { failures } = predictNext({ statement, world, existing, session });
      states.splice(0, states.length, ...failures.map(({ sqlState: state }) => state));
      failure = await worker.batch(statement.sql).then(
        () => undefined,
        (error: unknown) => sqlState(error),
      );
      fold(statement, world);
    }
    await worker.batch("ROLLBACK");
    expect(failure).toBe(isInUse ? "55006" : undefined);
    expect(states.includes("55006")).toBe(isInUse);
  });
});
