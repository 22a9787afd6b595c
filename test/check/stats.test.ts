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
    ANALYZE analyzed;
    CREATE SCHEMA "Odd Name";
    CREATE TABLE "Odd Name".fresh (id int);
    CREATE TABLE parts (id int) PARTITION BY RANGE (id);
    CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (1000) PARTITION BY RANGE (id);
    CREATE TABLE parts_low_leaf PARTITION OF parts_low FOR VALUES FROM (0) TO (1000);
    CREATE TABLE parts_high PARTITION OF parts DEFAULT;
    INSERT INTO parts SELECT n FROM generate_series(1, 3000) n;
    ANALYZE parts;
    CREATE MATERIALIZED VIEW kept AS SELECT * FROM analyzed WITH NO DATA;
    CREATE VIEW shown AS SELECT * FROM analyzed`);
  using folder = temporaryFolder();
  const printed = await runCli(["stats", "export", "--url", server.url], { cwd: folder.path });
  expect(printed.exitCode).toBe(0);
  const sizes = JSON.parse(printed.stdout) as Sizes;
  expect(sizes.version).toBe(1);
  expect(sizes.serverVersion).toMatch(new RegExp(`^${major}\\.`));
  expect(Object.keys(sizes.relations)).toEqual([
    '"Odd Name".fresh',
    "public.analyzed",
    "public.kept",
    "public.parts",
    "public.parts_high",
    "public.parts_low",
    "public.parts_low_leaf",
  ]);
  const analyzed = sizes.relations["public.analyzed"]!;
  expect(analyzed.rows).toBe(5000);
  expect(analyzed.bytes).toBeGreaterThan(500_000);
  expect(analyzed.totalBytes).toBeGreaterThan(analyzed.bytes + 100_000);
  expect(sizes.relations['"Odd Name".fresh']).toEqual({ rows: 0, bytes: 0, totalBytes: 0 });
  expect(sizes.relations["public.parts"]!.rows).toBe(3000);
  expect(sizes.relations["public.parts_low"]!.rows).toBe(999);
  const written = await runCli(
    ["stats", "export", "--url", server.url, "--out", "sizes.json", "--json"],
    { cwd: folder.path },
  );
  expect(JSON.parse(written.stdout)).toEqual({ version: 1, out: "sizes.json", relations: 7 });
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
  ])
    expect(refused(text)).toThrow(expect.objectContaining({ code: "sizes-invalid" }));
  const relations = { "public.a": { rows: 1, bytes: 8192, totalBytes: 16384 } };
  expect(
    parseSizes(JSON.stringify({ version: 1, serverVersion: "18.0", relations }), "x").relations,
  ).toEqual(relations);
});
