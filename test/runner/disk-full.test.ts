import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { explainServerError } from "../../src/deploy/index.ts";
import { readStatus } from "../../src/runner/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { jobOn, workOn } from "../backfill/support.ts";
import { failureOf } from "../support/failure.ts";
import { mountSmallDisk } from "../support/small-disk.ts";
import { ask, folderOf, open, run } from "./support.ts";

const disk = mountSmallDisk(64 << 20);
const tried = disk === undefined ? "is not tried: nobody may mount a file system here" : "";

describe.runIf(disk !== undefined)(`a full disk ${tried}`, () => {
  let scratch: Scratch;
  let url: string;
  beforeAll(async () => {
    scratch = await startScratch();
    await ask(scratch.url, `CREATE TABLESPACE small LOCATION '${disk!.folder}'`);
    url = scratch.urlOf("small");
  });
  beforeEach(async () => {
    disk!.empty();
    await ask(scratch.url, "DROP DATABASE IF EXISTS small");
    await ask(scratch.url, "CREATE DATABASE small TABLESPACE small TEMPLATE template0");
    await ask(
      url,
      "CREATE TABLE big AS SELECT n AS id, repeat('x', 200) || n AS text, false AS filled FROM generate_series(1, 20000) n",
    );
    await ask(url, "ALTER TABLE big ADD PRIMARY KEY (id)");
    await run(url, folderOf({ one: "CREATE TABLE one ()" }));
  });
  afterAll(async () => {
    await scratch.close();
    disk![Symbol.dispose]();
  });

  it.each([
    [
      "a new table",
      "CREATE TABLE more AS SELECT * FROM big",
      "SELECT count(*)::int AS n FROM more",
    ],
    [
      "an index that is built beside writes",
      "CREATE INDEX CONCURRENTLY by_text ON big (text)",
      "SELECT 20000 AS n FROM pg_index WHERE indexrelid = 'by_text'::regclass AND indisvalid",
    ],
    [
      "rows that are written again",
      "UPDATE big SET text = text || 'y'",
      "SELECT count(*)::int AS n FROM big WHERE text LIKE '%y' AND text NOT LIKE '%yy'",
    ],
  ])("under %s is told as one, and the next run goes on", async (_name, sql, done) => {
    const folder = folderOf({ one: "CREATE TABLE one ()", two: sql });
    disk!.fill(1 << 20);
    const failure = await failureOf(() => run(url, folder));
    expect(failure).toMatchObject({ code: "disk-full", exitCode: 3, from: "migrations/two.sql:1" });
    expect(failure.found).toMatch(/pg_tblspc.*SQLSTATE 53100.*\n.*Nothing of/s);
    const { migrations } = await readStatus({ url, folder });
    expect(migrations.map(({ state }) => state === "applied")).toEqual([true, false]);
    disk!.empty();
    const { result } = await run(url, folder);
    expect(result.applied.map(({ id }) => id)).toEqual(["two"]);
    expect(await ask(url, done)).toEqual([{ n: 20_000 }]);
  });

  it("in which the ledger has no room either loses nothing", async () => {
    const folder = folderOf({
      one: "CREATE TABLE one ()",
      two: "INSERT INTO big SELECT 0, repeat(random()::text, 99999)",
    });
    disk!.fill(0);
    const failure = await failureOf(() => run(url, folder));
    expect(failure).toMatchObject({ code: "disk-full", exitCode: 3 });
    disk!.empty();
    await run(url, folder);
    expect(await ask(url, "SELECT count(*)::int AS n FROM big")).toEqual([{ n: 20_001 }]);
  });

  it("stops a backfill, which goes on where it was", async () => {
    await using session = await open(url);
    const job = await jobOn(session, '"public"."big"');
    disk!.fill(1 << 20);
    const failure = explainServerError(
      await workOn(url, job, { rows: 500, rangeRows: 2_000 }).catch((error: unknown) => error),
      "here",
    );
    expect(failure).toMatchObject({ code: "disk-full" });
    const [{ n }] = (await ask<{ n: number }>(
      url,
      "SELECT count(*)::int AS n FROM big WHERE filled",
    )) as [{ n: number }];
    expect(n).toBeGreaterThan(0);
    expect(n).toBeLessThan(20_000);
    disk!.empty();
    expect(await workOn(url, job)).toBe("done");
    expect(await ask(url, "SELECT FROM big WHERE NOT filled")).toEqual([]);
  });
});
