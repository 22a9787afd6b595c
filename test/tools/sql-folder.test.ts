import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readMigrations } from "../../src/tools/index.ts";
import { failureOf } from "../support/failure.ts";
import { temporaryFolder } from "../support/folder.ts";

const select = "SELECT 1;\n";

describe("the order of plain SQL files", () => {
  it("is that of their numbers, not of their letters", async () => {
    using folder = temporaryFolder({
      "m/10_tenth.sql": select,
      "m/2_second.sql": select,
      "m/001_first.sql": select,
      "m/20260102030405_timestamped.sql": select,
      "m/20260102030405000000001_longer than a number can be.sql": select,
      "m/0003-dashed.up.sql": select,
    });
    const { migrations } = await readMigrations({ folder: "m", cwd: folder.path });
    expect(migrations.map(({ id }) => id)).toEqual([
      "001_first",
      "2_second",
      "0003-dashed",
      "10_tenth",
      "20260102030405_timestamped",
      "20260102030405000000001_longer than a number can be",
    ]);
  });

  it("leaves out ways back, dotfiles and what is not SQL", async () => {
    using folder = temporaryFolder({
      "m/0001_a.up.sql": select,
      "m/0001_a.down.sql": "DROP TABLE a;",
      "m/.0002_draft.sql": select,
      "m/0002_b.sql~": select,
      "m/0002_b.sql.orig": select,
      "m/README.md": "# read me",
      "m/seeds/0002_seed.sql": select,
    });
    const { migrations } = await readMigrations({ folder: "m", cwd: folder.path });
    expect(migrations.map(({ file }) => file)).toEqual(["m/0001_a.up.sql"]);
  });

  it("gives what the runner needs, and nothing that changes when the checkout moves", async () => {
    const sql = "CREATE TABLE a (id int);\n";
    using first = temporaryFolder({ "db/migrations/0001_a.sql": sql });
    using second = temporaryFolder({ "db/migrations/0001_a.sql": sql });
    const folder = await readMigrations({ folder: "./db/migrations/", cwd: first.path });
    expect(folder).toEqual({
      tool: "sql",
      path: "db/migrations",
      source: "sql:db/migrations",
      ledger: undefined,
      requireOwner: expect.any(Function),
      migrations: [
        {
          id: "0001_a",
          file: "db/migrations/0001_a.sql",
          sql,
          checksum: createHash("sha256").update(sql).digest("hex"),
          transaction: "file",
          native: {},
        },
      ],
    });
    const moved = await readMigrations({
      folder: join(second.path, "db", "migrations"),
      cwd: second.path,
    });
    expect({ ...moved, requireOwner: undefined }).toEqual({ ...folder, requireOwner: undefined });
  });
});

