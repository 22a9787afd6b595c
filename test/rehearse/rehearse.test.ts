import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readStatistics, type Sizes } from "../../src/effects/index.ts";
import { Session } from "../../src/pg/index.ts";
import { rehearse, type Held, type Rehearsal } from "../../src/rehearse/index.ts";
import { startScratch } from "../../src/scratch/index.ts";
import { readMigrations } from "../../src/tools/index.ts";
import { runCli } from "../cli/run-cli.ts";
import { temporaryFolder } from "../support/folder.ts";

const files = {
  "lockstep.config.json": JSON.stringify({
    migrations: { folder: "migrations" },
    environments: { production: { urlEnv: "DATABASE_URL" } },
  }),
  "migrations/0001_shop.sql": `
    CREATE TABLE customer (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE, old text);
    CREATE TABLE purchase (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customer, total integer NOT NULL, referred_by bigint);
    CREATE TABLE never (id int PRIMARY KEY, word text NOT NULL CHECK (md5(word) = 'never'));`,
};

const rows = `
  INSERT INTO customer (email) SELECT 'c' || n || '@example.org' FROM generate_series(1, 500) n;
  INSERT INTO purchase (customer_id, total, referred_by) SELECT 1 + n % 500, n, 1 + n % 400 FROM generate_series(1, 20000) n`;

/** But for what hangs on the machine. */
function remarksOf({ remarks }: Rehearsal): readonly string[] {
  return remarks.filter((remark) => !remark.startsWith("the machine was busy"));
}

/** The parts of a run that do not hang on the speed of the machine. */
async function rehearsed(
  path: string,
  statistics: Sizes,
  options: { readonly major: number; readonly load: boolean },
): Promise<Rehearsal> {
  return rehearse({
    folder: await readMigrations({ folder: "migrations", cwd: path }),
    cwd: path,
    applied: new Set(["0001_shop"]),
    plans: [],
    statistics,
    scales: [0.5, 0.1],
    seed: 1,
    major: options.major,
    scratchUrl: undefined,
    // Long: a busy machine is to be waited for.
    runner: { retryForMs: 300_000 },
    load: options.load ? { perSecond: 200, sessions: 4, calmMs: 300 } : undefined,
  });
}

