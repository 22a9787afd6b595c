import { expect, it } from "vitest";
import { fillClone } from "../../src/clone/index.ts";
import { Session } from "../../src/pg/index.ts";
import { parseSizes } from "../../src/effects/index.ts";
import { startScratch } from "../../src/scratch/index.ts";
import { runCli } from "../cli/run-cli.ts";
import { temporaryFolder } from "../support/folder.ts";

const schema = `
  CREATE TABLE patient (id bigint PRIMARY KEY, name text, state text, card bigint, facts jsonb, codes text[], born date, salary numeric, token uuid, raw bytea, secret_at timestamptz, rate float8)`;

/** Each is there so often that it is among the commonest values, and once, so that it is in a histogram. */
const secrets = {
  name: ["Ermintrude Quux", "Zebulon Xylander"],
  state: ["HIV-positive", "under-witness-protection"],
  card: ["4929123456781234", "4485987654321098"],
  facts: ['{"diagnosis": "kuru"}', '{"diagnosis": "scrapie"}'],
  codes: ["{top-secret-1,top-secret-2}", "{eyes-only}"],
  born: ["1931-07-13", "1977-11-29"],
  salary: ["123456.78", "987654.32"],
  token: ["deadbeef-1234-4321-8888-c0ffee123456", "badc0de0-4444-4444-9999-0123456789ab"],
  raw: ["\\\\xfeedfacecafebeef", "\\\\x0badf00d0badf00d"],
  secret_at: ["1987-03-04 05:06:07.890123+00", "1989-08-07 06:05:04.321987+00"],
  rate: ["0.123456789012", "7.98765432109"],
} as const;

/** Wherever the schema itself holds a text or a number of somebody's: made by hand in the source, so that no migration has it. */
const planted = [
  "ALTER TABLE patient ALTER name SET DEFAULT 'in-a-default'",
  "COMMENT ON TABLE patient IS 'in-a-comment'",
  "COMMENT ON COLUMN patient.name IS 'in-a-column-comment'",
  "ALTER TABLE patient ADD CONSTRAINT guarded CHECK (name <> 'in-a-check')",
  "CREATE INDEX by_expression ON patient (replace(name, 'in-an-index', ''))",
  "CREATE INDEX by_predicate ON patient (id) WHERE state <> 'in-a-predicate'",
  "CREATE STATISTICS together (mcv) ON name, state FROM patient",
  "CREATE STATISTICS worded ON (name || 'in-a-statistic') FROM patient",
  "CREATE VIEW seen AS SELECT 'in-a-view' AS word FROM patient",
  "CREATE MATERIALIZED VIEW kept AS SELECT 'in-a-stored-view' AS word, name FROM patient",
  "CREATE FUNCTION told() RETURNS text LANGUAGE sql AS $$ SELECT 'in-a-function' $$",
  "CREATE TYPE status AS ENUM ('in-an-enum')",
  "CREATE DOMAIN worded AS text CHECK (VALUE <> 'in-a-domain')",
  "CREATE POLICY mine ON patient USING (name <> 'in-a-policy')",
  "CREATE SEQUENCE counted",
  "SELECT setval('counted', 777123456789)",
  "CREATE TABLE region (name text, made text GENERATED ALWAYS AS (name || 'in-a-column') STORED) PARTITION BY LIST (name)",
  "CREATE TABLE region_1 PARTITION OF region FOR VALUES IN ('in-a-bound')",
  "INSERT INTO region SELECT 'in-a-bound' FROM generate_series(1, 100)",
  "CREATE FOREIGN DATA WRAPPER wrapper",
  "CREATE SERVER elsewhere FOREIGN DATA WRAPPER wrapper OPTIONS (password 'in-an-option')",
  "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET app.token = %L', current_database(), 'in-a-setting'); END $$",
  "CREATE TRIGGER warned BEFORE UPDATE ON patient FOR EACH ROW WHEN (NEW.name = 'in-a-trigger') EXECUTE FUNCTION suppress_redundant_updates_trigger()",
];

