import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { runCli } from "../cli/run-cli.ts";
import { temporaryFolder, type TemporaryFolder } from "../support/folder.ts";

const schema = `
  CREATE TABLE orgs (id bigint PRIMARY KEY);
  CREATE TABLE users (id bigint PRIMARY KEY, org_id bigint, email text, age int);
  CREATE INDEX users_email ON users (email);`;

interface Report {
  readonly server: {
    readonly major: number;
    readonly observed: boolean;
    readonly version?: string;
  };
  readonly selection: Record<string, unknown>;
  readonly files: {
    readonly file: string;
    readonly statements: {
      readonly line: number;
      readonly sql: string;
      readonly source: string;
      readonly effect: Record<
        "locks" | "held" | "rewrites" | "scans" | "breaks" | "unknown",
        unknown[]
      >;
    }[];
  }[];
  readonly findings: {
    readonly rule: string;
    readonly file: string;
    readonly line: number;
    readonly severity: string;
  }[];
  readonly suppressed: { readonly rule: string; readonly reason: string }[];
  readonly notes: { readonly kind: string; readonly message: string }[];
  readonly summary: { readonly errors: number; readonly warnings: number; readonly infos: number };
}

async function checked(folder: TemporaryFolder, ...args: readonly string[]) {
  const { exitCode, stdout, stderr } = await runCli(["check", "--format", "json", ...args], {
    cwd: folder.path,
  });
  expect(stderr).toBe("");
  return { exitCode, report: JSON.parse(stdout) as Report };
}

const rulesOf = ({ findings }: Report) => findings.map(({ rule, line }) => `${rule}:${line}`);

describe("without a server", () => {
  it("prints what each statement does, and what is wrong with it", async () => {
    using folder = temporaryFolder({
      "base.sql": schema,
      "change.sql":
        "SET lock_timeout = '3s';\nALTER TABLE users ADD COLUMN nick text;\n\nCREATE INDEX users_age ON users (age);\n",
    });
    const { exitCode, report } = await checked(
      folder,
      "--static",
      "--base",
      "base.sql",
      "change.sql",
    );
    expect(exitCode).toBe(1);
    expect(report.server).toEqual({ major: 18, observed: false });
    expect(report.selection).toMatchObject({ by: "given", transaction: "file" });
    const [, add, index] = report.files[0]!.statements;
    expect(add).toMatchObject({
      line: 2,
      source: "predicted",
      sql: "ALTER TABLE users ADD COLUMN nick text",
    });
    expect(add!.effect.locks).toEqual([
      { relation: "public.users", mode: "AccessExclusive", kind: "table", role: "self" },
    ]);
    expect(index!.effect).toMatchObject({
      locks: [{ relation: "public.users", mode: "Share" }],
      held: [{ relation: "public.users", mode: "AccessExclusive", file: "change.sql", line: 2 }],
      scans: ["public.users"],
      rewrites: [],
    });
    expect(rulesOf(report)).toContain("blocking-index-build:4");
  });

  it("ends with 0 when there is nothing but advice", async () => {
    using folder = temporaryFolder({
      "base.sql": schema,
      "a.sql": "SET lock_timeout = '1s'; COMMENT ON TABLE users IS 'x';",
    });
    const { exitCode, report } = await checked(folder, "--static", "--base", "base.sql", "a.sql");
    expect(rulesOf(report)).toEqual([]);
    expect(exitCode).toBe(0);
  });

  it("tells a syntax error with its place, and goes on with other files", async () => {
    using folder = temporaryFolder({
      "base.sql": schema,
      "a.sql": "SELECT 1;\n\nALTER TABEL users ADD x int;\n",
      "b.sql": "SET lock_timeout = '1s';\nCREATE INDEX users_age ON users (age);",
    });
    const { exitCode, report } = await checked(
      folder,
      "--static",
      "--base",
      "base.sql",
      "a.sql",
      "b.sql",
    );
    expect(exitCode).toBe(1);
    expect(report.findings[0]).toMatchObject({
      rule: "syntax-error",
      file: "a.sql",
      line: 3,
      column: 7,
      message: 'syntax error at or near "TABEL"',
    });
    expect(rulesOf(report)).toContain("blocking-index-build:2");
  });

  it("folds the history before a file of a folder, and knows it whole", async () => {
    using folder = temporaryFolder({
      "migrations/0001_users.sql": schema,
      "migrations/0002_new.sql":
        "CREATE TABLE fresh (id int);\nCREATE INDEX ON fresh (id);\nALTER TABLE nowhere ADD x int;",
    });
    const { report } = await checked(folder, "--static", "migrations/0002_new.sql");
    expect(report.selection).toMatchObject({ folder: "migrations", history: 1 });
    const [, index, missing] = report.files[0]!.statements;
    expect(index!.effect.locks).toEqual([]);
    expect(missing!.effect).toMatchObject({ failures: [{ when: "always", sqlState: "42P01" }] });
  });

  it("says what it needs where there is nothing to check", async () => {
    using folder = temporaryFolder({ "README.md": "" });
    const { exitCode, stderr } = await runCli(["check"], { cwd: folder.path });
    expect(exitCode).toBe(2);
    expect(stderr).toContain("error[usage]: there is nothing to check");
    expect(stderr).toContain("lockstep check path/to/migration.sql");
  });

  it("refuses a name that finds nothing", async () => {
    using folder = temporaryFolder({});
    const { exitCode, stdout } = await runCli(["check", "--json", "nope.sql"], {
      cwd: folder.path,
    });
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "usage" } });
  });
});

