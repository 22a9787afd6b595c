import { afterAll, beforeAll, expect, it } from "vitest";
import { fillSql, inside, isScannedInOrder } from "../../src/backfill/fill.ts";
import type { Job } from "../../src/backfill/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { jobOn, pagesOf } from "./support.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch({ major: 18, settings: { autovacuum: "off" } });
});
afterAll(() => scratch.close());

/** A table of 20,000 rows whose keys are in the order of the rows, or in none. */
async function tableOf(key: "ordered" | "scattered") {
  const { url } = await scratch.createDatabase();
  const session = await Session.open({ url, applicationName: "set-up" });
  const value = key === "ordered" ? "lpad(n::text, 8, '0')" : "md5(n::text)";
  await session.batch(
    `CREATE TABLE t (k text COLLATE "C" PRIMARY KEY, filled boolean NOT NULL DEFAULT false, pad text);
     INSERT INTO t SELECT ${value}, false, repeat('x', 200) FROM generate_series(1, 20000) n`,
  );
  const job = await jobOn(session, '"public"."t"');
  const keys = (await session.queryArrays("SELECT k FROM t ORDER BY k")) as [string][];
  return { url, session, job, keys: keys.map(([k]) => k) };
}

const fill = (job: Job, keys: readonly string[], from: number, to: number, inOrder: boolean) =>
  fillSql(job, job.table, inside(job, [keys[from]!], [keys[to]!]), inOrder);

it.each([true, false])(
  "a batch touches its own rows and no others, where nothing was analyzed too (plain: %s)",
  async (inOrder) => {
    const { session, job, keys } = await tableOf("ordered");
    await using _ = session;
    const few = await pagesOf(session, fill(job, keys, 9_000, 9_020, inOrder));
    const more = await pagesOf(session, fill(job, keys, 9_000, 9_200, inOrder));
    // Each row: a few pages of the index and its own, read and written; the table has more than 600 pages.
    expect(few).toBeLessThan(20 * 15);
    expect(more).toBeLessThan(200 * 15);
    await session.query("ANALYZE t");
    expect(await pagesOf(session, fill(job, keys, 9_000, 9_020, inOrder))).toBeLessThan(20 * 15);
  },
);

it.each(["ordered", "scattered"] as const)(
  "T26: locks rows in the order of the key, where they lie %s",
  async (order) => {
    const { url, session, job, keys } = await tableOf(order);
    await using _ = session;
    await session.query("ANALYZE t");
    const bounds = { reached: [keys[2_000]!], upto: [keys[12_000]!] };
    const range = { number: 1, fence: "1", relation: job.table, file: null, ...bounds };
    const inOrder = await isScannedInOrder(session, job, range);
    // Both forms are tried: which of them the server needs is its own choice.
    expect(inOrder).toBe(order === "ordered");
    await using holder = await Session.open({ url, applicationName: "holder" });
    await using filler = await Session.open({ url, applicationName: "filler" });
    await holder.query("BEGIN");
    await holder.query("SELECT FROM t WHERE k = $1 FOR UPDATE", [keys[2_600]]);
    const filled = filler.query(fill(job, keys, 2_000, 3_000, inOrder));
    for (;;) {
      const { rowCount } = await session.query("SELECT FROM pg_locks WHERE NOT granted");
      if (rowCount! > 0) break;
    }
    const free = await session.queryArrays(
      "SELECT k FROM t WHERE k > $1 AND k <= $2 ORDER BY k FOR UPDATE SKIP LOCKED",
      [keys[2_000], keys[3_000]],
    );
    expect(free.map(([k]) => k)).toEqual(keys.slice(2_601, 3_001));
    await holder.query("ROLLBACK");
    expect((await filled).rowCount).toBe(1_000);
  },
);
