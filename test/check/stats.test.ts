import { expect, it } from "vitest";
import { parseSizes, readSizes, type Sizes } from "../../src/effects/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch } from "../../src/scratch/index.ts";
import { runCli } from "../cli/run-cli.ts";
import { temporaryFolder } from "../support/folder.ts";

it.each([14, 18])("stats export reads sizes and changes nothing, Postgres %i", async (major) => {
  await using server = await startScratch({ major });
  await using session = await Session.open({ url: server.url, applicationName: "test" });
  await session.batch(`
    CREATE TABLE analyzed (id int PRIMARY KEY, note text);
    INSERT INTO analyzed SELECT n, repeat('x', 100) FROM generate_series(1, 5000) n;
    CREATE TABLE lines (id bigint, analyzed_id int REFERENCES analyzed, price numeric, seen date);
    INSERT INTO lines SELECT n, CASE WHEN n % 4 > 0 THEN 1 + n % 100 END, -n, CASE WHEN n % 2 = 0 THEN '2021-03-04'::date END
      FROM generate_series(1, 4000) n;
    CREATE INDEX lines_seen ON lines (seen);
    DELETE FROM lines WHERE id > 3000;
    INSERT INTO lines SELECT n, 7, 1, '2021-03-05' FROM generate_series(3001, 4000) n;
    ANALYZE analyzed, lines;
    CREATE SCHEMA "Odd Name";
    CREATE TABLE "Odd Name".fresh (id int);
    CREATE TABLE parts (id int) PARTITION BY RANGE (id);
    CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (1000) PARTITION BY RANGE (id);
    CREATE TABLE parts_low_leaf PARTITION OF parts_low FOR VALUES FROM (0) TO (1000);
    CREATE TABLE parts_high PARTITION OF parts DEFAULT;
    INSERT INTO parts SELECT n FROM generate_series(1, 3000) n;
    ANALYZE parts;
    SET track_counts = off;
    CREATE TABLE uncounted AS SELECT n AS id, repeat('x', 100) AS note FROM generate_series(1, 5000) n;
    SET track_counts = on;
    CREATE MATERIALIZED VIEW kept AS SELECT * FROM analyzed WITH NO DATA;
    CREATE VIEW shown AS SELECT * FROM analyzed`);
  using folder = temporaryFolder();
  const printed = await runCli(["stats", "export", "--url", server.url], { cwd: folder.path });
  expect(printed.exitCode).toBe(0);
  const sizes = JSON.parse(printed.stdout) as Sizes;
  expect(sizes.version).toBe(1);
  expect(sizes.serverVersion).toMatch(new RegExp(`^${major}\\.`));
  expect(sizes).toHaveProperty("server", { cache: 134_217_728, wal: 268_435_456 });
  expect(Object.keys(sizes.relations)).toEqual([
    '"Odd Name".fresh',
    "public.analyzed",
    "public.kept",
    "public.lines",
    "public.parts",
    "public.parts_high",
    "public.parts_low",
    "public.parts_low_leaf",
    "public.uncounted",
  ]);
  // Neither ANALYZE nor the counters know of its rows, as after a crash: they are guessed, by no more than the types are off.
  const uncounted = sizes.relations["public.uncounted"]!;
  expect(uncounted).toMatchObject({ isGuessed: true });
  expect(uncounted.rows).toBeGreaterThan(2_500);
  expect(uncounted.rows).toBeLessThan(20_000);
  const analyzed = sizes.relations["public.analyzed"]!;
  expect(analyzed.rows).toBe(5000);
  expect(analyzed.isGuessed).toBeUndefined();
  expect(analyzed.bytes).toBeGreaterThan(500_000);
  expect(analyzed.totalBytes).toBeGreaterThan(analyzed.bytes + 100_000);
  expect(sizes.relations['"Odd Name".fresh']).toMatchObject({ rows: 0, bytes: 0, totalBytes: 0 });
  expect(sizes.relations["public.parts"]!.rows).toBe(3000);
  expect(sizes.relations["public.parts_low"]!.rows).toBe(999);
  const { shape } = sizes.relations["public.lines"]!;
  expect(shape!.columns["id"]).toMatchObject({ nulls: 0, distinct: -1, width: 8, digits: 4 });
  expect(shape!.columns["price"]).toMatchObject({ digits: 4, negative: true });
  const seen = shape!.columns["seen"]!;
  expect(seen.nulls).toBeCloseTo(0.375, 4);
  expect(seen).toMatchObject({ distinct: 2, width: 4 });
  // Two values with 1,500 and 1,000 rows; which they are is not told.
  expect(seen.commonest.toSorted((a, b) => a - b)).toEqual([0.25, 0.375]);
  expect(seen.digits).toBeUndefined();
  const fan = shape!.foreignKeys["lines_analyzed_id_fkey"]!;
  expect(fan).toMatchObject({ to: "public.analyzed", most: 1000 + 30 });
  expect(fan.average).toBeCloseTo(3250 / 75, 1);
  expect(Object.keys(shape!.indexes)).toEqual(["lines_seen"]);
  expect(shape!.indexes["lines_seen"]).toBeGreaterThan(8192);
  // A quarter of the heap is what was deleted: dead rows or, after a vacuum, room that nobody uses.
  expect(shape!.bloatBytes).toBeGreaterThan(30_000);
  expect(shape!.bloatBytes).toBeLessThan(100_000);
  const written = await runCli(
    ["stats", "export", "--url", server.url, "--out", "sizes.json", "--json"],
    { cwd: folder.path },
  );
  expect(JSON.parse(written.stdout)).toEqual({ version: 1, out: "sizes.json", relations: 9 });
});

