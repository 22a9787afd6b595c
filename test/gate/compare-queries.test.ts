import { expect, it } from "vitest";
import { compareQueries } from "../../src/gate/compare-queries.ts";
import type { Contract } from "../../src/contract/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch } from "../../src/scratch/index.ts";

it("names each statement that the server refuses, however many go in one round trip", async () => {
  await using scratch = await startScratch();
  await using session = await Session.open({ url: scratch.url, applicationName: "test" });
  await session.batch("CREATE TABLE t (a int); SET lock_timeout = 77");
  const refused = new Map([
    [0, "SELECT b FROM t"],
    [1, "SELECT a FROM u"],
    // No text of this server's grammar: all that goes with it is refused.
    [35, "SELEC a FROM t"],
    [36, "SELECT 'open FROM t"],
    [64, "SELECT a FROM t -- and\n WHERE c"],
  ]);
  const queries = Array.from({ length: 65 }, (_, at) => ({
    sql: refused.get(at) ?? `SELECT a + $1 FROM t -- ${at}`,
    types: refused.has(at) ? [] : [null],
    uses: [],
    from: `${at}`,
  }));
  const contract = { queries } as unknown as Contract;
  const expected = [...refused.keys()].map((at) => `error ${at}`);
  const places = async (transaction: "own" | "caller") =>
    (await compareQueries(contract, session, transaction, [])).map(
      ({ severity, object }) => `${severity} ${object}`,
    );
  expect(await places("own")).toEqual(expected);
  await session.query("BEGIN");
  await session.query("INSERT INTO t VALUES (1)");
  expect(await places("caller")).toEqual(expected);
  await session.query("COMMIT");
  expect(await session.queryArrays("SELECT a, current_setting('lock_timeout') FROM t")).toEqual([
    [1, "77ms"],
  ]);
  expect(await session.queryArrays("SELECT name FROM pg_prepared_statements")).toEqual([]);
});
