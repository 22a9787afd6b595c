import { afterAll, beforeAll, expect, test } from "vitest";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";

let scratch: Scratch;

beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
});
afterAll(async () => scratch.close());

test("statements that are asked for together run in turn, past one that fails, without the driver's own queue", async () => {
  const warnings: string[] = [];
  const listen = ({ message }: Error): void => void warnings.push(message);
  process.on("warning", listen);
  await using session = await Session.open({ url: scratch.url, applicationName: "test" });
  const ends = await Promise.allSettled([
    session.query("SET lockstep.turn = 'first'"),
    session.queryArrays("SELECT current_setting('lockstep.turn')"),
    session.batch("SET lockstep.turn = 'second'; SELECT 1 / 0; SELECT 1"),
    session.query("SELECT $1::int AS n", [4]),
    session.batch("SELECT 5 AS n"),
  ]);
  // A warning is given in a later turn of the event loop.
  await new Promise(setImmediate);
  process.off("warning", listen);
  expect(warnings).toEqual([]);
  expect(ends).toMatchObject([
    { status: "fulfilled" },
    { status: "fulfilled", value: [["first"]] },
    { status: "rejected", reason: { code: "22012", completed: 1 } },
    { status: "fulfilled", value: { rows: [{ n: 4 }] } },
    { status: "fulfilled", value: [{ rows: [{ n: 5 }] }] },
  ]);
});
