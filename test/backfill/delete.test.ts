import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isScannedInOrder } from "../../src/backfill/fill.ts";
import { deletion, readBackfill, verifyBackfill } from "../../src/backfill/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { jobOn, workOn } from "./support.ts";

const rows = 6_000;
const rangeRows = 300;

/** How the rows of a table are gone through, and their keys. */
const tables = [
  { name: "a key in the order of the rows", key: "lpad(n::text, 8, '0')", primary: "PRIMARY KEY" },
  { name: "a key in no order", key: "md5(n::text)", primary: "PRIMARY KEY" },
  { name: "no key", key: "md5(n::text)", primary: "" },
] as const;

describe.each([14, 18])("rows that go in batches, on Postgres %i", (major) => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({ major });
  });
  afterAll(() => scratch.close());

  it.each(tables)(
    "with $name: each of them, and none that a writer has kept or made meanwhile",
    async ({ name, key, primary }) => {
      const { url } = await scratch.createDatabase();
      await using session = await Session.open({ url, applicationName: "set-up" });
      await session.batch(
        `CREATE TABLE t (k text COLLATE "C" ${primary}, n integer NOT NULL, goes boolean NOT NULL, pad text DEFAULT repeat('x', 100));
         INSERT INTO t SELECT ${key}, n, n % 3 = 0 FROM generate_series(1, ${rows}) n; CREATE INDEX ON t (n); ANALYZE t`,
      );
      const job = await jobOn(session, '"public"."t"', { set: deletion, todo: "t.goes" });
      // Both forms of the statement are tried: which one the server needs is its own choice.
      const keys = (await session.queryArrays("SELECT k FROM t ORDER BY k")) as [string][];
      const bounds = { reached: keys[900]!, upto: keys[900 + rangeRows]! };
      const range = { number: 1, fence: "1", relation: job.table, file: null, ...bounds };
      expect([job.key === null, await isScannedInOrder(session, job, range)]).toEqual([
        primary === "",
        name !== "a key in no order",
      ]);

      let isOver = false;
      const kept = new Set<number>();
      const write = async (seed: number) => {
        await using writer = await Session.open({ url, applicationName: "writer" });
        for (let i = 1; !isOver; i++) {
          const n = (seed * 2_000 + i * 2_503) % rows;
          const { rowCount } = await writer.query("UPDATE t SET goes = false WHERE n = $1", [n]);
          if (rowCount! > 0) kept.add(n);
          const own = rows + i * 3 + seed;
          await writer.query("INSERT INTO t VALUES (md5($1), $2, false)", [`own ${own}`, own]);
          kept.add(own);
        }
      };
      const writing = [write(0), write(1), write(2)];
      const ends = await Promise.all(
        ["a", "b"].map((worker) => workOn(url, job, { name: worker, rows: 40, rangeRows })),
      );
      isOver = true;
      await Promise.all(writing);

      expect(ends).toEqual(["done", "done"]);
      expect((await verifyBackfill(session, job)).left).toBe(0);
      const found = (await session.queryArrays("SELECT DISTINCT n FROM t")) as [number][];
      for (let n = 1; n <= rows; n++) if (n % 3 !== 0) kept.add(n);
      expect(found.map(([n]) => n).toSorted((a, b) => a - b)).toEqual(
        [...kept].toSorted((a, b) => a - b),
      );
      const { changed } = (await readBackfill(session, job.id))!;
      const rescued = [...kept].filter((n) => n <= rows && n % 3 === 0).length;
      expect(changed).toBe(rows / 3 - rescued);
      expect(rescued).toBeGreaterThan(0);
    },
    60_000,
  );
});
