import { describe, expect, it } from "vitest";
import { adoptSettings } from "../../src/check/index.ts";
import { readTargetSettings } from "../../src/effects/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch } from "../../src/scratch/index.ts";
import { runCli } from "../cli/run-cli.ts";
import { temporaryFolder } from "../support/folder.ts";
import { checked, rulesOf } from "./checked.ts";

const base = "CREATE TABLE visits (at timestamp);\nCREATE SCHEMA app;\n";
const change = "SET lock_timeout = '2s';\nALTER TABLE visits ALTER at TYPE timestamptz;\n";
const args = ["--base", "schema.sql", "a.sql"];
const rewrites = "blocking-rewrite:2";

const sizes = (settings: Readonly<Record<string, string>>) =>
  JSON.stringify({
    version: 1,
    takenAt: "2026-01-01T00:00:00Z",
    serverVersion: "18.0",
    settings,
    relations: {},
  });

const how = { observed: [], predicted: ["--static"] };

describe("the TimeZone of the target", () => {
  it.each(Object.entries(how))("when it is not known, %s: said, and unsafe", async (_, more) => {
    using folder = temporaryFolder({ "schema.sql": base, "a.sql": change });
    const { report } = await checked(folder, ...more, ...args);
    const found = report.findings.filter(({ rule, line }) => `${rule}:${line}` === rewrites);
    expect(found).toMatchObject([
      {
        severity: "warning",
        message: expect.stringContaining("unless the session's TimeZone is UTC"),
      },
    ]);
  });

  it.each(Object.entries(how))("when it is known, %s: as there", async (_, more) => {
    using folder = temporaryFolder({
      "schema.sql": base,
      "a.sql": change,
      "utc.json": sizes({ timezone: "Etc/UTC" }),
      "berlin.json": sizes({ timezone: "Europe/Berlin" }),
    });
    const utc = await checked(folder, ...more, "--sizes", "utc.json", ...args);
    expect(rulesOf(utc.report)).not.toContain(rewrites);
    const berlin = await checked(folder, ...more, "--sizes", "berlin.json", ...args);
    expect(rulesOf(berlin.report)).toContain(rewrites);
    expect(berlin.report.findings[0]).not.toMatchObject({
      message: expect.stringContaining("unless"),
    });
  });
});

describe("other settings of the target", () => {
  it.each(Object.entries(how))("decide where a name is found, %s", async (_, more) => {
    using folder = temporaryFolder({
      "migrations/1_a.sql": "CREATE SCHEMA app;\n",
      "migrations/2_b.sql": "CREATE TABLE orders (id bigint PRIMARY KEY);\n",
      "migrations/3_c.sql": "CREATE INDEX orders_again ON orders (id);\n",
      // Names, whatever stands in the file: as SQL the last one would fail.
      "sizes.json": sizes({ timezone: "UTC", search_path: '"$user", App, public; SELECT 1/0' }),
    });
    const lockedWith = async (...own: readonly string[]) => {
      const { report } = await checked(folder, ...more, ...own, "migrations/3_c.sql");
      const [lock] = report.files[0]!.statements[0]!.effect.locks as [{ relation: string }];
      return lock.relation;
    };
    expect(await lockedWith()).toBe("public.orders");
    expect(await lockedWith("--sizes", "sizes.json")).toBe("app.orders");
  });

  it.each(Object.entries(how))(
    "are those that the history gave to the database, %s",
    async (_, more) => {
      const table = (schema: string) => `CREATE TABLE ${schema}.visits (at timestamp);\n`;
      using folder = temporaryFolder({
        "migrations/1_a.sql": `CREATE SCHEMA app;\n${table("app")}${table("public")}`,
        "migrations/2_set.sql":
          "ALTER DATABASE shop SET search_path = app, public;\nALTER DATABASE shop SET TimeZone = 'UTC';\n",
        "migrations/3_c.sql": "ALTER TABLE visits ALTER at TYPE timestamptz;\n",
      });
      const { report } = await checked(folder, ...more, "migrations/3_c.sql");
      const { effect } = report.files[0]!.statements[0]!;
      expect(effect.locks).toMatchObject([{ relation: "app.visits" }]);
      expect([effect.rewrites, effect.scans]).toEqual([[], []]);
    },
  );

  it("tell that waits are limited by the role", async () => {
    using folder = temporaryFolder({
      "schema.sql": base,
      "a.sql": "ALTER TABLE visits ADD note text;\n",
      "sizes.json": sizes({ timezone: "UTC", lock_timeout: "2000" }),
    });
    const without = await checked(folder, "--static", ...args);
    expect(rulesOf(without.report)).toContain("lock-without-timeout:1");
    const limited = await checked(folder, "--static", "--sizes", "sizes.json", ...args);
    expect(rulesOf(limited.report)).not.toContain("lock-without-timeout:1");
  });

  it("are read as a new session of that role has them, whatever this one has set", async () => {
    await using server = await startScratch();
    await using admin = await Session.open({ url: server.url, applicationName: "test" });
    await admin.batch(
      "ALTER ROLE postgres SET lock_timeout = '3s'; ALTER DATABASE postgres SET search_path = app, public",
    );
    await using session = await Session.open({ url: server.url, applicationName: "test" });
    await session.batch("SET lock_timeout = '9s'; SET search_path = other");
    expect(await readTargetSettings(session)).toMatchObject({
      lock_timeout: "3000",
      search_path: "app, public",
      timezone: expect.any(String),
    });
    const nowhere = adoptSettings(server.url, { timezone: "Nowhere/City" });
    await expect(nowhere).rejects.toMatchObject({ code: "scratch-run-failed" });
  });
});

