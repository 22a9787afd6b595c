import { readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { expect, it } from "vitest";
import { parseSizes } from "../../src/effects/index.ts";
import { rehearse } from "../../src/rehearse/index.ts";
import { startScratch } from "../../src/scratch/index.ts";
import { readMigrations } from "../../src/tools/index.ts";
import { runCli } from "../cli/run-cli.ts";
import { temporaryFolder } from "../support/folder.ts";

const files = {
  "lockstep.config.json": JSON.stringify({
    migrations: { folder: "migrations" },
    environments: { production: { urlEnv: "DATABASE_URL" } },
  }),
  "migrations/0001_clinic.sql": `
    CREATE TABLE patient (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, card text UNIQUE, facts jsonb, old text);
    CREATE TABLE visit (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), patient_id bigint NOT NULL REFERENCES patient, at timestamptz NOT NULL DEFAULT now(), note text);`,
};

const rows = `
  INSERT INTO patient (name, card, facts) SELECT 'Ermintrude ' || n, 'card-' || n, '{"diagnosis": "kuru"}' FROM generate_series(1, 300) n;
  INSERT INTO visit (patient_id, note) SELECT 1 + n % 300, 'Quux' FROM generate_series(1, 2000) n;
  ANALYZE`;

/** What the application sends, and how often; a secret in each place where a text can hold one. */
const sent: readonly (readonly [string, number, (readonly unknown[])?])[] = [
  [
    `SELECT p.id, p.name AS "Zebulon Xylander" FROM patient p /* by=quux@example.org */ WHERE p.card = 'card-77' -- kuru`,
    6,
  ],
  ["SELECT id, at FROM visit WHERE patient_id = $1 ORDER BY at DESC LIMIT 3", 10, [77]],
  ["UPDATE visit SET note = 'under-witness-protection' WHERE id = gen_random_uuid()", 4],
  ["INSERT INTO patient (name, card, old) VALUES ($1, $2, 'top-secret')", 2, ["scrapie", null]],
  ["DELETE FROM visit WHERE id = ANY($1::uuid[])", 1, ["{deadbeef-1234-4321-8888-c0ffee123456}"]],
  ["SELECT id FROM patient WHERE facts ->> 'diagnosis' = 'kuru' LIMIT 1", 1],
  ["SELECT old FROM patient WHERE id = 4929123456", 2],
];

const traces =
  /Ermintrude|Zebulon|Xylander|quux|card-77|kuru|witness|top-secret|scrapie|deadbeef|c0ffee|diagnosis|4929123456|eyes-only|eyes_only|1931-07-13/i;

it.each([14, 18])(
  "what applications send is exported without a value, and loads the clone, Postgres %i",
  async (major) => {
    await using source = await startScratch({
      major,
      settings: { shared_preload_libraries: "pg_stat_statements" },
    });
    using folder = temporaryFolder(files);
    const env = { DATABASE_URL: source.url };
    const run = async (...args: readonly string[]) => runCli([...args], { cwd: folder.path, env });
    expect(await run("migrate")).toMatchObject({ exitCode: 0 });
    expect(await run("stats", "export", "--statements", "--json")).toMatchObject({
      exitCode: 2,
      stdout: expect.stringContaining("statements-unreadable"),
    });
    const client = new pg.Client({ connectionString: source.url });
    await client.connect();
    await client.query(`CREATE EXTENSION pg_stat_statements; ${rows}`);
    // Counted anew while it is prepared: its text is kept with the constant.
    const evicted = { name: "evicted", text: "SELECT id FROM patient WHERE name = 'eyes-only'" };
    await client.query(evicted);
    await client.query("SELECT pg_stat_statements_reset()");
    await client.query(evicted);
    for (const [text, times, values] of sent)
      for (let time = 0; time < times; time++) await client.query(text, values as unknown[]);
    for (const utility of [
      "CREATE TEMP TABLE eyes_only AS SELECT 'eyes-only' AS kuru",
      "SELECT kuru FROM eyes_only",
      "COMMENT ON TABLE patient IS 'eyes-only'",
      "SET application_name = 'quux'",
      "DO $$ BEGIN PERFORM 'eyes-only'; END $$",
    ])
      await client.query(utility);
    const { rows: kept } = await client.query<{ texts: string }>(
      "SELECT string_agg(query, ' ') AS texts FROM pg_stat_statements",
    );
    await client.end();
    // They are there: what is not found below was not there by chance.
    for (const trace of ["Zebulon Xylander", "by=quux@example.org", "name = 'eyes-only'"])
      expect(kept[0]!.texts).toContain(trace);
    const written = await run("stats", "export", "--statements", "--out", "stats.json");
    expect(written).toMatchObject({ exitCode: 0 });
    expect(written.stdout).not.toMatch(traces);
    const text = readFileSync(join(folder.path, "stats.json"), "utf8");
    expect(text).not.toMatch(traces);
    const statistics = parseSizes(text, "stats.json");
    const calls = new Map(statistics.statements!.shapes.map((one) => [one.sql, one.calls]));
    expect(calls).toEqual(
      new Map([
        ["SELECT id, at FROM visit WHERE patient_id = $1 ORDER BY at DESC LIMIT $2", 10],
        ["SELECT a1.id, a1.name AS a2 FROM patient a1 WHERE a1.card = $1", 6],
        ["UPDATE visit SET note = $1 WHERE id = gen_random_uuid()", 4],
        ["SELECT old FROM patient WHERE id = $1", 2],
        ["INSERT INTO patient (name, card, old) VALUES ($1, $2, $3)", 2],
        ["DELETE FROM visit WHERE id = ANY($1::uuid[])", 1],
        ["SELECT id FROM patient WHERE facts ->> $1 = $2 LIMIT $3", 1],
        ["SELECT id FROM patient WHERE name = $1", 1],
        ["SELECT a1 FROM a2", 1],
      ]),
    );
    if (major !== 18) return;
    folder.write("migrations/0002_drop.sql", "ALTER TABLE patient DROP COLUMN old;\n");
    const told = await rehearse({
      folder: await readMigrations({ folder: "migrations", cwd: folder.path }),
      cwd: folder.path,
      applied: new Set(["0001_clinic"]),
      plans: [],
      statistics,
      scales: [1],
      seed: 1,
      major,
      scratchUrl: undefined,
      runner: { retryForMs: 300_000 },
      load: { perSecond: 200, sessions: 4, calmMs: 500 },
    });
    expect(told.failure).toBeUndefined();
    expect(told.load).toMatchObject({ from: "statements", perSecond: 200, tables: 2 });
    const { statements, leftOut, calls: all, sentCalls, refused } = told.load!.sent!;
    expect(statements.map((one) => one.calls)).toEqual([10, 6, 4, 2, 2, 1, 1]);
    expect([refused, sentCalls]).toEqual([0, 26]);
    expect(all).toBeGreaterThanOrEqual(28);
    const own = leftOut.filter(({ sql }) => sql !== null);
    expect(new Map(own.map(({ sql, why }) => [sql, why]))).toEqual(
      new Map([
        ["SELECT a1 FROM a2", 'relation "a2" does not exist'],
        [
          "SELECT id FROM patient WHERE facts ->> $1 = $2 LIMIT $3",
          "what $1 is compared with, or written into, is not known",
        ],
      ]),
    );
    const most = statements[0]!;
    for (const { count } of statements) expect(count).toBeLessThanOrEqual(most.count);
    // Before the work all of them ran; after it those fail that name the column.
    expect(told.load!.before.count).toBeGreaterThan(20);
    const failed = told.load!.failures.map(({ sql, sqlState, relation }) => [
      sql,
      sqlState,
      relation,
    ]);
    const naming = [
      "INSERT INTO patient (name, card, old) VALUES ($1, $2, $3)",
      "SELECT old FROM patient WHERE id = $1",
    ];
    for (const [sql, ...others] of failed) {
      expect(naming).toContain(sql);
      expect(others).toEqual(["42703", "public.patient"]);
    }
    expect(failed.length).toBeGreaterThan(0);
    const without = await run(
      "rehearse",
      "--stats",
      "stats.json",
      "--load-from",
      "lockstep.config.json",
      "--json",
    );
    expect(without).toMatchObject({
      exitCode: 2,
      stdout: expect.stringContaining("sizes-invalid"),
    });
    const { statements: _, ...alone } = statistics;
    folder.write("alone.json", JSON.stringify(alone));
    expect(
      await run("rehearse", "--stats", "alone.json", "--load-from", "statements", "--json"),
    ).toMatchObject({ exitCode: 2, stdout: expect.stringContaining("statements-unreadable") });
  },
);
