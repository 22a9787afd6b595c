import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runCli } from "../cli/run-cli.ts";
import { temporaryFolder, type TemporaryFolder } from "../support/folder.ts";
import { checked, rulesOf, schema } from "./checked.ts";

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
    expect(report.server).toEqual({
      major: 18,
      observed: false,
      majorBecause: "assumed; --pg says otherwise",
    });
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

  it("knows what a file of the history has taken back", async () => {
    using folder = temporaryFolder({
      "migrations/0001_a.sql": `CREATE TABLE kept (id int);
        BEGIN; CREATE TABLE ghost (id int); ROLLBACK; CREATE TABLE users (id int);`,
      "migrations/0002_b.sql": "SELECT 1 FROM ghost;\nSELECT 1 FROM kept, users;",
    });
    const { report } = await checked(folder, "--static", "migrations/0002_b.sql");
    expect(rulesOf(report)).toEqual(["fails-always:1"]);
  });

  it("says what it needs where there is nothing to check", async () => {
    using folder = temporaryFolder({ "README.md": "" });
    const { exitCode, stderr } = await runCli(["check"], { cwd: folder.path });
    expect(exitCode).toBe(2);
    expect(stderr).toContain("error[usage]: there is nothing to check");
    expect(stderr).toContain("lockstep check path/to/migration.sql");
  });

  it("does not pass over a file that it cannot read, whatever else there is", async () => {
    using folder = temporaryFolder({
      "migrations/0001_a.sql": "SELECT 1;",
      "migrations/0002_b.sql": new Uint8Array([0x2d, 0x2d, 0xe9]),
      "db/migrations/0001_a.sql": "SELECT 1;",
    });
    const { exitCode, stderr } = await runCli(["check", "--static"], { cwd: folder.path });
    expect(exitCode).toBe(2);
    expect(stderr).toContain("error[file-not-utf8]: migrations/0002_b.sql:1:3");
  });

  it("says that what it found is for another database", async () => {
    using folder = temporaryFolder({
      "drizzle/meta/_journal.json": '{ "dialect": "sqlite", "entries": [] }',
      "drizzle/0000_a.sql": "SELECT 1;",
    });
    const { exitCode, stderr } = await runCli(["check", "--static"], { cwd: folder.path });
    expect(exitCode).toBe(2);
    expect(stderr).toContain("drizzle is for another database: sqlite");
  });

  it("checks each of several folders after its own history", async () => {
    using folder = temporaryFolder({
      "packages/a/migrations/0001_a.sql": schema,
      "packages/a/migrations/0002_b.sql": "CREATE INDEX users_age ON users (age);",
      "packages/b/prisma/migrations/20240101000000_a/migration.sql": "CREATE TABLE users (id int);",
      "packages/b/test/migrations/0001_x.sql": "DROP TABLE users;",
    });
    const { report } = await checked(folder, "--static", "--no-pipeline");
    expect(report.selection["places"]).toMatchObject([
      { folder: "packages/a/migrations", transaction: "file" },
      { folder: "packages/b/prisma/migrations", tool: "prisma", transaction: "query" },
    ]);
    expect(rulesOf(report)).toContain("blocking-index-build:1");
    expect(report.findings.filter(({ rule }) => rule === "fails-always")).toEqual([]);
  });

  it("says that migrations are code, and what it needs", async () => {
    using folder = temporaryFolder({ "alembic/versions/0001_a.py": "" });
    const { exitCode, stderr } = await runCli(["check", "--static"], { cwd: folder.path });
    expect(exitCode).toBe(2);
    expect(stderr.replaceAll(/\s+/g, " ")).toContain(
      "the migrations of alembic/versions are code of Alembic; a check needs the SQL that they send",
    );
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

  it("takes no other branch for one that CI names and git does not know", async () => {
    using folder = temporaryFolder({ "migrations/0001_a.sql": schema });
    git(folder, "init", "--quiet", "--initial-branch=main");
    git(folder, "add", ".");
    git(folder, "commit", "--quiet", "-m", "one");
    const env = { GITHUB_BASE_REF: "release" };
    const { exitCode, stderr } = await runCli(["check", "--static"], { cwd: folder.path, env });
    expect(exitCode).toBe(2);
    expect(stderr).toContain("git knows no commit origin/release");
    const known = { GITHUB_BASE_REF: "main" };
    expect((await runCli(["check", "--static"], { cwd: folder.path, env: known })).exitCode).toBe(
      0,
    );
  });

  it("says that a shallow clone cannot tell what is new", async () => {
    using folder = temporaryFolder({ "migrations/0001_a.sql": schema });
    git(folder, "init", "--quiet", "--initial-branch=main");
    git(folder, "add", ".");
    git(folder, "commit", "--quiet", "-m", "one");
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "two");
    using clone = temporaryFolder();
    git(clone, "clone", "--quiet", "--depth=1", `file://${folder.path}`, ".");
    const { report } = await checked(clone, "--static");
    expect(report.notes[0]!.message).toContain("this is a shallow clone");
    const whole = await checked(folder, "--static");
    expect(whole.report.notes).toEqual([]);
  });

  it("says where in the checkout it was run", async () => {
    using folder = temporaryFolder({ "packages/db/migrations/0001_a.sql": schema });
    const at = async (cwd: string) => {
      const args = ["check", "--static", "--all", "--no-pipeline", "--json"];
      const { stdout } = await runCli(args, { cwd });
      return (JSON.parse(stdout) as { workingFolder: string }).workingFolder;
    };
    const inside = join(folder.path, "packages/db");
    expect(await at(inside)).toBe(".");
    git(folder, "init", "--quiet", "--initial-branch=main");
    expect(await at(inside)).toBe("packages/db");
    expect(await at(folder.path)).toBe(".");
  });

  it("says why a commit cannot be compared with", async () => {
    using folder = temporaryFolder({ "migrations/0001_users.sql": schema });
    git(folder, "init", "--quiet", "--initial-branch=main");
    const { exitCode, stderr } = await runCli(["check", "--static", "--since", "v9"], {
      cwd: folder.path,
    });
    expect(exitCode).toBe(2);
    expect(stderr).toContain("git knows no commit v9");
    expect(stderr).toContain("no branch, tag or commit of that name");
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

  it("accepts a statement that shares its line with others", async () => {
    using folder = temporaryFolder({
      ...files,
      "a.sql": "SET lock_timeout = '2s'; CREATE INDEX users_age ON users (age);\n",
    });
    await checked(folder, "--write-baseline", "known", ...args);
    expect((await checked(folder, ...args)).report.findings).toEqual([]);
  });

  it("accepts findings of the pipeline too, until their line changes", async () => {
    const workflow = (step: string) =>
      `on: { push: { branches: [main] } }\nconcurrency: production\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    environment: production\n    steps:\n      - run: ${step}\n`;
    using folder = temporaryFolder({
      "migrations/0001_users.sql": schema,
      ".github/workflows/deploy.yml": workflow("npx lockstep migrate || true"),
    });
    const ignored = "pipeline-ignores-migration-failure";
    const found = await checked(folder, "--static");
    expect(rulesOf(found.report)).toEqual([`${ignored}:8`]);
    await checked(folder, "--static", "--write-baseline", "known");
    const accepted = await checked(folder, "--static");
    expect(rulesOf(accepted.report)).toEqual([]);
    expect(accepted.report.suppressed).toContainEqual(
      expect.objectContaining({ rule: ignored, reason: "known", by: "baseline" }),
    );
    folder.write(".github/workflows/deploy.yml", workflow("npx lockstep migrate --all || true"));
    const changed = await checked(folder, "--static");
    expect(rulesOf(changed.report)).toEqual([`${ignored}:8`, "stale-suppression:2"]);
    folder.write(
      "lockstep.config.json",
      `{ "check": { "rules": { "${ignored}": "info", "stale-suppression": "off" } } }`,
    );
    const configured = await checked(folder, "--static");
    expect(configured.report.findings).toMatchObject([{ rule: ignored, severity: "info" }]);
  });

  it("says where a report cannot be written", async () => {
    using folder = temporaryFolder(files);
    const { exitCode, stderr } = await runCli(
      ["check", "--report", "sarif=none/x.sarif", ...args],
      {
        cwd: folder.path,
      },
    );
    expect(exitCode).toBe(2);
    expect(stderr).toContain("error[usage]");
    expect(stderr).toContain("x.sarif cannot be written");
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
    const majors = async (...more: readonly string[]) =>
      (await checked(folder, "--sizes", "sizes.json", ...args, ...more)).report.server.major;
    const text = readFileSync(join(folder.path, "sizes.json"), "utf8");
    folder.write("sizes.json", text.replace("18.4", "15.3 (Debian 15.3-1)"));
    expect([await majors(), await majors("--pg", "16")]).toEqual([15, 16]);
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