it("stats export says which right is missing", async () => {
  await using server = await startScratch();
  await using session = await Session.open({ url: server.url, applicationName: "test" });
  await session.batch(`
    CREATE ROLE reader LOGIN PASSWORD 'reader';
    REVOKE SELECT ON pg_catalog.pg_class FROM PUBLIC`);
  const url = new URL(server.url);
  url.username = "reader";
  url.password = "reader";
  await using reader = await Session.open({ url: url.href, applicationName: "test" });
  await expect(readSizes(reader)).rejects.toMatchObject({
    code: "privilege-missing",
    explanation: { found: expect.stringContaining("pg_class") },
  });
  expect((await reader.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
});

it("refuses what is no export", () => {
  const refused = (text: string) => () => parseSizes(text, "sizes.json");
  for (const text of [
    "{",
    "null",
    '{"version":2}',
    '{"version":1,"relations":{}}',
    '{"version":1,"serverVersion":"18.0","relations":{"a":{"rows":-1}}}',
    '{"version":1,"serverVersion":"18.0","relations":{"a":{"rows":1,"bytes":1,"totalBytes":1,"shape":{}}}}',
    '{"version":1,"serverVersion":"18.0","relations":{},"migrations":{"applied":[1]}}',
    '{"version":1,"serverVersion":"eighteen","relations":{}}',
    '{"version":1,"serverVersion":"18.0","relations":[]}',
    '{"version":1,"serverVersion":"18.0","relations":{"a":{"rows":1e300,"bytes":1,"totalBytes":1}}}',
    '{"version":1,"serverVersion":"18.0","relations":{},"durations":[null]}',
    ...['"x"', "0", "1.5", "1e9"].map(
      (digits) =>
        `{"version":1,"serverVersion":"18.0","relations":{"a":{"rows":1,"bytes":1,"totalBytes":1,"shape":{"toastBytes":0,"columns":{"n":{"nulls":0,"distinct":1,"width":4,"commonest":[],"digits":${digits}}}}}}}`,
    ),
  ])
    expect(refused(text)).toThrow(expect.objectContaining({ code: "sizes-invalid" }));
  const relations = { "public.a": { rows: 1, bytes: 8192, totalBytes: 16384 } };
  expect(
    parseSizes(JSON.stringify({ version: 1, serverVersion: "18.0", relations }), "x").relations,
  ).toEqual(relations);
});
