import { readFileSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeReconciling } from "../../src/baseline/index.ts";
import { introspect } from "../../src/catalog/index.ts";
import { Session } from "../../src/pg/index.ts";
import { installed, runCommand } from "../../src/processes/index.ts";
import type { BaselineReport } from "../../src/report/index.ts";
import { readStatus } from "../../src/runner/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { readMigrations } from "../../src/tools/index.ts";
import { runCli } from "../cli/run-cli.ts";
import { ownCommands } from "../recording/own-commands.ts";
import { projects } from "../recording/projects.ts";
import { run } from "../runner/support.ts";
import { failureOf } from "../support/failure.ts";
import { temporaryFolder, type TemporaryFolder } from "../support/folder.ts";
import type { Files } from "../tools/conformance/case.ts";
import { cases } from "../tools/conformance/cases.ts";

let server: Scratch;
beforeAll(async () => {
  server = await startScratch();
});
afterAll(() => server.close());

const parts = [
  {
    comments: ["index public.again is not there.", "to take it back: x;"],
    statements: ["CREATE INDEX IF NOT EXISTS again ON things (id)"],
  },
  {
    comments: ["a block"],
    statements: ["DO $lockstep$\nBEGIN\n  PERFORM 1;\n  PERFORM 2;\nEND\n$lockstep$"],
  },
  { comments: ["nothing to be done"], statements: [] },
];

describe.each(cases.map((one) => [one.tool, one] as const))("%s", (_, one) => {
  it("has it as its next migration, applied like any other, and never written over", async () => {
    const files = Object.assign({}, ...one.migrations.map((each) => each.files)) as Files;
    using folder = temporaryFolder({ ...one.project, ...one.beside, ...files });
    const reread = async () => readMigrations({ folder: one.folder, cwd: folder.path });
    const request = {
      migration: { parts, leaves: [], untried: undefined },
      root: folder.path,
      reread,
    };
    const before = await reread();
    const written = await writeReconciling({ ...request, folder: before });
    const after = await reread();
    expect(after.migrations.map(({ id }) => id)).toEqual([
      ...before.migrations.map(({ id }) => id),
      written.id,
    ]);
    expect(written.id).toMatch(/reconcile|^\d+$/);
    for (const file of written.files)
      expect(readFileSync(join(folder.path, file), "utf8")).not.toBe("");
    const { url } = await server.createDatabase();
    const { result } = await run(url, after);
    expect(result.applied.map(({ id }) => id)).toContain(written.id);
    const { migrations } = await readStatus({ url, folder: await reread() });
    expect(new Set(migrations.map(({ state }) => state))).toEqual(new Set(["applied"]));
    // Of a reader that takes it for nothing, all is taken away again.
    const listed = written.files.map((file) => readFileSync(join(folder.path, file), "utf8"));
    const failure = await failureOf(async () =>
      writeReconciling({ ...request, folder: after, reread: async () => after }),
    );
    expect(failure.code).toBe("baseline-unwritable");
    expect(written.files.map((file) => readFileSync(join(folder.path, file), "utf8"))).toEqual(
      listed,
    );
    const settle = async () => Promise.reject(new Error("locked"));
    await expect(writeReconciling({ ...request, folder: after, settle })).rejects.toThrow("locked");
    expect((await reread()).migrations).toHaveLength(4);
  });
});

const history = {
  "20240101000001_orgs": `CREATE TYPE plan AS ENUM ('free', 'paid');
    CREATE TABLE orgs (id bigint PRIMARY KEY, name text NOT NULL, plan plan NOT NULL DEFAULT 'free', seats integer DEFAULT 1, CONSTRAINT seated CHECK (seats > 0))`,
  "20240101000002_users": `CREATE TABLE "Users" (id bigint PRIMARY KEY, org bigint NOT NULL REFERENCES orgs, email text NOT NULL, "Nick" text DEFAULT 'a?b');
    CREATE INDEX users_org ON "Users" (org); CREATE VIEW paid AS SELECT id FROM orgs WHERE plan = 'paid';
    CREATE TABLE logs (id serial PRIMARY KEY, org bigint REFERENCES orgs)`,
  "20240101000003_later": `ALTER TABLE orgs ADD COLUMN later text; ALTER TABLE "Users" ALTER email SET DEFAULT 'later'`,
};

