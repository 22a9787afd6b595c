import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startScratch, supportedMajors, type Scratch } from "../../src/scratch/index.ts";
import { ask, folderOf, only, run, toolLedger } from "./support.ts";

describe.each(supportedMajors)("a folder on Postgres %i", (major) => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({ major });
  });
  afterAll(() => scratch.close());

  it("is applied once, in order, and recorded in both ledgers", async () => {
    const { url } = await scratch.createDatabase();
    const folder = folderOf(
      {
        "0001_users": "CREATE TABLE users (id int PRIMARY KEY); -- first\n",
        "0002_mood": "CREATE TYPE mood AS ENUM ('calm');\nALTER TABLE users ADD mood mood;",
        "0003_mood": "ALTER TYPE mood ADD VALUE 'glad'; UPDATE users SET mood = 'glad';",
        "0004_index": "CREATE INDEX CONCURRENTLY users_mood ON users (mood); SELECT 1",
        "0005_empty": "-- nothing yet\n",
      },
      { ledger: toolLedger },
    );
    const { result, events } = await run(url, folder);
    expect(result.applied.map(({ id }) => id)).toEqual(folder.migrations.map(({ id }) => id));
    expect(only(events, "step.finished")).toHaveLength(7);
    expect(await ask(url, "SELECT name FROM tool.applied ORDER BY number")).toEqual(
      folder.migrations.map(({ id }) => ({ name: id })),
    );
    expect(await ask(url, "SELECT id, how FROM lockstep.migration ORDER BY id")).toEqual(
      folder.migrations.map(({ id }) => ({ id, how: "applied" })),
    );
    expect(
      await ask(url, "SELECT outcome, finished_at > started_at AS ended FROM lockstep.run"),
    ).toEqual([{ outcome: "succeeded", ended: true }]);
    expect(await ask(url, "SELECT count(*)::int AS n FROM lockstep.step")).toEqual([{ n: 7 }]);
    expect(
      await ask(url, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'users_mood'::regclass"),
    ).toEqual([{ indisvalid: true }]);
    const again = await run(url, folder);
    expect(again.result.applied).toEqual([]);
    expect(await ask(url, "SELECT count(*)::int AS n FROM lockstep.run")).toEqual([{ n: 1 }]);
  });

  it("tells what a file raises, and how long each statement of a transaction took", async () => {
    const { url } = await scratch.createDatabase();
    const { events } = await run(
      url,
      folderOf({
        one: "DO $$ BEGIN RAISE NOTICE 'half done'; RAISE WARNING 'odd rows'; END $$; SELECT pg_sleep(0.2); SELECT 1",
      }),
    );
    expect(only(events, "notice")).toMatchObject([
      { severity: "info", message: "half done" },
      { severity: "warning", message: "odd rows" },
    ]);
    const steps = await ask<{ ms: number }>(url, "SELECT ms FROM lockstep.step ORDER BY id");
    expect(steps[1]!.ms).toBeGreaterThanOrEqual(200);
    expect(steps[2]!.ms).toBeLessThan(steps[1]!.ms);
  });
});
