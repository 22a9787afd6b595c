import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { diff, introspect, type Catalog } from "../../src/catalog/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { temporaryFolder } from "../support/folder.ts";
import { spawnTypescript } from "../support/run-typescript.ts";
import { effects, longHistory } from "./long-history.ts";
import { ask, folderOf, only, open, quick, run, toolLedger } from "./support.ts";

const points = Number(process.env["LOCKSTEP_KILL_POINTS"] ?? 7);
const child = join(import.meta.dirname, "child.ts");
const files = longHistory();
const folder = folderOf(files, { ledger: toolLedger });

let scratch: Scratch;
let uninterrupted: Catalog;
let events: number;

beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
  const { url } = await scratch.createDatabase();
  ({
    events: { length: events },
  } = await run(url, folder));
  uninterrupted = await catalogOf(url);
});
afterAll(() => scratch.close());

it(
  `a runner killed with -9 at ${points} random points leaves what the next one finishes`,
  { timeout: 30_000 + points * 10_000 },
  async () => {
    using place = temporaryFolder({ "files.json": JSON.stringify(files) });
    let killed = 0;
    let resumed = 0;
    let slowest = 0;
    while (killed < points) {
      const database = await scratch.createDatabase();
      // Several kills on the way through one history, then a run to its end.
      for (let kills = 0; kills < 4 && killed < points; kills++) {
        const after = 1 + Math.floor((Math.random() * events) / 3);
        if (!(await killAfter(database.url, join(place.path, "files.json"), after))) break;
        killed++;
        slowest = Math.max(slowest, await untilOrphansEnd(database.url));
      }
      const finished = await run(database.url, folder, { ...quick, lockTimeoutMs: 3_000 });
      resumed += only(finished.events, "migration.started").filter((one) => one.resumed).length;
      expect(await diff(uninterrupted, await catalogOf(database.url))).toEqual([]);
      expect(
        await ask(
          database.url,
          "SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid OR NOT indisready",
        ),
      ).toEqual([]);
      expect(await ask(database.url, leftLocks)).toEqual([]);
      expect(
        await ask(
          database.url,
          "SELECT count(*)::int AS rows, count(DISTINCT name)::int AS names FROM effect",
        ),
      ).toEqual([{ rows: effects, names: effects }]);
      expect(await ask(database.url, "SELECT name FROM tool.applied ORDER BY number")).toEqual(
        folder.migrations.map(({ id }) => ({ name: id })),
      );
      await database.drop();
    }
    expect(slowest).toBeLessThan(10_000);
    process.stdout.write(
      `${killed} kills, ${resumed} of them within a file; orphans gone after ${slowest} ms at most\n`,
    );
  },
);

const leftLocks = `SELECT l.locktype, a.application_name FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
  WHERE l.locktype = 'advisory' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

/** Kills a runner a moment after it printed so many events. False when it came to its end before. */
async function killAfter(url: string, path: string, after: number): Promise<boolean> {
  const runner = spawnTypescript(child, [url, path]);
  const closed = once(runner, "close");
  let seen = 0;
  for await (const _line of createInterface({ input: runner.stdout! }))
    if (++seen === after) {
      await sleep(Math.random() * 60);
      runner.kill("SIGKILL");
    }
  const [, signal] = await closed;
  return signal === "SIGKILL";
}

/** How long the killed runner's sessions stay busy, in ms. */
async function untilOrphansEnd(url: string): Promise<number> {
  await using session = await open(url);
  const began = performance.now();
  for (;;) {
    const { rows } = await session.query(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'lockstep/%'",
    );
    if (rows.length === 0) return Math.round(performance.now() - began);
    await sleep(10);
  }
}

async function catalogOf(url: string): Promise<Catalog> {
  await using session = await open(url);
  return await introspect(session, { ignore: [{ schema: "tool" }] });
}