function prisma(): TemporaryFolder {
  return temporaryFolder({
    "prisma/migrations/migration_lock.toml": 'provider = "postgresql"\n',
    ...Object.fromEntries(
      Object.entries(history).map(([name, sql]) => [
        `prisma/migrations/${name}/migration.sql`,
        sql,
      ]),
    ),
  });
}

/** A database that has the first migrations, changed by hand. */
async function databaseWith(amount: number, byHand: string): Promise<string> {
  const { url } = await server.createDatabase();
  await using session = await Session.open({ url, applicationName: "test" });
  await session.batch([...Object.values(history).slice(0, amount), byHand].join(";\n"));
  return url;
}

async function baseline(folder: TemporaryFolder, url: string, ...more: readonly string[]) {
  const args = ["--folder", "prisma/migrations", "--scratch-url", server.url, "--url", url];
  const { stdout, exitCode } = await runCli(["baseline", "--json", ...args, ...more], {
    cwd: folder.path,
  });
  return { exitCode, ...(JSON.parse(stdout) as { report: never } & BaselineReport) };
}

it("brings a database behind its pending migrations to what all of them make, and leaves every other as it is", async () => {
  using folder = prisma();
  const url = await databaseWith(
    2,
    `DROP INDEX users_org; ALTER TABLE orgs DROP CONSTRAINT seated; ALTER TABLE orgs ALTER seats TYPE bigint;
     ALTER TABLE "Users" ADD hotfix int, DROP "Nick"; ALTER TABLE "Users" ADD "Nick" varchar(9);
     DROP TABLE logs; DROP VIEW paid; CREATE VIEW hand AS SELECT 1 AS one,\n 2 AS two`,
  );
  const looked = await baseline(folder, url, "--write-migration", "--apply");
  expect(looked.exitCode).toBe(1);
  const { written, leaves, untried } = looked.migration!;
  expect(untried).toBeUndefined();
  expect(written!.id).toMatch(/^20\d{12}_reconcile$/);
  expect(leaves.map((one) => one.split("\n", 1)[0]!).toSorted()).toEqual([
    'column public."Users".hotfix was added: integer; left as it is, for a person to decide',
    expect.stringMatching(/^view public\.hand was added/),
  ]);
  const text = readFileSync(join(folder.path, written!.files[0]!), "utf8");
  // What loses something is said, and every line of it a comment.
  expect(text).toContain('-- to take it back: ALTER TABLE public."Users" DROP COLUMN');
  expect(text).not.toMatch(/^(?:ALTER|DROP) .*hotfix|^DROP VIEW|^ 2 AS two/m);
  const { url: fresh } = await server.createDatabase();
  const catalogs = [];
  for (const at of [url, fresh]) {
    const args = ["--folder", "prisma/migrations", "--url", at];
    const migrated = await runCli(["migrate", ...args], { cwd: folder.path });
    expect(migrated, migrated.stderr).toMatchObject({ exitCode: 0 });
    await using session = await Session.open({ url: at, applicationName: "test" });
    await session.batch(
      'DROP VIEW IF EXISTS hand; ALTER TABLE "Users" DROP COLUMN IF EXISTS hotfix',
    );
    const { tables, views } = await introspect(session);
    catalogs.push(
      Object.entries(tables).map(([name, { columns, constraints, indexes }]) => ({
        name,
        // A default that was set while the type was another one is written otherwise, and gives the same.
        columns: columns
          .map(
            ({ name: column, type, nullable, default: given }) =>
              `${column} ${type.text} ${nullable} ${given !== null}`,
          )
          .toSorted(),
        constraints,
        indexes,
      })),
      views,
    );
  }
  const [table, view, ...others] = catalogs;
  expect(table).toEqual(others[0]);
  expect(view).toEqual(others[1]);
  const after = await baseline(folder, url, "--write-migration");
  expect(after).toMatchObject({ exitCode: 0, prefix: { length: 3, distance: 0 } });
  expect(after.migration).toBeUndefined();
});