describe("which files", () => {
  function git(folder: TemporaryFolder, ...args: readonly string[]) {
    const name = ["-c", "user.name=t", "-c", "user.email=t@example.com"];
    execFileSync("git", [...name, ...args], { cwd: folder.path, stdio: "pipe" });
  }

  it("takes what is new since the default branch, committed or not", async () => {
    using folder = temporaryFolder({ "migrations/0001_users.sql": schema });
    git(folder, "init", "--quiet", "--initial-branch=main");
    git(folder, "add", ".");
    git(folder, "commit", "--quiet", "-m", "one");
    const none = await checked(folder, "--static", "--no-pipeline");
    expect(none.exitCode).toBe(0);
    expect(none.report.files).toEqual([]);
    git(folder, "switch", "--quiet", "-c", "feature");
    folder.write("migrations/0002_age.sql", "CREATE INDEX users_age ON users (age);");
    git(folder, "add", ".");
    git(folder, "commit", "--quiet", "-m", "two");
    folder.write("migrations/0003_org.sql", "CREATE INDEX users_org ON users (org_id);");
    const { report } = await checked(folder, "--static", "--no-pipeline");
    expect(report.selection).toMatchObject({ by: "changed", history: 1 });
    expect(report.selection["because"]).toMatch(/^new or changed since main \([0-9a-f]{7,}\)$/);
    expect(report.files.map(({ file }) => file)).toEqual([
      "migrations/0002_age.sql",
      "migrations/0003_org.sql",
    ]);
    const later = await checked(folder, "--static", "--no-pipeline", "--since", "HEAD");
    expect(later.report.files.map(({ file }) => file)).toEqual(["migrations/0003_org.sql"]);
    const all = await checked(folder, "--static", "--no-pipeline", "--all");
    expect(all.report.files).toHaveLength(3);
  });

  it("runs all of the named files with --since, and reports those that changed", async () => {
    using folder = temporaryFolder({
      "base.sql": schema,
      "a.sql": "CREATE INDEX a ON users (age);",
    });
    git(folder, "init", "--quiet", "--initial-branch=main");
    git(folder, "add", ".");
    git(folder, "commit", "--quiet", "-m", "one");
    folder.write("b.sql", "CREATE INDEX b ON users (org_id);");
    const { report } = await checked(
      folder,
      "--static",
      "--base",
      "base.sql",
      "--since",
      "main",
      "a.sql",
      "b.sql",
    );
    expect(report.files).toHaveLength(2);
    expect(new Set(report.findings.map(({ file }) => file))).toEqual(new Set(["b.sql"]));
  });

  it("says why a commit cannot be compared with", async () => {
    using folder = temporaryFolder({ "migrations/0001_users.sql": schema });
    git(folder, "init", "--quiet", "--initial-branch=main");
    const { exitCode, stderr } = await runCli(["check", "--static", "--since", "v9"], {
      cwd: folder.path,
    });
    expect(exitCode).toBe(2);
    expect(stderr).toContain("git knows no commit v9");
  });

  it("uses the way that the folder's runner has, and the one that is asked for", async () => {
    using folder = temporaryFolder({
      "lockstep.config.json": '{ "migrations": { "folder": "sql" } }',
      "sql/1_users.sql": schema,
      "sql/2_age.sql": "CREATE INDEX CONCURRENTLY users_age ON users (age);",
    });
    const own = await checked(folder, "--static", "--all");
    expect(own.report.selection).toMatchObject({ by: "all", transaction: "units", folder: "sql" });
    expect(rulesOf(own.report)).toEqual([]);
    const file = await checked(folder, "--static", "--all", "--transaction", "file");
    expect(rulesOf(file.report)).toContain("fails-in-transaction:1");
  });
});

