import { afterAll, beforeAll, expect, it } from "vitest";
import { noEffect, searchPathOf, SimulatedSession } from "../../../src/effects/index.ts";
import { Session } from "../../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { parseSql } from "../../../src/sql/index.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
});
afterAll(() => scratch.close());

/** What the server looks through; schemas that do not exist are not in its list, so all are made. */
async function ask(sql: string): Promise<readonly string[]> {
  await using session = await Session.open({ url: scratch.url, applicationName: "test" });
  for (const name of ["app", "App", "a, b", 'q"q'])
    await session.query(`CREATE SCHEMA IF NOT EXISTS "${name.replaceAll('"', '""')}"`);
  await session.batch(sql);
  const [[path]] = (await session.queryArrays("SELECT current_schemas(false)::text[]")) as [
    [string[]],
  ];
  return path;
}

it.each([
  "SELECT 1",
  "SET search_path = app",
  "SET search_path = App, public",
  'SET search_path TO "App", app',
  "SET search_path TO 'App', 'a, b'",
  'SET search_path = "q""q", pg_catalog, public',
  "SELECT set_config('search_path', 'App, \"App\"', false)",
  'SET search_path = "$user", public',
])("%s", async (sql) => {
  const statements = await parseSql(`${sql}; SELECT 1`, "test.sql");
  const session = new SimulatedSession({ transaction: "statement" });
  session.startFile("test.sql", statements);
  const states = statements.map((statement) => {
    const state = session.before(statement);
    session.after(statement, noEffect);
    return state;
  });
  const expected = (await ask(sql)).filter((schema) => schema !== "pg_catalog");
  expect([...new Set(searchPathOf(states.at(-1)!))]).toEqual(expected);
});