it("loses no value by a type, and tells tables that refer to each other, labels and names with dots", async () => {
  // What is as it is to be, so that the prefix is plain.
  const right = "CREATE TABLE k (id int PRIMARY KEY, a int, b int, c int, d int, e int, f int)";
  using folder = temporaryFolder({
    "prisma/migrations/migration_lock.toml": 'provider = "postgresql"\n',
    "prisma/migrations/20240101000001_all/migration.sql": `CREATE TYPE e AS ENUM ('a', 'b'); CREATE SCHEMA "S 1";
      CREATE TABLE "S 1"."x.y" (id int PRIMARY KEY, "It's" e); CREATE TABLE t (id int PRIMARY KEY, c varchar(5));
      CREATE TABLE l (id int PRIMARY KEY, r int); CREATE TABLE r (id int PRIMARY KEY, l int REFERENCES l);
      ALTER TABLE l ADD FOREIGN KEY (r) REFERENCES r, ENABLE ROW LEVEL SECURITY; ${right}`,
  });
  const { url } = await server.createDatabase();
  await using session = await Session.open({ url, applicationName: "test" });
  await session.batch(
    `CREATE TYPE e AS ENUM ('a'); CREATE SCHEMA "S 1"; CREATE TABLE "p.q" (id int CONSTRAINT "x.y_pkey" PRIMARY KEY, "It's" e);
     CREATE TABLE t (id int PRIMARY KEY, c text); INSERT INTO t VALUES (1, 'too long for it'); ${right}`,
  );
  const { migration } = await baseline(folder, url, "--write-migration", "--apply");
  expect(migration).toMatchObject({ leaves: [], written: { remarks: [] } });
  expect(migration!.untried).toBeUndefined();
  const migrate = async () =>
    runCli(["migrate", "--folder", "prisma/migrations", "--url", url], { cwd: folder.path });
  const refused = await migrate();
  expect(refused.exitCode).not.toBe(0);
  expect(refused.stderr).toContain("values of public.t.c are not kept by character varying(5)");
  await session.batch("UPDATE t SET c = 'short'");
  expect(await migrate()).toMatchObject({ exitCode: 0 });
  expect(await baseline(folder, url)).toMatchObject({ exitCode: 0, prefix: { distance: 0 } });
});

it("is not written where a pending migration does not run on what is there, nor twice", async () => {
  using folder = prisma();
  const url = await databaseWith(2, 'ALTER TABLE "Users" DROP email');
  const refused = await runCli(
    [
      "baseline",
      "--folder",
      "prisma/migrations",
      "--scratch-url",
      server.url,
      "--url",
      url,
      "--write-migration",
    ],
    { cwd: folder.path },
  );
  expect(refused).toMatchObject({ exitCode: 1 });
  expect(refused.stderr).toContain("error[baseline-unwritable]");
  expect(refused.stderr).toContain("20240101000003_later is pending");
  const other = await databaseWith(3, "DROP INDEX users_org");
  expect(
    (await baseline(folder, other, "--write-migration")).migration?.written?.files,
  ).toHaveLength(1);
  const again = await baseline(folder, other, "--write-migration");
  expect(again.migration).toEqual({ leaves: [], written: undefined, untried: undefined });
});

/** The tools' own commands take seconds: `LOCKSTEP_TOOLS=all` asks for them (`npm run test:full`). */
const programs = process.env["LOCKSTEP_TOOLS"] === "all" ? projects : [];