describe("what was found", () => {
  const files = { "base.sql": schema, "a.sql": "CREATE INDEX users_age ON users (age);\n" };
  const args = ["--static", "--base", "base.sql", "--transaction", "statement", "a.sql"];

  it("--fix changes the file in one step, keeps its mode, and says what it did", async () => {
    using folder = temporaryFolder(files);
    chmodSync(join(folder.path, "a.sql"), 0o640);
    const before = await checked(folder, ...args);
    expect(before.exitCode).toBe(1);
    const { exitCode, report } = await checked(folder, "--fix", ...args);
    expect(exitCode).toBe(0);
    expect(report.findings).toEqual([]);
    expect(report.notes.map(({ kind }) => kind)).toContain("written");
    const text = readFileSync(join(folder.path, "a.sql"), "utf8");
    expect(text).toContain("CREATE INDEX CONCURRENTLY users_age ON users (age);");
    expect(statSync(join(folder.path, "a.sql")).mode & 0o777).toBe(0o640);
    const again = await checked(folder, "--fix", ...args);
    expect(again.report.notes).toEqual([]);
    expect(readFileSync(join(folder.path, "a.sql"), "utf8")).toBe(text);
  });

  it("--write-baseline accepts what is there, for a reason, and no more", async () => {
    using folder = temporaryFolder(files);
    const { exitCode, report } = await checked(folder, "--write-baseline", "as it was", ...args);
    expect(exitCode).toBe(0);
    expect(report.findings).toEqual([]);
    const accepted = await checked(folder, ...args);
    expect(accepted.exitCode).toBe(0);
    expect(accepted.report.suppressed[0]).toMatchObject({ reason: "as it was" });
    folder.write(
      "a.sql",
      "CREATE INDEX users_age ON users (age);\nCREATE INDEX users_org ON users (org_id);\n",
    );
    const more = await checked(folder, ...args);
    expect(more.report.findings.map(({ line }) => line)).toContain(2);
    expect(more.report.findings.map(({ line }) => line)).not.toContain(1);
    await checked(folder, "--write-baseline", "later", ...args);
    const reasons = JSON.parse(
      readFileSync(join(folder.path, "lockstep.baseline.json"), "utf8"),
    ) as { reason: string }[];
    expect(new Set(reasons.map(({ reason }) => reason))).toEqual(new Set(["as it was", "later"]));
  });

  it("speaks of the target's sizes", async () => {
    using folder = temporaryFolder({
      ...files,
      "sizes.json": JSON.stringify({
        version: 1,
        takenAt: "2026-01-01T00:00:00Z",
        serverVersion: "18.4",
        relations: { "public.users": { rows: 41_000_000, bytes: 9e9, totalBytes: 12e9 } },
      }),
    });
    const { stdout } = await runCli(["check", "--sizes", "sizes.json", ...args], {
      cwd: folder.path,
    });
    expect(stdout).toMatch(/41(\.0)? million|41,000,000/);
    const missing = await runCli(["check", "--sizes", "none.json", ...args], { cwd: folder.path });
    expect(missing.exitCode).toBe(2);
    expect(missing.stderr).toContain("error[sizes-invalid]");
  });

  it("heeds the severity that the config gives a rule", async () => {
    using folder = temporaryFolder({
      ...files,
      "lockstep.config.json":
        '{ "check": { "rules": { "blocking-index-build": "info", "lock-without-timeout": "off" } } }',
    });
    const { exitCode, report } = await checked(folder, ...args);
    expect(report.findings.map(({ severity }) => severity)).toEqual(["info"]);
    expect(exitCode).toBe(0);
    folder.write(
      "lockstep.config.json",
      '{ "check": { "rules": { "blocking-indexbuild": "off" } } }',
    );
    const misspelt = await runCli(["check", ...args], { cwd: folder.path });
    expect(misspelt.exitCode).toBe(2);
    expect(misspelt.stderr).toContain("blocking-index-build");
  });
});

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