/** What of a value would tell it, however it is written. */
const traces = [
  "Ermintrude",
  "Quux",
  "Zebulon",
  "Xylander",
  "HIV",
  "witness",
  "4929123456781234",
  "4485987654321098",

  "diagnosis",
  "kuru",
  "scrapie",
  "top-secret",
  "eyes-only",
  "1931-07-13",
  "1977-11-29",
  "123456.78",
  "987654.32",

  "deadbeef",
  "c0ffee123456",
  "badc0de0",
  "feedface",
  "0badf00d",
  "1987-03-04",
  "1989-08-07",
  "0.123456789",
  "7.98765",
  "777123456789",
  ...planted.flatMap((sql) => /in-an?-[a-z-]+/.exec(sql)?.[0] ?? []),
];

it.each([14, 18])(
  "no value of the source is in the file or in the clone, Postgres %i",
  async (major) => {
    await using scratch = await startScratch({ major });
    const source = await scratch.createDatabase();
    await using session = await Session.open({ url: source.url, applicationName: "test" });
    const columns = Object.keys(secrets);
    const pick = (n: string) =>
      Object.values(secrets).map(
        ([common, rare]) =>
          `CASE ${n} % 10 WHEN 0 THEN E'${rare}' WHEN 1 THEN NULL ELSE E'${common}' END`,
      );
    const typed = [
      "text",
      "text",
      "bigint",
      "jsonb",
      "text[]",
      "date",
      "numeric",
      "uuid",
      "bytea",
      "timestamptz",
      "float8",
    ];
    const values = pick("n").map((value, at) => `(${value})::${typed[at]}`);
    await session.query(schema);
    await session.query(
      `INSERT INTO patient (id, ${columns.join(", ")}) SELECT n, ${values.join(", ")} FROM generate_series(1, 1000) n`,
    );
    // Values of their own, so that there are histograms as well, with the secrets at their ends.
    await session.query(
      `CREATE TABLE other AS SELECT n AS id, 'Quux ' || n AS name, '1931-07-13'::date + n AS born, 987654.32 + n AS salary FROM generate_series(0, 999) n`,
    );
    for (const sql of planted) await session.query(sql);
    await session.query("ANALYZE");
    const { rows } = await session.query<{ text: string }>(
      `SELECT (SELECT string_agg(s::text, ' ') FROM pg_stats s WHERE schemaname = 'public')
         || (SELECT string_agg(x::text, ' ') FROM pg_stats_ext x) || (SELECT string_agg(e::text, ' ') FROM pg_stats_ext_exprs e) AS text`,
    );
    // The statistics do hold them: what is not found below was not there by chance.
    for (const trace of [
      "Ermintrude",
      "Quux 0",
      "kuru",
      "4929123456781234",
      "deadbeef",
      "1931-07-13",
      "987654.32",
      "Ermintrude Quuxin-a-statistic",
      "in-a-bound",
    ])
      expect(rows[0]!.text).toContain(trace);
    using folder = temporaryFolder();
    const printed = await runCli(["stats", "export", "--url", source.url], { cwd: folder.path });
    expect(printed.exitCode).toBe(0);
    for (const trace of traces) expect(printed.stdout).not.toContain(trace);
    const target = await scratch.createDatabase();
    await using other = await Session.open({ url: target.url, applicationName: "test" });
    await other.query(schema);
    await other.query("CREATE TABLE other (id int, name text, born date, salary numeric)");
    const clone = await fillClone({
      session: other,
      statistics: parseSizes(printed.stdout, "stats.json"),
      scale: 1,
      seed: 1,
    });
    expect(clone.tables.map(({ rows: made, reason }) => [made, reason])).toEqual([
      [1000, undefined],
      [1000, undefined],
    ]);
    const { rows: dump } = await other.query<{ text: string }>(
      `SELECT (SELECT string_agg(p::text, ' ') FROM patient p) || (SELECT string_agg(o::text, ' ') FROM other o)
         || (SELECT string_agg(s::text, ' ') FROM pg_stats s WHERE schemaname = 'public') AS text`,
    );
    expect(dump[0]!.text.length).toBeGreaterThan(100_000);
    for (const trace of traces) expect(dump[0]!.text).not.toContain(trace);
  },
);