it("is not said to lack what a tool has applied whose ledger is not read", async () => {
  await using server = await startScratch();
  using folder = temporaryFolder({
    "lockstep.config.json":
      '{ "migrations": { "folder": "migrations" }, "contract": { "migrations": true } }',
    "go.mod": "require github.com/jackc/tern/v2 v2.3.0\n",
    "migrations/001_one.sql": "CREATE TABLE one (id int);\n",
  });
  const { report } = await checked(folder, "--url", server.url);
  expect(report.notes.map(({ message }) => message)).toContain(
    "the database was not asked what is pending: Lockstep does not read tern's ledger",
  );
  expect(report.selection.by).not.toBe("pending");
  const gate = await runCli(["gate", "--url", server.url, "--scratch-url", server.url], {
    cwd: folder.path,
  });
  // What it expects is known from the folder; that a migration is pending is not.
  const text = gate.stdout.replaceAll(/\s+/g, " ");
  expect(gate.exitCode).toBe(1);
  expect(text).toContain("public.one");
  expect(text).not.toContain("pending");
});

describe("the replay of what comes before", () => {
  it("ends when its time is over, and says where it was", async () => {
    using folder = temporaryFolder({
      "schema.sql": "-- slow\nSELECT pg_sleep(3600);\nCREATE TABLE a (id int);\n",
      "a.sql": "ALTER TABLE a ADD note text;\n",
    });
    const { exitCode, stderr } = await runCli(
      ["check", "--replay-timeout", "1", "--base", "schema.sql", "a.sql"],
      { cwd: folder.path },
    );
    expect(exitCode).toBe(2);
    const text = stderr.replaceAll(/\s+/g, " ");
    expect(text).toContain("did not end on a scratch database within 0.001 s: schema.sql:2");
    expect(text).toContain("still running: SELECT pg_sleep(");
  });

  it("of a history is left for predictions, with the reason", async () => {
    using folder = temporaryFolder({
      "migrations/1_a.sql":
        "CREATE TABLE a (id int);\nDO $$ BEGIN LOOP BEGIN PERFORM pg_sleep(1000); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$;\n",
      "migrations/2_b.sql": "ALTER TABLE a ADD note text;\n",
    });
    const { report } = await checked(folder, "--replay-timeout", "50", "migrations/2_b.sql");
    expect(report.server.observed).toBe(false);
    expect(report.notes[0]!.message).toContain("migrations/1_a.sql");
  });
});