describe.each([14, 18])("a rehearsal, Postgres %i", (major) => {
  it("tells locks, time, WAL, disk, the load's errors and waits; changes nothing in the source", async () => {
    await using source = await startScratch({ major });
    using folder = temporaryFolder(files);
    const env = { DATABASE_URL: source.url };
    expect(await runCli(["migrate"], { cwd: folder.path, env })).toMatchObject({ exitCode: 0 });
    await using session = await Session.open({ url: source.url, applicationName: "test" });
    await session.batch(rows);
    await session.query("ANALYZE");
    const read = await readStatistics(session);
    // Of this one no row can be made.
    const unmade = { "public.never": { rows: 1_000, bytes: 65_536, totalBytes: 65_536 } };
    const statistics = { ...read, relations: { ...read.relations, ...unmade } };
    // One table each: beside writers of both, a transaction that locks two may find no moment for it.
    folder.write(
      "migrations/0002_change.sql",
      "\n\nALTER TABLE purchase ALTER COLUMN total TYPE bigint;\n",
    );
    folder.write("migrations/0003_drop.sql", "ALTER TABLE customer DROP COLUMN old;\n");
    folder.write(
      "migrations/0004_index.sql",
      "CREATE INDEX CONCURRENTLY purchase_total ON purchase (total);\n",
    );
    folder.write("migrations/0005_never.sql", "CREATE INDEX never_word ON never (word);\n");
    const told = await rehearsed(folder.path, statistics, { major, load: true });
    expect(told.failure).toBeUndefined();
    expect(told.again).toEqual({ applied: 0, sameCatalog: true });
    expect(told.pending.map(({ id }) => id)).toEqual([
      "0002_change",
      "0003_drop",
      "0004_index",
      "0005_never",
    ]);
    expect(told.scales.map(({ scale, rows: made }) => [scale, made])).toEqual([
      [0.1, 2_050],
      [0.5, 10_250],
    ]);
    const [retype, drop, index, never] = told.statements;
    expect(told.statements).toHaveLength(4);
    // A table without its rows tells no time, and then all of it together has none.
    expect(never).toMatchObject({ migration: "0005_never", estimate: undefined });
    expect(told.estimate).toBeUndefined();
    expect(retype).toMatchObject({ migration: "0002_change", line: 3 });
    expect(retype!.effect!.locks).toContainEqual(
      expect.objectContaining({ relation: "public.purchase", mode: "AccessExclusive" }),
    );
    expect(retype!.effect!.work).toContainEqual(
      expect.objectContaining({ kind: "rewrite", relation: "public.purchase" }),
    );
    expect(drop).toMatchObject({ migration: "0003_drop" });
    expect(index).toMatchObject({ migration: "0004_index" });
    for (const { runs, bareMs, estimate } of told.statements.slice(0, 3)) {
      expect(runs.map(({ scale }) => scale)).toEqual([0.1, 0.5]);
      for (const { ms, times } of runs) {
        expect(times.length).toBeGreaterThan(0);
        expect(ms).toBe(times.toSorted((a, b) => a - b)[1] ?? ms);
      }
      expect(bareMs).toBeGreaterThan(0);
      expect(estimate!.leastMs).toBeLessThanOrEqual(estimate!.likelyMs);
      if (estimate!.leastMs === 0) expect(estimate!.mostMs).toBeLessThanOrEqual(60);
      else expect(estimate!.mostMs / estimate!.leastMs).toBeLessThanOrEqual(4.01);
    }
    // 10,000 rows written again, and an index over them: more than a page each for every 200.
    const [small, large] = told.scales;
    expect(large!.walBytes).toBeGreaterThan(500_000);
    expect(large!.walBytes).toBeGreaterThan(small!.walBytes);
    expect(large!.grownBytes).toBeGreaterThan(100_000);
    expect(large!.peakBytes).toBeGreaterThanOrEqual(large!.grownBytes);
    expect(told.load).toMatchObject({ scale: 0.5, tables: 2 });
    expect(told.load!.before.count).toBeGreaterThan(0);
    expect(told.load!.during.count).toBeGreaterThan(0);
    // The column that goes is named by INSERT, and written by UPDATE.
    for (const { relation, kind, sqlState } of told.load!.failures)
      expect([relation, sqlState, ["insert", "update"].includes(kind)]).toEqual([
        "public.customer",
        "42703",
        true,
      ]);
    expect(remarksOf(told)).toEqual([
      "public.never has 0 of 500 rows: no row was found that meets CHECK ((md5(word) = 'never'::text))",
      "migrations/0005_never.sql:1 has no estimate: its time is that of public.never with 0 of 500 rows",
    ]);
    const { rows: left } = await session.query<{ name: string }>(
      "SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'customer' ORDER BY 1",
    );
    expect(left.map(({ name }) => name)).toEqual(["email", "id", "old"]);
  });
});