describe("a folder that cannot be trusted", () => {
  it("has two files of one number", async () => {
    using folder = temporaryFolder({ "m/0002_b.sql": select, "m/2_c.sql": select });
    expect(await failureOf(() => readMigrations({ folder: "m", cwd: folder.path }))).toEqual({
      code: "migration-duplicate-id",
      exitCode: 2,
      what: "two migrations of m have the same number",
      expected: "one order in which the files are run, the same on every machine",
      found: "0002_b.sql and 2_c.sql",
      from: "m",
      why: "two branches took the same next number, and both were merged",
      next: [
        "rename the one that no environment has applied yet, e.g. to the number after the last (lockstep status shows what is applied)",
      ],
    });
  });

  it.each([
    ["0001_a.sql", "0001_a.up.sql"],
    ["2026-01-01_a.sql", "2026-02-01_b.sql"],
  ])("also when they are %s and %s", async (first, second) => {
    using folder = temporaryFolder({ [`m/${first}`]: select, [`m/${second}`]: select });
    const failure = await failureOf(() => readMigrations({ folder: "m", cwd: folder.path }));
    expect(failure).toMatchObject({
      code: "migration-duplicate-id",
      found: `${first} and ${second}`,
    });
  });

  it("has a file without a number, whose place is unknown", async () => {
    using folder = temporaryFolder({ "m/0001_a.sql": select, "m/add_users.sql": select });
    expect(await failureOf(() => readMigrations({ folder: "m", cwd: folder.path }))).toEqual({
      code: "migration-unsupported",
      exitCode: 2,
      what: "m/add_users.sql has no number in front of its name",
      expected: "0001_name.sql, or 20260102030405_name.sql",
      found: "add_users.sql",
      from: "m/add_users.sql",
      why: "without one its place in the order is unknown, and leaving it out could skip a migration",
      next: ["rename it with the next number, or move it out of the migrations folder"],
    });
  });

  it.each([
    [
      "dbmate",
      "-- migrate:up\nCREATE TABLE a();\n-- migrate:down\nDROP TABLE a;",
      "-- migrate:up",
      1,
    ],
    [
      "goose",
      "\n-- +goose Up\nCREATE TABLE a();\n-- +goose Down\nDROP TABLE a;",
      "-- +goose Up",
      2,
    ],
    ["sql-migrate", "-- +migrate Up\nCREATE TABLE a();", "-- +migrate Up", 1],
    [
      "node-pg-migrate",
      "CREATE TABLE a();\n\n-- Down Migration\nDROP TABLE a;",
      "-- Down Migration",
      3,
    ],
  ])("holds the way back of %s in the same file", async (tool, sql, mark, line) => {
    using folder = temporaryFolder({ "m/0001_a.sql": sql });
    expect(
      await failureOf(() => readMigrations({ folder: "m", cwd: folder.path, tool: "sql" })),
    ).toEqual({
      code: "migration-unsupported",
      exitCode: 2,
      what: `m/0001_a.sql:${line}: this file is written for ${tool}`,
      expected: "a file of SQL that is run from its first line to its last",
      found: mark,
      from: `m/0001_a.sql:${line}`,
      why: `${tool} cuts the file at this comment; read as plain SQL, its down part would be run right after its up part`,
      next: [
        "split it into NAME.up.sql and NAME.down.sql, or take the comment and the down part out",
      ],
    });
  });

  it("is Prisma's or Drizzle's, and tells neither", async () => {
    using folder = temporaryFolder({ "m/20260102030405_a/migration.sql": select });
    expect(await failureOf(() => readMigrations({ folder: "m", cwd: folder.path }))).toEqual({
      code: "migration-unsupported",
      exitCode: 2,
      what: "it is not certain which tool made m",
      expected: "Prisma's migration_lock.toml, or a snapshot.json of Drizzle Kit's",
      found: "20260102030405_a/migration.sql, and neither",
      from: "m",
      why: "Prisma and Drizzle Kit 1.0 name their folders alike, but keep their ledgers differently",
      next: [
        'if Prisma made it: bring migration_lock.toml back, or `migrations.tool: "prisma"` in lockstep.config',
        'if Drizzle Kit made it: `migrations.tool: "drizzle"` in lockstep.config',
      ],
    });
  });

  it("holds programs of nobody knows whom", async () => {
    using folder = temporaryFolder({ "m/20260102_users.ts": "export const up = () => {};" });
    expect(await failureOf(() => readMigrations({ folder: "m", cwd: folder.path }))).toEqual({
      code: "migration-unsupported",
      exitCode: 2,
      what: "the migrations of m are programs, and it is not known whose",
      expected: "files of SQL, or programs of a tool that is known",
      found: "20260102_users.ts",
      from: "m/20260102_users.ts",
      why: "what such a migration does is known only by running it with its own tool",
      next: [
        "say which it is: `migrations.tool` in lockstep.config",
        'or name its command and its ledger: `migrations: { tool: "command", command: "…", ledger: { table: "…", column: "…" } }`',
      ],
    });
  });

  it("is empty", async () => {
    using folder = temporaryFolder();
    mkdirSync(join(folder.path, "m"));
    const failure = await failureOf(() => readMigrations({ folder: "m", cwd: folder.path }));
    expect(failure).toEqual({
      code: "folder-empty",
      exitCode: 2,
      what: "there is no migration in m",
      expected: "files of SQL with a number in front, e.g. 0001_add_users.sql",
      found: "an empty folder",
      from: "m",
      why: "another folder was meant, or the migrations are written in code, which this version does not read",
      next: ["name the right folder: `migrations.folder` in lockstep.config, or --folder"],
    });
    folder.write("m/README.md", "");
    folder.write("m/0001_a.down.sql", "");
    expect((await failureOf(() => readMigrations({ folder: "m", cwd: folder.path }))).found).toBe(
      "2 other entries: 0001_a.down.sql, README.md",
    );
  });
});

describe("a folder that is not there", () => {
  it("is answered with the one of nearly that name", async () => {
    using folder = temporaryFolder({ "db/migrations/0001_a.sql": select, "db/seeds/a.sql": "" });
    const cwd = folder.path;
    expect(await failureOf(() => readMigrations({ folder: "db/migration", cwd }))).toEqual({
      code: "folder-not-found",
      exitCode: 2,
      what: "there is no folder db/migration",
      expected: "the folder of migrations",
      found: "in db: migrations, seeds",
      from: "`migrations.folder` in lockstep.config, or --folder",
      why: "the path is misspelt, or Lockstep was started in another folder than usual, or the folder was not copied into the image",
      next: ["did you mean db/migrations?"],
    });
  });

  it("is answered with the one that holds migrations", async () => {
    using folder = temporaryFolder({ "src/a.ts": "", "sql/0001_a.sql": select });
    const failure = await failureOf(() => readMigrations({ folder: "./m", cwd: folder.path }));
    expect(failure.next).toEqual(["did you mean sql?"]);
  });

  it("is answered from the nearest folder above it", async () => {
    using folder = temporaryFolder({ "database/migrations/0001_a.sql": select });
    const failure = await failureOf(() =>
      readMigrations({ folder: "databse/migrations", cwd: folder.path }),
    );
    expect(failure).toMatchObject({ found: "in .: database", next: ["did you mean database?"] });
  });

  it("is a file", async () => {
    using folder = temporaryFolder({ m: "" });
    const failure = await failureOf(() => readMigrations({ folder: "m", cwd: folder.path }));
    expect(failure).toMatchObject({
      code: "folder-not-found",
      what: "m is a file, not a folder",
      found: "a file of that name",
    });
  });
});
