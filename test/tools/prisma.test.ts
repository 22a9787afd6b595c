import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readStatus } from "../../src/runner/index.ts";
import { resolve } from "../../src/runner/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { readMigrations } from "../../src/tools/index.ts";
import { failureOf } from "../support/failure.ts";
import { temporaryFolder } from "../support/folder.ts";
import { ask, run } from "../runner/support.ts";

let scratch: Scratch;

beforeAll(async () => {
  scratch = await startScratch();
});

afterAll(async () => {
  await scratch.close();
});

const lock = { "m/migration_lock.toml": 'provider = "postgresql"\n' };

describe("Prisma's folder", () => {
  it("is read in the order of its names, whatever else lies in it", async () => {
    using root = temporaryFolder({
      ...lock,
      "m/20240102000000_b/migration.sql": "CREATE TABLE b ();",
      "m/0_init/migration.sql": "CREATE TABLE a ();",
      "m/notes.sql": "DROP TABLE a;",
    });
    const { tool, source, migrations } = await readMigrations({ folder: "m", cwd: root.path });
    expect({ tool, source, ids: migrations.map(({ id }) => id) }).toEqual({
      tool: "prisma",
      source: "prisma:m",
      ids: ["0_init", "20240102000000_b"],
    });
  });

  it("is refused with a folder that has no file: Prisma stops there too", async () => {
    using root = temporaryFolder({ ...lock, "m/20240102000000_b/draft.sql": "" });
    expect(await failureOf(async () => readMigrations({ folder: "m", cwd: root.path }))).toEqual(
      expect.objectContaining({
        code: "migration-missing",
        what: "m/20240102000000_b has no migration.sql",
      }),
    );
  });

  it.each([
    [
      "another database's",
      { "m/migration_lock.toml": 'provider = "mysql"\n', "m/1/migration.sql": "" },
    ],
    ["empty", lock],
  ])("is refused when it is %s", async (_, files) => {
    using root = temporaryFolder(files);
    const failure = await failureOf(async () => readMigrations({ folder: "m", cwd: root.path }));
    expect(failure.code).toMatch(/^(migration-unsupported|folder-empty)$/);
  });
});

const files = {
  ...lock,
  "m/1_a/migration.sql": "CREATE TABLE a (id int);\r\nINSERT INTO a VALUES (1);\r\n",
  "m/2_b/migration.sql": "CREATE TABLE b (id int);\n",
};

describe("Prisma's ledger", () => {
  it("takes a file whose ends of lines were changed for the same, and its rolled back rows for none", async () => {
    const { url } = await scratch.createDatabase();
    using root = temporaryFolder(files);
    const read = async () => readMigrations({ folder: "m", cwd: root.path });
    await run(url, await read());
    await ask(url, "DROP SCHEMA lockstep CASCADE");
    root.write("m/1_a/migration.sql", "CREATE TABLE a (id int);\nINSERT INTO a VALUES (1);\n");
    await ask(
      url,
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, rolled_back_at)
       VALUES ('x', 'y', '1_a', now()), ('z', 'y', 'gone', now())`,
    );
    const { migrations } = await readStatus({ url, folder: await read() });
    expect(migrations.map(({ id, state, how }) => [id, state, how])).toEqual([
      ["1_a", "applied", "adopted"],
      ["2_b", "applied", "adopted"],
    ]);
    root.write("m/1_a/migration.sql", "CREATE TABLE a (id bigint);\n");
    expect((await failureOf(async () => run(url, await read()))).code).toBe("migration-edited");
  });

  it("is looked for in no other schema than the connection's, unless that is said", async () => {
    const { url } = await scratch.createDatabase();
    await ask(url, "CREATE SCHEMA app");
    await ask(
      url,
      `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = app', current_database()); END $$`,
    );
    using root = temporaryFolder(files);
    const read = async (ledger?: { schema: string }) =>
      readMigrations({ folder: "m", cwd: root.path, ledger });
    expect(await failureOf(async () => run(url, await read()))).toMatchObject({
      code: "config-invalid",
      found: "a search_path that begins with app",
      next: [
        'name it in lockstep.config: migrations.ledger: { schema: "app" } or { schema: "public" }',
      ],
    });
    await run(url, await read({ schema: "app" }));
    expect(await ask(url, "SELECT migration_name FROM app._prisma_migrations ORDER BY 1")).toEqual([
      { migration_name: "1_a" },
      { migration_name: "2_b" },
    ]);
  });

  it("is in the schema that the URL names, as Prisma has it", async () => {
    const { url } = await scratch.createDatabase();
    const there = new URL(url);
    there.searchParams.set("schema", 'my "App" \\ two');
    await ask(url, 'CREATE SCHEMA "my ""App"" \\ two"');
    using root = temporaryFolder(files);
    const read = async (ledger?: { schema: string }) =>
      readMigrations({ folder: "m", cwd: root.path, ledger });
    const failure = await failureOf(async () => run(there.toString(), await read()));
    expect(failure.found).toBe('a search_path that begins with my "App" \\ two');
    await run(there.toString(), await read({ schema: 'my "App" \\ two' }));
    expect(
      await ask(
        url,
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname LIKE 'my%' ORDER BY 2",
      ),
    ).toEqual(
      ["_prisma_migrations", "a", "b"].map((tablename) => ({
        schemaname: 'my "App" \\ two',
        tablename,
      })),
    );
  });

  it.each(["applied", "rolled-back"] as const)(
    "is settled as Prisma does it when a migration was left half done: %s",
    async (as) => {
      const { url } = await scratch.createDatabase();
      using root = temporaryFolder(files);
      const folder = await readMigrations({ folder: "m", cwd: root.path });
      await ask(url, folder.ledger!.createSql);
      await ask(
        url,
        `INSERT INTO _prisma_migrations (id, checksum, migration_name, logs)
         VALUES ('x', '${folder.migrations[0]!.checksum}', '1_a', 'it failed')`,
      );
      if (as === "applied") await ask(url, "CREATE TABLE a (id int)");
      const force = as === "applied" ? { reason: "the row was put in by hand" } : undefined;
      await resolve({
        url,
        folder,
        migration: "1_a",
        as,
        force,
        emit: () => {},
        scratchUrl: scratch.url,
      });
      const rows = await ask(
        url,
        `SELECT id = 'x' AS old, finished_at IS NULL AS open, rolled_back_at IS NULL AS valid, applied_steps_count AS steps,
           started_at = finished_at AS marked FROM _prisma_migrations ORDER BY 1 DESC`,
      );
      const old = { old: true, open: true, valid: false, steps: 0, marked: null };
      const made = { old: false, open: false, valid: true, steps: 0, marked: true };
      expect(rows).toEqual(as === "applied" ? [old, made] : [old]);
      const { result } = await run(url, folder);
      expect(result.applied.map(({ id }) => id)).toEqual(
        as === "applied" ? ["2_b"] : ["1_a", "2_b"],
      );
    },
  );
});