it("stats export, rehearse and its report, from the command line", async () => {
  await using source = await startScratch();
  using folder = temporaryFolder(files);
  const env = { DATABASE_URL: source.url };
  await runCli(["migrate"], { cwd: folder.path, env });
  await using session = await Session.open({ url: source.url, applicationName: "test" });
  await session.batch(rows);
  await session.query("ANALYZE");
  const run = async (...argv: readonly string[]) => runCli(argv, { cwd: folder.path });
  await runCli(["stats", "export", "-o", "stats.json"], { cwd: folder.path, env });
  const nothing = await run("rehearse", "--stats", "stats.json");
  expect(nothing).toMatchObject({ exitCode: 0, stdout: "nothing of migrations is pending\n" });
  folder.write("migrations/0002_null.sql", "ALTER TABLE customer ALTER COLUMN old SET NOT NULL;\n");
  const argv = ["rehearse", "--stats", "stats.json", "--scale", "1%,10%", "--no-load"];
  const failed = await run(...argv, "--format", "markdown");
  expect(failed.exitCode).toBe(1);
  expect(failed.stdout).toMatch(/^# Rehearsal of 1 migration: 0002\\_null$/m);
  expect(failed.stdout).toMatch(/^\*\*It did not come to its end at 1 %: .*null values/m);
  expect(failed.stdout).toContain("whether production's are refused too is not known");
  folder.write(
    "migrations/0002_null.sql",
    'CREATE INDEX "<odd> & name" ON purchase (total) WHERE total > 12345;\nALTER TABLE purchase ADD CONSTRAINT referrer FOREIGN KEY (referred_by) REFERENCES customer;\n',
  );
  const html = await run(...argv, "--out", "report.html", "--", "true");
  // All is well but the pipeline's own command, which does nothing.
  expect(html).toMatchObject({ exitCode: 1, stderr: "" });
  expect(html.stdout.replaceAll(/\s+/g, " ")).toContain(
    "The pipeline would not do it: true says that all is well, and did not come to the copy: 0002_null is not applied.",
  );
  expect(await run("rehearse", "--stats", "stats.json", "true")).toMatchObject({ exitCode: 2 });
  expect(await run("rehearse", "--stats", "stats.json", "--")).toMatchObject({ exitCode: 2 });
  expect(html.stdout).toContain("Share on public.purchase");
  expect(html.stdout.replaceAll(/\s+/g, " ")).toContain(
    "0002_null was taken back by its inverse, to the same catalog",
  );
  const page = readFileSync(join(folder.path, "report.html"), "utf8");
  expect(page).toContain("&lt;odd&gt; &amp; name");
  expect(page).toContain("<h2>The pipeline's own command</h2>");
  expect(page).not.toMatch(/(?:src|href)=|https?:/);
  // One that forgets something.
  folder.write("migrations/0002_null.down.sql", 'DROP INDEX "<odd> & name";\n');
  const json = await run(...argv, "--seed", "2", "--json");
  expect(json.exitCode).toBe(1);
  expect((JSON.parse(json.stdout) as Rehearsal).back).toMatchObject({
    ways: [
      {
        by: "file",
        from: "migrations/0002_null.down.sql",
        differences: [expect.stringContaining("referrer")],
      },
    ],
  });
  expect((JSON.parse(json.stdout) as Rehearsal).recovery).toMatchObject({
    back: { notKnown: "the way back of 0002_null does not lead back" },
    rerun: { units: 1, at: "migrations/0002_null.sql:1–2", estimate: { leastMs: 0 } },
    restore: { by: "dump" },
  });
  folder.write("report.json", json.stdout);
  expect((await run("rehearse", "--stats", "stats.json", "--against", "report.json")).stdout).toBe(
    "none of the rehearsed statements has run since, by the ledger\n",
  );
  expect(await runCli(["migrate"], { cwd: folder.path, env })).toMatchObject({ exitCode: 0 });
  const against = await runCli(["rehearse", "--against", "report.json", "--json"], {
    cwd: folder.path,
    env,
  });
  const { held } = JSON.parse(against.stdout) as { held: readonly Held[] };
  expect(held.map(({ migration, line }) => [migration, line])).toEqual([
    ["0002_null", 1],
    ["0002_null", 2],
  ]);
  for (const { ms, estimate, isInside } of held) {
    expect(ms).toBeGreaterThan(0);
    expect(isInside).toBe(ms >= estimate.leastMs && ms <= estimate.mostMs);
  }
  expect(JSON.parse(json.stdout)).toMatchObject({
    version: 1,
    seed: 2,
    scales: [{ scale: 0.01 }, { scale: 0.1 }],
  });
  // A key that is yet to be added holds in the rows, and that is said.
  expect(remarksOf(JSON.parse(json.stdout) as Rehearsal)).toEqual([
    "rows obey the foreign key that purchase (referred_by) gets: whether production's do is not known",
  ]);
  const bare = JSON.parse(readFileSync(join(folder.path, "stats.json"), "utf8")) as Sizes;
  folder.write("bare.json", JSON.stringify({ ...bare, migrations: undefined }));
  const refused = await run("rehearse", "--stats", "bare.json");
  expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("sizes-invalid") });
});
