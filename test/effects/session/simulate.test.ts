import fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  noEffect,
  SimulatedSession,
  type Effect,
  type SessionProblem,
  type SessionState,
  type TransactionMode,
} from "../../../src/effects/index.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { parseSql } from "../../../src/sql/index.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
});
afterAll(() => scratch.close());

/** Says which transaction it runs in and what the timeouts are. */
const probe = `DO $$ BEGIN RAISE NOTICE '% % %', pg_current_xact_id(), current_setting('lock_timeout'), current_setting('statement_timeout'); END $$`;

interface Seen {
  /** Number of the transaction, from 0 in the order of appearance. */
  readonly transaction: number;
  readonly lockTimeout: string;
  readonly statementTimeout: string;
}

/** What the server says before each statement; undefined where the probe was refused. */
async function ask(
  statements: readonly string[],
  mode: TransactionMode,
): Promise<readonly (Seen | undefined)[]> {
  const client = new pg.Client({ connectionString: scratch.url });
  await client.connect();
  let notices: string[] = [];
  client.on("notice", ({ message, severity }) => {
    if (severity === "NOTICE") notices.push(message!);
  });
  const seen: (string | undefined)[] = [];
  try {
    if (mode === "query") {
      await client.query(statements.map((sql) => `${probe};${sql}`).join(";")).catch(() => {});
      seen.push(...notices);
    } else {
      if (mode === "file") await client.query("BEGIN");
      for (const sql of statements) {
        notices = [];
        await client.query(probe).catch(() => {});
        seen.push(notices[0]);
        await client.query(sql).catch(() => {});
      }
    }
  } finally {
    await client.end();
  }
  const ids: string[] = [];
  return seen.map((text) => {
    if (text === undefined) return undefined;
    const [id, lockTimeout, statementTimeout] = text.split(" ") as [string, string, string];
    if (!ids.includes(id)) ids.push(id);
    return { transaction: ids.indexOf(id), lockTimeout, statementTimeout };
  });
}

async function simulate(
  statements: readonly string[],
  mode: TransactionMode,
  effectOf: (sql: string) => Effect = () => noEffect,
): Promise<{
  readonly states: readonly SessionState[];
  readonly problems: readonly SessionProblem[];
}> {
  const parsed = await parseSql(statements.join(";\n"), "test.sql");
  const session = new SimulatedSession({ transaction: mode });
  session.startFile("test.sql", parsed);
  const states = parsed.map((statement) => {
    const state = session.before(statement);
    session.after(statement, effectOf(statement.sql));
    return state;
  });
  return { states, problems: session.endFile() };
}

function shown(ms: number): string {
  if (ms % 60_000 === 0 && ms !== 0) return `${ms / 60_000}min`;
  return ms === 0 ? "0" : ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`;
}

function numbered(states: readonly SessionState[]): readonly Seen[] {
  const ids: number[] = [];
  return states.map(({ transaction, lockTimeout, statementTimeout }) => {
    if (!ids.includes(transaction)) ids.push(transaction);
    return {
      transaction: ids.indexOf(transaction),
      lockTimeout: shown(lockTimeout.ms),
      statementTimeout: shown(statementTimeout.ms),
    };
  });
}

const failing: Effect = {
  ...noEffect,
  failures: [{ when: "always", sqlState: "22012", message: "division by zero" }],
};

const controls = [
  "BEGIN",
  "START TRANSACTION",
  "COMMIT",
  "ROLLBACK",
  "COMMIT AND CHAIN",
  "ROLLBACK AND CHAIN",
  "SAVEPOINT a",
  "SAVEPOINT b",
  "RELEASE a",
  "ROLLBACK TO a",
  "ROLLBACK TO b",
];
const settings = [
  "SET lock_timeout = '5s'",
  "SET lock_timeout TO 1500",
  "SET lock_timeout = 0",
  "SET LOCAL lock_timeout = '2s'",
  "SET LOCAL lock_timeout TO DEFAULT",
  "SET lock_timeout TO DEFAULT",
  "SET statement_timeout = '1min'",
  "SET LOCAL statement_timeout = '0.5s'",
  "RESET lock_timeout",
  "RESET ALL",
  "SELECT set_config('lock_timeout', '7s', false)",
  "SELECT set_config('lock_timeout', '8s', true)",
];

/** RESET ALL passes over a setting that is at its default: the session's value comes back. */
const [hiding, hidden] = ["SET lock_timeout = '7s'", "SET LOCAL lock_timeout TO DEFAULT"] as const;

it.each(["statement", "file", "query"] as const)(
  "agrees with the server about transactions and settings, sent by %s",
  async (mode) => {
    const allowed =
      mode === "query" ? controls.filter((sql) => !/SAVEPOINT|TO|RELEASE/.test(sql)) : controls;
    const statement = fc.constantFrom(
      ...allowed,
      ...settings,
      ...(mode === "statement" ? ["SELECT 1/0"] : []),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(statement, { minLength: 2, maxLength: 14 }), async (list) => {
        // AND CHAIN without a block is an error, which ends a query string.
        fc.pre(mode !== "query" || !list.some((sql) => sql.includes("CHAIN")));
        const seen = await ask(list, mode);
        const { states } = await simulate(list, mode, (sql) =>
          sql === "SELECT 1/0" ? failing : noEffect,
        );
        const running = states.filter(({ failed }) => !failed);
        expect(seen.map((one) => one === undefined)).toEqual(states.map(({ failed }) => failed));
        expect(seen.filter((one) => one !== undefined)).toEqual(numbered(running));
      }),
      {
        numRuns: 150,
        examples: [
          [[hiding, hidden, "RESET ALL", "COMMIT", "BEGIN"]],
          [[hiding, hidden, "RESET ALL", "COMMIT AND CHAIN", "BEGIN"]],
        ],
      },
    );
  },
);