it.each(programs.map((one) => [one.tool, one] as const))(
  "%s: a program that runs it, applied by the tool's own command, whose status is clean then",
  async (tool, one) => {
    const own = ownCommands[tool]!;
    const migrations = { folder: "m", tool, command: one.command };
    using folder = temporaryFolder({
      ...one.files,
      ...own.files,
      "lockstep.config.json": JSON.stringify({ migrations, scratch: { url: server.url } }),
    });
    symlinkSync(resolve("node_modules"), join(folder.path, "node_modules"));
    const { url } = await server.createDatabase();
    const env = { PATH: process.env["PATH"], HOME: process.env["HOME"], DATABASE_URL: url };
    const cli = async (...argv: readonly string[]) =>
      runCli([...argv, "--url", url], { cwd: folder.path, env });
    expect(await cli("migrate")).toMatchObject({ exitCode: 0 });
    await using session = await Session.open({ url, applicationName: "test" });
    await session.batch(
      "ALTER TABLE users ALTER nick SET DEFAULT 'by hand', ALTER email TYPE varchar(99)",
    );
    const { stdout, stderr } = await cli("baseline", "--write-migration", "--json");
    expect(stderr).toBe("");
    const { migration } = JSON.parse(stdout) as BaselineReport;
    expect(migration, stdout).toMatchObject({ leaves: [], written: { remarks: [] } });
    const migrated = await cli("migrate");
    expect(migrated, migrated.stderr).toMatchObject({ exitCode: 0 });
    const printed: string[] = [];
    await runCommand({
      command: installed(own.status, folder.path),
      cwd: folder.path,
      env,
      emit: (event) => {
        if (event.type === "command.output") printed.push(event.line);
      },
      redact: (line) => line,
    });
    expect(own.isClean(printed.join("\n")), printed.join("\n")).toBe(true);
    expect(await cli("baseline")).toMatchObject({ exitCode: 0 });
  },
  180_000,
);

it.each(process.env["LOCKSTEP_TOOLS"] === "all" ? ["drizzle-kit"] : [])(
  "leaves Drizzle's snapshot as honest as it was: the real %s generate finds nothing to do behind it",
  async () => {
    using folder = temporaryFolder({
      "drizzle.config.js":
        'module.exports = { dialect: "postgresql", schema: "./schema.js", out: "./drizzle", dbCredentials: { url: process.env.DATABASE_URL } };\n',
      "schema.js":
        'const { integer, pgTable, text } = require("drizzle-orm/pg-core");\nexports.users = pgTable("users", { id: integer().primaryKey(), email: text() });\n',
    });
    symlinkSync(resolve("node_modules"), join(folder.path, "node_modules"));
    const { url } = await server.createDatabase();
    const env = { PATH: process.env["PATH"], HOME: process.env["HOME"], DATABASE_URL: url };
    const kit = async (word: string) => {
      const printed: string[] = [];
      const { ended } = await runCommand({
        command: installed(["npx", "drizzle-kit", word, "--config=drizzle.config.js"], folder.path),
        cwd: folder.path,
        env,
        emit: (event) => {
          if (event.type === "command.output") printed.push(event.line);
        },
        redact: (line) => line,
      });
      return { ended, printed: printed.join("\n") };
    };
    expect((await kit("generate")).ended).toBe("exit code 0");
    const at = ["--folder", "drizzle", "--url", url];
    const cli = async (...argv: readonly string[]) =>
      runCli([...argv, ...at], { cwd: folder.path, env });
    expect(await cli("migrate")).toMatchObject({ exitCode: 0 });
    await using session = await Session.open({ url, applicationName: "test" });
    await session.batch("ALTER TABLE users DROP email");
    expect(await cli("baseline", "--write-migration", "--scratch-url", server.url)).toMatchObject({
      exitCode: 1,
    });
    expect(await cli("migrate")).toMatchObject({ exitCode: 0 });
    expect((await kit("generate")).printed).toContain("No schema changes");
    expect((await kit("migrate")).ended).toBe("exit code 0");
    expect(await cli("baseline", "--scratch-url", server.url)).toMatchObject({ exitCode: 0 });
  },
  60_000,
);
