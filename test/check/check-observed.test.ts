import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { runCli } from "../cli/run-cli.ts";
import { temporaryFolder } from "../support/folder.ts";
import { checked, rulesOf, schema } from "./checked.ts";

describe("on a server", () => {
  let server: Scratch;
  beforeAll(async () => {
    server = await startScratch();
  });
  afterAll(async () => server.close());

  it("observes, after the history that the folder has, and predicts the same", async () => {
    using folder = temporaryFolder({
      "migrations/0001_users.sql": `${schema}\nGRANT SELECT ON users TO app;`,
      "migrations/0002_change.sql":
        "ALTER TABLE users ALTER COLUMN age TYPE bigint;\nALTER TABLE users DROP COLUMN email;",
    });
    const { report, exitCode } = await checked(
      folder,
      "--scratch-url",
      server.url,
      "migrations/0002_change.sql",
    );
    expect(exitCode).toBe(1);
    expect(report.server).toMatchObject({
      major: 18,
      observed: true,
      version: expect.stringMatching(/^18\./),
    });
    const [type, drop] = report.files[0]!.statements;
    expect(type).toMatchObject({
      source: "observed",
      effect: {
        rewrites: ["public.users", "public.users_email", "public.users_pkey"],
        scans: ["public.users"],
      },
    });
    expect(drop!.effect.breaks).toContainEqual({ object: "public.users.email", how: "dropped" });
    expect(report.notes).toEqual([]);
  });

  it.each(["statement", "file", "query", "deploy"])(
    "predicts what would end the sessions that watch it, in mode %s",
    async (transaction) => {
      using folder = temporaryFolder({
        "base.sql": schema,
        "a.sql": `ALTER TABLE users ADD COLUMN a int;
          SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid();
          ALTER TABLE users ADD COLUMN b int;`,
      });
      const { report } = await checked(
        folder,
        "--scratch-url",
        server.url,
        "--base",
        "base.sql",
        "--transaction",
        transaction,
        "a.sql",
      );
      const sources = report.files[0]!.statements.map(({ source }) => source);
      expect(sources).toEqual(["observed", "predicted", "observed"]);
      expect(rulesOf(report)).toContain("terminates-backends:2");
    },
  );

  it("runs nothing that reaches beyond its own database: the server may have other users", async () => {
    await using session = await Session.open({ url: server.url, applicationName: "test" });
    for (const sql of ["CREATE DATABASE precious", "CREATE ROLE keeper NOLOGIN"])
      await session.query(sql);
    const beyond = `ALTER DATABASE precious SET work_mem = '7MB'; ALTER SYSTEM SET work_mem = '7MB';
      ALTER DATABASE precious RENAME TO lost; DROP DATABASE precious; CREATE DATABASE another;
      ALTER ROLE keeper LOGIN; ALTER ROLE keeper RENAME TO loser; DROP ROLE keeper;`;
    using folder = temporaryFolder({
      "migrations/0001_a.sql": `${beyond} CREATE TABLE users (id bigint PRIMARY KEY);`,
      "migrations/0002_b.sql": `${beyond} ALTER TABLE users ADD COLUMN a int;`,
    });
    const args = ["--scratch-url", server.url, "--transaction", "statement"];
    const { report } = await checked(folder, ...args, "migrations/0002_b.sql");
    const sources = report.files[0]!.statements.map(({ source }) => source);
    expect(sources).toEqual([...Array.from({ length: 8 }, () => "predicted"), "observed"]);
    expect(rulesOf(report)).toContain("loses-data:2");
    const left = await session.queryArrays(`
      SELECT (SELECT count(*) FROM pg_database WHERE datname IN ('precious', 'another', 'lost'))::int,
             (SELECT rolcanlogin FROM pg_roles WHERE rolname = 'keeper'),
             (SELECT count(*) FROM pg_file_settings WHERE name = 'work_mem')::int,
             (SELECT count(*) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
               WHERE d.datname = 'precious')::int`);
    expect(left).toEqual([[1, false, 0, 0]]);
    for (const sql of ["DROP DATABASE precious", "DROP ROLE keeper"]) await session.query(sql);
  });

  it("knows what code in a DO block made, and checks a pending migration against the ledger", async () => {
    const target = await server.createDatabase();
    using folder = temporaryFolder({
      "lockstep.config.json": '{ "migrations": { "folder": "migrations" } }',
      "migrations/0001_users.sql": `${schema}\nDO $$ BEGIN EXECUTE 'CREATE TABLE hidden (id int)'; END $$;`,
    });
    const applied = await runCli(["migrate", "--url", target.url], { cwd: folder.path });
    expect(applied.exitCode).toBe(0);
    folder.write("migrations/0002_more.sql", "DO $$ BEGIN CREATE TABLE late (id int); END $$;");
    folder.write(
      "migrations/0003_index.sql",
      "CREATE INDEX hidden_id ON hidden (id);\nCREATE INDEX late_id ON late (id);",
    );
    const { report } = await checked(
      folder,
      "--scratch-url",
      server.url,
      "--url",
      target.url,
      "--no-pipeline",
    );
    expect(report.selection).toMatchObject({ by: "pending", history: 1, transaction: "units" });
    const third = report.files.find(({ file }) => file.endsWith("0003_index.sql"))!;
    expect(third.statements.map(({ effect }) => effect.scans)).toEqual([
      ["public.hidden"],
      ["public.late"],
    ]);
    const unreachable = await checked(
      folder,
      "--static",
      "--no-pipeline",
      "--url",
      "postgres://nobody@127.0.0.1:1/none",
    );
    expect(unreachable.report.selection["by"]).toBe("all");
    expect(unreachable.report.notes[0]).toMatchObject({ kind: "skipped" });
  });

  it("predicts where the history does not run on scratch, and says so", async () => {
    using folder = temporaryFolder({
      "migrations/0001_users.sql": `CREATE EXTENSION not_here;\n${schema}`,
      "migrations/0002_change.sql": "CREATE INDEX users_age ON users (age);",
    });
    const { report } = await checked(
      folder,
      "--scratch-url",
      server.url,
      "migrations/0002_change.sql",
    );
    expect(report.server.observed).toBe(false);
    expect(report.notes[0]).toMatchObject({
      kind: "not-observed",
      message: expect.stringContaining("not_here"),
    });
    expect(rulesOf(report)).toContain("blocking-index-build:1");
  });

  it("tells a schema file that was changed without a migration", async () => {
    using folder = temporaryFolder({
      "package.json": '{ "type": "module" }',
      "lockstep.config.json":
        '{ "migrations": { "folder": "migrations" }, "contract": { "drizzle": "schema.ts" } }',
      "schema.ts": [
        'import { bigint, pgTable, text } from "drizzle-orm/pg-core";',
        'export const users = pgTable("users", {',
        '  id: bigint("id", { mode: "number" }).primaryKey(),',
        '  nick: text("nick"),',
        "});",
      ].join("\n"),
      "migrations/0001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);",
    });
    symlinkSync(join(import.meta.dirname, "../../node_modules"), join(folder.path, "node_modules"));
    const args = ["--scratch-url", server.url, "--no-pipeline", "--all"];
    const { report, exitCode } = await checked(folder, ...args);
    expect(exitCode).toBe(1);
    expect(report.findings).toMatchObject([
      { rule: "schema-without-migration", severity: "error", file: "schema.ts", line: 4 },
    ]);
    folder.write(
      "lockstep.config.json",
      `{ "migrations": { "folder": "migrations" }, "contract": { "drizzle": "schema.ts" },
         "check": { "rules": { "schema-without-migration": "info" } } }`,
    );
    const advised = await checked(folder, ...args);
    expect(advised.exitCode).toBe(0);
    expect(advised.report.findings).toMatchObject([{ severity: "info" }]);
    folder.write(
      "migrations/0002_nick.sql",
      "SET lock_timeout = '1s';\nALTER TABLE users ADD COLUMN nick text;",
    );
    expect((await checked(folder, ...args)).report.findings).toEqual([]);
  });

  it("leaves no database behind but templates", async () => {
    const { Session } = await import("../../src/pg/index.ts");
    await using session = await Session.open({ url: server.url, applicationName: "test" });
    const names = await session.queryArrays(
      "SELECT datname FROM pg_database WHERE datname LIKE 'lockstep_scratch%'",
    );
    // The database that a test made as its target is its own.
    expect(names.length).toBeLessThanOrEqual(1);
  });
});
